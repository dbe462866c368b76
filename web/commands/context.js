/**
 * What a command may use. The editor is one; a test makes a smaller one.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 *
 * @typedef {object} Context
 * @property {import('../model/store.js').Store} store
 * @property {import('../model/graph.js').Graph} graph
 * @property {import('../model/types.js').GraphId} graphId The graph on the canvas.
 * @property {Pick<import('../model/node_types.js').NodeTypes, 'get' | 'of' | 'schema'>} types
 * @property {ReadonlySet<RecordId>} selection
 * @property {(ids: Iterable<RecordId>) => void} select
 * @property {(node: NodeRecord) => Rect} rectOf
 * @property {(node: NodeRecord, slot: number) => string} outputType
 * @property {(message: string) => void} notify Tell the artist why nothing happened.
 *
 * @typedef {object} Viewing What commands that move the camera use besides.
 * @property {Point} pointer The canvas point under the pointer, or the middle of the view.
 * @property {import('../geometry/viewport.js').Camera} camera
 * @property {(camera: import('../geometry/viewport.js').Camera, options?: {smooth?: boolean}) => void} setCamera
 * @property {{w: number, h: number}} viewSize CSS pixels.
 * @property {<K extends keyof import('../model/types.js').EditorEvents>(name: K, event: import('../model/types.js').EditorEvents[K]) => void} emit
 * @property {(point: Point) => Point} toScreen
 * @property {{path: readonly RecordId[], enter: (instance: RecordId) => boolean, leave: (levels?: number) => boolean}} places The way to the graph on the canvas.
 * @property {(node: RecordId, name: string, options?: {select?: boolean}) => void} editWidget
 * @property {(node: RecordId) => readonly import('../model/widget_values.js').Widget[]} widgets
 * @property {(node: RecordId) => Rect | null} titleRect On the screen.
 */

/** The selected nodes. @param {Pick<Context, 'store' | 'selection'>} context @returns {NodeRecord[]} */
export const selectedNodes = ({ store, selection }) => [...selection].flatMap((id) => store.node(id) ?? [])

export {}
