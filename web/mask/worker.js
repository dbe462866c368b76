/** Changes the outline of a large mask off the page's thread: one region in, the same one out. */
import { reshape } from './shape.js'

/** @typedef {{what: import('./shape.js').ShapeName, region: import('./mask.js').Region, by: number}} Question */

const here = /** @type {{onmessage: unknown, postMessage: (message: unknown, transfer: Transferable[]) => void}} */ (/** @type {unknown} */ (globalThis))

/** @param {MessageEvent<Question>} event */
here.onmessage = ({ data: { what, region, by } }) => here.postMessage(reshape(what, region, by), [region.data.buffer])
