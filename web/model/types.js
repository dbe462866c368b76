/**
 * The document's records and what the editor tells the page: types only, nothing runs here.
 *
 * The document is a flat map of plain records. A record is never changed in place: the store replaces it. Every field is
 * always there (null for none), so a diff is a set of fields and survives JSON. `raw` is the object that the file held,
 * untouched: saving starts from it, so fields that we do not know, and forms that we would not choose, stay as they were.
 *
 * @module
 */

/**
 * A record's id: its kind, then its graph where that is not the root, then its key: `node:3`, `link:<graph>/12`, `meta`.
 * @typedef {string} RecordId
 */
/** The id of a graph: '' for the root, a subgraph definition's id (a UUID) otherwise. @typedef {string} GraphId */
/** The id of a node, link, group or reroute in its file. @typedef {number | string} Key */
/** Canvas pixels. @typedef {[number, number]} Pair */
/** JSON as it came. @typedef {Record<string, unknown>} Json */

/**
 * A socket as the file has it. Links are not stored here: they are records.
 * @typedef {object} Slot
 * @property {string} name
 * @property {string} type A socket type; `*` accepts all, `A,B` is a union.
 * @property {string | null} widget The widget that this input replaces when it is linked.
 * @property {Json | null} raw
 * @property {readonly unknown[]} [stale] Links that the file lists here although there are none such; kept as they were.
 */
/**
 * @typedef {object} NodeRecord
 * @property {RecordId} id
 * @property {'node'} kind
 * @property {GraphId} graph
 * @property {Key} key
 * @property {number} z Place in the file and in the drawing: later is in front.
 * @property {string} type
 * @property {Pair} pos Top left of the body; the title lies above it.
 * @property {Pair} size Of the body.
 * @property {string | null} title Only where the artist gave one.
 * @property {number} mode 0 always, 2 muted, 4 bypassed.
 * @property {boolean} collapsed
 * @property {boolean} pinned
 * @property {string | null} color Of the title.
 * @property {string | null} bgcolor
 * @property {readonly Slot[]} inputs
 * @property {readonly Slot[]} outputs
 * @property {readonly unknown[] | Json | null} values `widgets_values`: what stands where is told by `widget_values.js`.
 * @property {Json} properties
 * @property {Json | null} raw
 */
/**
 * @typedef {object} LinkRecord
 * @property {RecordId} id
 * @property {'link'} kind
 * @property {GraphId} graph
 * @property {Key} key
 * @property {number} z
 * @property {Key} from The source node's key; -10 is the input side of a subgraph.
 * @property {number} fromSlot Index into its outputs.
 * @property {Key} to The reading node's key; -20 is the output side of a subgraph.
 * @property {number} toSlot Index into its inputs.
 * @property {string} type
 * @property {Key | null} reroute The last reroute that the link passes.
 * @property {boolean} hidden Shown as two short ends only.
 * @property {unknown} raw
 */
/**
 * @typedef {object} GroupRecord
 * @property {RecordId} id
 * @property {'group'} kind
 * @property {GraphId} graph
 * @property {Key} key
 * @property {number} z
 * @property {string} title
 * @property {[number, number, number, number]} bounds x, y, width, height.
 * @property {string | null} color
 * @property {number} fontSize
 * @property {boolean} pinned
 * @property {Json | null} raw
 */
/**
 * @typedef {object} RerouteRecord
 * @property {RecordId} id
 * @property {'reroute'} kind
 * @property {GraphId} graph
 * @property {Key} key
 * @property {number} z
 * @property {Key | null} parent The reroute nearer the source.
 * @property {Pair} pos
 * @property {Json | null} raw
 */
/** A link of the file that leads nowhere, and its place among the links: nothing draws it, and it is saved as it was. @typedef {{at: number, raw: unknown}} LostLink */
/**
 * A subgraph's definition, without its nodes, links, groups and reroutes: those are records of that graph.
 * @typedef {object} GraphRecord
 * @property {RecordId} id
 * @property {'graph'} kind
 * @property {GraphId} graph The graph in whose file section the definition stands ('' but for nested definitions).
 * @property {GraphId} key
 * @property {number} z
 * @property {string} name
 * @property {readonly Json[]} inputs
 * @property {readonly Json[]} outputs
 * @property {readonly unknown[]} [stale] Links that the file lists at its ports although there are none such; kept as they were.
 * @property {readonly LostLink[]} [lost]
 * @property {boolean} [made] It came into being here: it is not saved when nothing uses it.
 * @property {Json | null} raw
 */
