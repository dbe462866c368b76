/**
 * The editor: the one object that the page's shell talks to. It holds what is neither document nor session (camera,
 * selection, what is under the pointer), and passes everything else to those who do it.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/schema.js').Schema} Schema
 * @typedef {import('../model/session.js').PictureRef} PictureRef
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 * @typedef {import('../model/types.js').Target} Target
 * @typedef {import('../view/theme.js').Theme} Theme
 *
 * @typedef {object} Parts
 * @property {HTMLCanvasElement} canvas Under everything: the graph.
 * @property {HTMLCanvasElement} overlay Over it, of the same size: what is being done. It takes pointer and keys.
 * @property {import('../model/store.js').Store} store
 * @property {import('../model/session.js').Session} session
 * @property {Schema} schema
 * @property {Theme} theme
 * @property {(ref: PictureRef) => string} pictureUrl The address of a picture.
 */
import { addNode } from '../commands/add_node.js'
import { CORE_COMMANDS } from '../commands/core.js'
import { followGrowth } from '../commands/growing.js'
import { Registry } from '../commands/registry.js'
import { alike, setExpression, setExpressions, setWidget, setWidgets } from '../commands/set_widget.js'
import { TITLE } from '../geometry/layout.js'
import { centre, move as moveRect } from '../geometry/rect.js'
import { rectToScreen } from '../geometry/viewport.js'
import { Graph } from '../model/graph.js'
import { Expressions } from '../model/live_expressions.js'
import { NodeTypes } from '../model/node_types.js'
import { load, save, toPrompt } from '../model/workflow.js'
import { PLAIN_LOOK } from '../view/draw_canvas.js'
import { isUpload, picturesOf, roomFor } from '../view/node_pictures.js'
import { Pictures } from '../view/pictures.js'
import { Renderer } from '../view/renderer.js'
import { Scene } from '../view/scene.js'
import { hit } from '../view/under.js'
import { listenClipboard } from './clipboard_events.js'
import { Doing } from './doing.js'
import { GESTURE_COMMANDS } from './gesture_commands.js'
import { Hands, prefer } from './hands.js'
import { Idle } from './idle.js'
import { Input } from './input.js'
import { LinkCard } from './link_card.js'
import { recordOf } from './target.js'
import { listenWidgetKeys } from './widget_keys.js'
import { Whereabouts } from './whereabouts.js'

/** CSS pixels that a pointer may miss a socket by. */
const REACH = { mouse: 10, pen: 12, touch: 22 }

export class Editor extends Doing {
  /** @type {ReadonlySet<RecordId>} */
  selection = new Set()
  /** @type {Target} */
  hover = { kind: 'canvas' }
  /** Takes the focus in the canvas's stead, while one works in the tree. @type {(() => void) | null} */
  home = null
  /** The graph on the canvas. @type {import('../model/types.js').GraphId} */
  graphId = ''
  /** The way to it. */
  places = new Whereabouts(this)
  /** Moved things keep to a grid, also without Shift. */
  snaps = false
  spaceHeld = false
  hands = new Hands()
  card = new LinkCard(this)
  /** @type {ReadonlySet<RecordId>} */
  dragging = new Set()
  /** @type {import('../view/draw_canvas.js').Look} */
  look = PLAIN_LOOK
  /** @type {(() => void)[]} */
  #disposers = []

