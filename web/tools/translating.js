/**
 * Selected things follow the pointer; Alt leaves copies behind, Shift keeps to a grid, otherwise they stand in line with
 * their neighbours when they come near. A free node that is let go over a link that it fits is inserted there, with Ctrl
 * one that has links too; over a subgraph Ctrl puts all of them into it; shaken, nodes leave their links. All of it is one step.
 */
import { bounds, centre, contains, grow, move as moveRect } from '../geometry/rect.js'
import { snapBox } from '../geometry/snapping.js'
import { add, subtract } from '../geometry/vec.js'
import { visible } from '../geometry/viewport.js'
import { duplicate } from '../commands/clipboard.js'
import { insert, makeRoom, placeIn } from '../commands/insert.js'
import { move, moving, origins, raise } from '../commands/move.js'
import { pullOut } from '../commands/remove.js'
import { moveIn } from '../commands/subgraph_move_in.js'
import { many, t } from '../language/t.js'
import { RADIUS, roundRect } from '../view/shapes.js'
import { withAlpha } from '../view/theme.js'
import { wireNear } from '../view/under.js'
import { Shake } from './shake.js'
import { State } from './state.js'

const GRID = 20
/** CSS pixels from the pointer, or from a node's middle, within which a link takes it. */
const DROP = 20
/** Pixels from the edge at which the view begins to move along. */
const EDGE = 28
/** CSS pixels within which a thing stands in line with another. */
const LINE = 6
/** With more nodes in view every place is in line with some. */
const MOST_NEIGHBOURS = 120

export class Translating extends State {
  /** @type {readonly import('../geometry/snapping.js').Guide[]} */
  guides = []
  /** @type {readonly import('../geometry/rect.js').Rect[]} */
  boxes = []
  /** The camera that saw them. @type {import('../geometry/viewport.js').Camera | null} */
  seen = null
  shake = new Shake()
  shaken = false
  /** The subgraph that all of it would go into. @type {import('../model/types.js').NodeRecord | null} */
  into = null
  #end = () => {}

  /** @param {import('./editor.js').Editor} editor @param {import('./state.js').Pointer} pointer */
  constructor(editor, pointer) {
    super(editor)
    this.start = pointer.startCanvas
    editor.store.begin(t('Move'))
    // Copies lie where the originals are: a frame's copy must not take these along.
    const taken = moving(editor, editor.selection)
    this.copied = pointer.alt && duplicate(editor, new Set([...editor.selection, ...taken]), { by: { x: 0, y: 0 }, links: true }) !== null
    raise(editor, editor.selection)
    this.from = origins(editor, this.copied ? editor.selection : taken)
    this.box = bounds([...this.from.keys()].flatMap((id) => {
      const [node, group] = [editor.store.node(id), editor.store.group(id)]
      if (node) return editor.rectOf(node)
      return group ? { x: group.bounds[0], y: group.bounds[1], w: group.bounds[2], h: group.bounds[3] } : []
    }))
    editor.setDragging(new Set(this.from.keys()))
    this.move(pointer)
  }

  /** @override */
  get cursor() {
    return 'grabbing'
  }