/**
 * All that the file says beside its nodes, links, groups and definitions.
 * @typedef {object} MetaRecord
 * @property {'meta'} id
 * @property {'meta'} kind
 * @property {Json} extra
 * @property {readonly LostLink[]} [lost]
 * @property {{node: number, link: number}} [behind] The highest keys, where the file's own count was behind them.
 * @property {Json | null} raw
 */
/** @typedef {NodeRecord | LinkRecord | GroupRecord | RerouteRecord | GraphRecord | MetaRecord} Document */
/** @typedef {Document} Entry One record of the document. */

/**
 * A change to the document, as plain JSON. Reversed it is the change back.
 * @typedef {object} Diff
 * @property {Record<RecordId, Entry>} added
 * @property {Record<RecordId, Entry>} removed
 * @property {Record<RecordId, {from: Json, to: Json}>} updated Only the fields that changed.
 */
/** Where a change came from. @typedef {'user' | 'undo' | 'redo' | 'cancel' | 'load'} Source */
/** One step that undo takes back. @typedef {{label: string, diff: Diff}} Step */

/**
 * A socket on the canvas. An input that only the schema knows has index -1 until something is linked to it.
 * @typedef {object} SocketRef
 * @property {RecordId} node
 * @property {'in' | 'out'} side
 * @property {number} index Into the record's inputs or outputs.
 * @property {string} name
 * @property {string} type
 */

/** @typedef {import('../geometry/vec.js').Point} Point */
/** @typedef {import('../geometry/rect.js').Rect} Rect */

/**
 * What `editor.on(name, listener)` delivers.
 * @typedef {object} EditorEvents
 * @property {{node: NodeRecord, widget: import('./widget_values.js').Widget, rect: Rect, zoom: number, select: boolean, typed?: string}} edit-widget
 *   An HTML editor is wanted for a widget. `rect` is in CSS pixels of the canvas. `select`: select the old text; `typed`: what
 *   stands there instead.
 * @property {{node: NodeRecord, rect: Rect}} edit-title
 * @property {{group: GroupRecord, rect: Rect}} edit-group-title
 * @property {{point: Point, screen: Point, from: SocketRef | null, link?: RecordId, replace?: readonly RecordId[]}} search
 *   The search is wanted. `point` is where the node goes (canvas pixels); `from`: only what fits this socket; `link`: only
 *   what fits into this link; `replace`: the type goes into the place of these nodes.
 * @property {{point: Point, screen: Point, target: Target}} menu A context menu is wanted.
 * @property {{node: NodeRecord, widget: import('./widget_values.js').Widget}} upload A picture is wanted for this widget.
 * @property {{node: NodeRecord, index: number}} picture A picture on a node was double-clicked: show it large.
 * @property {{node: NodeRecord, index: number}} play A video or a sound on a node was clicked.
 * @property {{node: NodeRecord}} read The words on a node were clicked: let them be scrolled and copied.
 * @property {{node: RecordId}} help A node is to be explained.
 * @property {{ids: readonly RecordId[]}} own-colour A colour is to be chosen for these.
 * @property {null} camera The camera moved: HTML over the canvas must follow.
 * @property {null} selection
 * @property {null} graph Another graph is on the canvas: a subgraph was entered or left.
 * @property {{graph: GraphId, side: 'in' | 'out', index: number, rect: Rect}} edit-port The name of an input or output of a subgraph is to be edited.
 * @property {{label: string}} command A command has run.
 * @property {{message: string, level: 'info' | 'warning' | 'error'}} notice Something to tell the artist.
 * @property {null} frame A frame was drawn.
 */
/** The side or corner that is dragged to resize. @typedef {'n' | 'ne' | 'e' | 'se' | 's' | 'sw' | 'w' | 'nw'} Edge */
/**
 * What lies under a point. Of a reroute: `out` is where another link out of it begins. Of a widget: its `label`, `value`, `control` or `upload`, or a part of its kind's own.
 * @typedef {{kind: 'canvas'}
 *   | {kind: 'node', node: RecordId, part: 'title' | 'body' | 'collapse' | 'resize' | 'picture' | 'error', index?: number, edge?: Edge}
 *   | {kind: 'socket', socket: SocketRef}
 *   | {kind: 'widget', node: RecordId, name: string, part: string}
 *   | {kind: 'link', link: RecordId}
 *   | {kind: 'reroute', reroute: RecordId, part?: 'out'}
 *   | {kind: 'group', group: RecordId, part: 'title' | 'resize', edge?: Edge}} Target
 */

export {}