  /** @param {Parts} parts */
  constructor({ canvas, overlay, store, session, schema, theme, pictureUrl }) {
    super(overlay)
    this.canvas = canvas
    this.store = store
    this.session = session
    this.schema = schema
    this.graph = new Graph(store)
    this.pictures = new Pictures(pictureUrl, () => this.invalidate())
    this.types = new NodeTypes(schema, this.graph)
    store.derive((diff) => followGrowth(this, diff))
    this.expressions = new Expressions(store, this.graph, (type) => this.schema.get(type))
    this.scene = new Scene(store, this.graph, this.types, (node) => this.#aspect(node))
    this.renderer = new Renderer({ canvas, overlay, theme, view: this })
    /** @type {Registry<Editor>} */
    this.commands = new Registry()
    for (const command of [...CORE_COMMANDS, ...GESTURE_COMMANDS]) this.commands.register(/** @type {any} */ (command))
    /** @type {import('./state.js').State} */
    this.state = new Idle(this)
    this.input = new Input(this)
    this.#disposers.push(
      store.listen((diff, source) => this.#follow(diff, source)),
      session.listen(({ nodes, run }) => this.#sessionChanged(nodes, run)),
      listenWidgetKeys(this),
      listenClipboard(this)
    )
    this.resize()
  }

  /** Run a command, if it may run now. @param {string} id @param {any} [args] @returns {unknown} */
  run(id, args) {
    const command = this.commands.get(id)
    if (!command) throw new Error(`There is no command "${id}"`)
    if (command.enabled && !command.enabled(this)) return undefined
    const result = command.run(this, args)
    this.emit('command', { label: command.label })
    return result
  }

  /** The id in prompts of a node on the canvas. @param {NodeRecord} node */
  promptId = (node) => (node.graph === this.graphId ? this.places.prefix : '') + String(node.key)
  /** What a node on the canvas does, and what goes on inside of it. @param {NodeRecord} node */
  statusOf = (node) => this.session.status(this.promptId(node))

  // The document

  /** Replace the document by a UI workflow file. @param {unknown} json @returns {string[]} what had to be mended */
  load(json) {
    const { records, notes } = load(json)
    this.state.cancel()
    this.selection = new Set()
    this.session.reset()
    this.store.load(records)
    this.emit('selection', null)
    return notes
  }

  save() {
    return save(this.store)
  }

  toPrompt() {
    return toPrompt(this.save(), this.schema)
  }

  /** @param {string} type @param {{point?: Point, from?: SocketRef | null}} [where] @returns {RecordId | null} */
  addNode(type, { point = this.pointer, from = null } = {}) {
    return addNode(this, type, { point, from })
  }

  /** @param {RecordId} node */
  widgets(node) {
    const record = this.store.node(node)
    return record ? this.scene.view(record).widgets : []
  }

  /** @param {RecordId} node @param {string} name */
  widget(node, name) {
    return this.widgets(node).find((widget) => widget.name === name)
  }

  /** @param {RecordId} node @param {string} name @param {unknown} value @param {'value' | 'control'} [kind] */
  setWidget(node, name, value, kind = 'value') {
    setWidget(this, node, name, value, kind)
  }

  /** The selected nodes with this widget, and this one. @param {RecordId} node @param {string} name */
  alike = (node, name) => alike(this, node, name)
  /** Of all of them. @param {RecordId} node @param {string} name @param {unknown} value */
  setWidgets = (node, name, value) => setWidgets(this, node, name, value)
  /** @param {RecordId} node @param {string} name @param {string} source @param {{all?: boolean}} [how] */
  setExpression = (node, name, source, { all = false } = {}) => (all ? setExpressions : setExpression)(this, node, name, source)

  /** @param {RecordId} id @param {string} name @param {{select?: boolean, typed?: string}} [options] */
  editWidget(id, name, { select = false, typed } = {}) {
    const [node, widget, rect] = [this.store.node(id), this.widget(id, name), this.widgetRect(id, name)]
    if (node && widget && rect) this.emit('edit-widget', { node, widget, rect, zoom: this.camera.zoom, select, ...(typed !== undefined && { typed }) })
  }

  /** Where a widget's value lies, in CSS pixels of the canvas. @param {RecordId} id @param {string} name @returns {Rect | null} */
  widgetRect(id, name) {
    const node = this.store.node(id)
    const place = node && this.scene.view(node).layout.widgets.find((widget) => widget.name === name)
    return place ? rectToScreen(this.camera, moveRect(place.field, { x: node.pos[0], y: node.pos[1] })) : null
  }

  /** @param {RecordId} id @returns {Rect | null} of a node's or a frame's title, in CSS pixels of the canvas */
  titleRect(id) {
    const [node, group] = [this.store.node(id), this.store.group(id)]
    const rect = node ? this.rectOf(node) : group && { x: group.bounds[0], y: group.bounds[1], w: group.bounds[2], h: group.bounds[3] }
    return rect ? rectToScreen(this.camera, { ...rect, h: TITLE }) : null
  }

  /** @param {NodeRecord} node */
  rectOf = (node) => this.scene.rect(node)
  /** @param {NodeRecord} node @param {number} slot */
  outputType = (node, slot) => this.scene.outputType(node, slot)
  /** @param {string} message */
  notify = (message) => this.emit('notice', { message, level: 'info' })

  /** The canvas point under the pointer, or the middle of the view. @returns {Point} */
  get pointer() {
    return this.input.point ?? this.toCanvas({ x: this.viewSize.w / 2, y: this.viewSize.h / 2 })
  }

  /** Bring a node into the middle and select it. @param {RecordId} id */
  reveal(id) {
    const node = this.store.node(id)
    if (!node) return
    this.select([id])
    this.lookAt(centre(this.rectOf(node)))
  }

  /** @param {Iterable<RecordId>} ids */
  select = (ids) => {
    const next = new Set([...ids].filter((id) => this.store.has(id)))
    if (next.size === this.selection.size && [...next].every((id) => this.selection.has(id))) return
    this.selection = next
    this.invalidate()
    this.emit('selection', null)
  }

  /** What is under a point of the screen. @param {Point} screenPoint @param {'mouse' | 'pen' | 'touch'} [type] @returns {Target} */
  targetAt(screenPoint, type = 'mouse') {
    return hit(this.scene, this.toCanvas(screenPoint), REACH[type] / Math.max(this.camera.zoom, 0.35))
  }

  /** @param {Schema} schema */
  setSchema(schema) {
    this.schema = schema
    this.types.schema = schema
    this.expressions.schemaChanged()
    this.scene.rebuild()
    this.invalidate()
  }

  /** @param {Theme} theme */
  setTheme(theme) {
    this.renderer.theme = theme
    this.invalidate()
  }

  /** @param {Partial<import('../view/draw_canvas.js').Look>} patch */
  setLook(patch) {
    this.look = { ...this.look, ...patch }
    this.invalidate()
  }

  /** @param {import('./hands.js').Preferred} preferences */
  prefer(preferences) {
    prefer(this, preferences)
  }

  /** The canvas has another size, or the screen another density. */
  resize() {
    this.renderer.resize()
    this.emit('camera', null)
  }

  /** Draw the graph again, at the next frame. @override */
  invalidate() {
    this.renderer.invalidate()
  }

  /** @override */
  invalidateOverlay() {
    this.renderer.invalidateOverlay()
  }

  /** @override */
  moved() {
    this.renderer.refresh()
  }

  /** To where the person works on the graph: the canvas, or what stands in for it. */
  focus() {
    if (this.home) this.home()
    else this.overlay.focus({ preventScroll: true })
  }

  dispose() {
    this.input.dispose()
    this.glide.stop()
    this.card.hide()
    this.renderer.dispose()
    this.graph.dispose()
    for (const dispose of this.#disposers) dispose()
  }

  // For the states

  /** @param {import('./state.js').State} state */
  enter(state) {
    this.state.exit()
    this.card.hide()
    this.state = state
    state.enter()
    this.updateCursor()
  }

  idle() {
    if (!(this.state instanceof Idle)) this.enter(new Idle(this))
  }

  /** @param {Target} target */
  setHover(target) {
    if (JSON.stringify(target) === JSON.stringify(this.hover)) return
    this.hover = target
    this.card.hover(target)
    this.invalidateOverlay()
    this.updateCursor()
  }

  /** @param {ReadonlySet<RecordId>} ids */
  setDragging(ids) {
    this.dragging = ids
    this.scene.lift(ids)
    this.invalidate()
  }

  /** @param {boolean} held */
  setSpace(held) {
    if (this.spaceHeld === held) return
    this.spaceHeld = held
    this.updateCursor()
  }

  updateCursor() {
    this.overlay.style.cursor = this.state.cursor || 'default'
  }

  /** @param {import('./state.js').Pointer} pointer @param {number} margin */
  panAtEdge(pointer, margin) {
    this.input.panAtEdge(pointer, margin)
  }

  /** Ask for a picture where a node has room for one, but none in it. @param {RecordId} id @returns {boolean} whether it was asked for */
  wantUpload(id) {
    const node = this.store.node(id)
    const widget = this.widgets(id).find(isUpload)
    if (!node || !widget) return false
    const { preview, refs } = picturesOf(node, this.schema, this.statusOf(node))
    if (preview || refs.length) return false
    this.emit('upload', { node, widget })
    return true
  }

  /** Ask for the menu of what lies there; it acts on the selection, which must hold that. @param {Point} screen @param {'mouse' | 'pen' | 'touch'} type */
  openMenu(screen, type) {
    const target = this.targetAt(screen, type)
    const id = recordOf(target)
    if (id !== null && !this.selection.has(id)) this.select([id])
    this.emit('menu', { point: this.toCanvas(screen), screen, target })
  }

  // Followers

  /** @param {import('../model/types.js').Diff} diff @param {import('../model/types.js').Source} source */
  #follow(diff, source) {
    if (!this.places.follow(diff, source)) this.scene.follow(diff)
    for (const _ in diff.removed) {
      this.select(this.selection)
      break
    }
    // What a hand holds may be elsewhere now, or gone: the hand lets go.
    if (source === 'undo' || source === 'redo' || source === 'load') this.idle()
    // What reads another widget may look otherwise, wherever it is.
    if (this.expressions.areIn(this.graphId) && !this.dragging.size) this.invalidate()
    else this.renderer.refresh()
  }

  /** @param {ReadonlySet<string>} nodes @param {boolean} run */
  #sessionChanged(nodes, run) {
    const { prefix } = this.places
    for (const id of nodes) {
      const node = id.startsWith(prefix) ? this.graph.node(this.graphId, id.slice(prefix.length)) : undefined
      if (node) this.scene.refresh(node.id)
    }
    if (run) this.invalidate()
    else if (nodes.size) this.renderer.refresh()
  }

  /** @param {NodeRecord} node @returns {number | null} */
  #aspect(node) {
    const [type, status] = [this.types.get(node.type), this.statusOf(node)]
    // Most nodes show nothing and never will: of those nothing more is asked.
    if (!type?.picture && !status.preview && !status.images.length && !status.text.length) return null
    // A subgraph shows what is inside only where it has the room: it never grows by it.
    if (this.graph.definition(node.type)) return status.preview || status.images.length ? 0 : null
    return roomFor(type, picturesOf(node, this.schema, status), status.images.length > 0)
  }
}