  /** @override */
  enter() {
    this.#end = this.editor.paint((ctx, theme) => {
      this.#drawGuides(ctx, theme)
      this.#drawInto(ctx, theme)
    })
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    const { editor } = this
    const by = this.#fitted(subtract(pointer.canvas, this.start), pointer.shift)
    move(editor, this.from, by)
    if (!this.shaken && this.shake.push(pointer.screen, performance.now())) this.#pullOut()
    this.into = pointer.ctrl ? this.#subgraphUnder(pointer.canvas) : null
    if (this.into) this.guides = []
    editor.setDropLink(this.into ? null : this.#linkUnder(pointer.canvas, pointer.ctrl))
    editor.panAtEdge(pointer, EDGE)
  }

  /** @param {import('../geometry/vec.js').Point} by @param {boolean} shift @returns {import('../geometry/vec.js').Point} */
  #fitted(by, shift) {
    const { editor, box } = this
    const first = this.from.values().next().value
    this.guides = []
    if (first && (shift || editor.snaps)) {
      return {
        x: Math.round((first[0] + by.x) / GRID) * GRID - first[0],
        y: Math.round((first[1] + by.y) / GRID) * GRID - first[1]
      }
    }
    if (!box || !editor.hands.guides) return by
    const { by: more, guides } = snapBox(moveRect(box, by), this.#neighbours(), LINE / editor.camera.zoom)
    this.guides = guides
    return add(by, more)
  }

  /** Boxes of what stands in view, found once for as long as the view stays. */
  #neighbours() {
    const { editor } = this
    if (this.seen !== editor.camera) {
      this.seen = editor.camera
      const nodes = editor.scene.nodesIn(visible(editor.camera, editor.viewSize.w, editor.viewSize.h)).filter((node) => !this.from.has(node.id))
      this.boxes = nodes.length > MOST_NEIGHBOURS ? [] : nodes.map(editor.rectOf)
    }
    return this.boxes
  }

  #pullOut() {
    const { editor } = this
    const nodes = [...this.from.keys()].flatMap((id) => editor.store.node(id) ?? [])
    this.shaken = pullOut(editor, nodes)
  }

  /** The link that a single node would be inserted in. @param {import('../geometry/vec.js').Point} point @param {boolean} linked also one that has links */
  #linkUnder(point, linked) {
    const { editor } = this
    const node = this.from.size === 1 ? editor.store.node(this.from.keys().next().value ?? '') : undefined
    if (!node || (!linked && editor.graph.linksOf(node.id).length)) return null
    const own = new Set(editor.graph.linksOf(node.id).map(({ id }) => id))
    for (const near of [point, centre(editor.rectOf(node))]) {
      const wire = wireNear(editor.scene, near, DROP / editor.camera.zoom)
      if (wire && !own.has(wire.link.id) && !wire.hidden && placeIn(editor, node, wire.link, { linked })) return wire.link.id
    }
    return null
  }

  /** @param {import('../geometry/vec.js').Point} point */
  #subgraphUnder(point) {
    const { scene, graph } = this.editor
    return scene.nodesIn({ ...point, w: 0, h: 0 }).findLast((node) => !this.from.has(node.id) && graph.definition(node.type) && contains(scene.rect(node), point)) ?? null
  }

  /** All goes into the subgraph under the pointer, from where it was; back there if it cannot. @param {import('../model/types.js').NodeRecord} instance */
  #moveIn(instance) {
    const { editor } = this
    move(editor, this.from, { x: 0, y: 0 })
    if (moveIn(editor, this.from.keys(), instance)) editor.store.commit(t('Move into the subgraph'))
    else editor.store.cancel()
    editor.idle()
  }

  /** @override */
  up() {
    if (this.into) return this.#moveIn(this.into)
    const { store, dropLink } = this.editor
    const node = store.node(this.from.keys().next().value ?? '')
    const link = store.link(dropLink ?? '')
    if (node && link) {
      insert(this.editor, node, link)
      makeRoom(this.editor, node)
    }
    if (node && link) store.commit(t('Insert'))
    else if (this.shaken) store.commit(t('Pull out of its links'))
    else store.commit(this.copied ? t('Duplicate') : many(this.from.size, 'Move', 'Move {count} things'))
    this.editor.idle()
  }

  /** @override */
  exit() {
    this.#end()
    this.editor.setDragging(new Set())
    this.editor.setDropLink(null)
  }

  /** @param {CanvasRenderingContext2D} ctx @param {import('../view/theme.js').Theme} theme */
  #drawGuides(ctx, theme) {
    const unit = 1 / this.editor.camera.zoom
    ctx.strokeStyle = theme.accent
    ctx.lineWidth = unit
    ctx.beginPath()
    for (const { axis, at, from, to } of this.guides) {
      const [a, b] = axis === 'x' ? [{ x: at, y: from }, { x: at, y: to }] : [{ x: from, y: at }, { x: to, y: at }]
      ctx.moveTo(a.x, a.y)
      ctx.lineTo(b.x, b.y)
    }
    ctx.stroke()
  }
  /** @param {CanvasRenderingContext2D} ctx @param {import('../view/theme.js').Theme} theme */
  #drawInto(ctx, theme) {
    const { into, editor } = this
    if (!into) return
    const unit = 1 / editor.camera.zoom
    const { x, y, w, h } = grow(editor.scene.rect(into), 3 * unit)
    ctx.fillStyle = withAlpha(theme.accent, 0.12)
    ctx.strokeStyle = theme.accent
    ctx.lineWidth = 2 * unit
    roundRect(ctx, x, y, w, h, RADIUS + 3 * unit)
    ctx.fill()
    ctx.stroke()
  }
}
