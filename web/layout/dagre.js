/** dagre by its path, not by its name: import maps do not reach into workers. */
// @ts-expect-error The package keeps its types beside another file.
import * as dagre from '../node_modules/@dagrejs/dagre/dist/dagre.esm.js'

/** @type {typeof import('@dagrejs/dagre').layout} */
export const layout = dagre.layout
/** @type {typeof import('@dagrejs/dagre').Graph} */
export const Graph = dagre.Graph
