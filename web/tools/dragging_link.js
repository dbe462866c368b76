/**
 * The end of a link follows the pointer: a new one from a socket or a reroute, one that was picked up, or all of an output
 * at once. What does not fit is dimmed, what fits and is near snaps; let go over nothing, a new link asks for a node that
 * fits and a picked one is gone.
 *
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/types.js').RerouteRecord} RerouteRecord
 * @typedef {{from: SocketRef, reroute?: RerouteRecord} | {link: RecordId, at: Point} | {links: RecordId[], fixed: 'in' | 'out'}} Start
 *   A new link, out of a reroute perhaps; a link by the end that is nearer to `at`; links with the side that stays.
 */
import { connect, whyNot } from '../commands/connect.js'
import { moveLinks } from '../commands/links.js'
import { chain, linksThrough, removeLinks } from '../commands/reroute.js'
import { distance } from '../geometry/vec.js'
import { many, t } from '../language/t.js'
import { accepts } from '../model/accepts.js'
import { socketAt } from '../view/under.js'
import { State } from './state.js'

/** CSS pixels within which a socket that fits takes the link. */
const SNAP = { mouse: 28, pen: 32, touch: 48 }

export class DraggingLink extends State {
  /** The fixed ends. @type {SocketRef[]} */
  ends = []
  /** Links that were picked up. @type {RecordId[]} */
  held = []
  /** Nodes that a link would close a circle with: found once, asked for every socket in view. @type {Set<RecordId>} */
  blocked = new Set()
  /** @type {SocketRef | null} */
  target = null
  /** A reroute that a link from an input would come through. @type {RerouteRecord | null} */
  via = null

  /** @param {import('./editor.js').Editor} editor @param {Start} start */
  constructor(editor, start) {
    super(editor)
    this.start = start
  }

  /** @override */
  get cursor() {
    return this.target ? 'pointer' : 'crosshair'
  }

  /** @override */
  enter() {
    const { editor, start } = this
    editor.store.begin(t('Connect'))
    if ('from' in start) this.ends = [start.from]
    else if ('links' in start) this.#pickUp(start.links, start.fixed)
    else this.#pickUp([start.link], this.#nearerEnd(start.link, start.at))
    this.#block()
    this.#show(null)
  }

  /** The side that stays where a link is taken at a point. @param {RecordId} id @param {Point} at @returns {'in' | 'out'} */
  #nearerEnd(id, at) {
    const wire = this.editor.scene.wire(id)
    const [from, to] = [wire?.curves[0]?.a, wire?.curves.at(-1)?.d]
    return from && to && distance(at, from) < distance(at, to) ? 'in' : 'out'
  }

  /** Take the links off at one end. @param {readonly RecordId[]} links @param {'in' | 'out'} fixed the side that stays */
  #pickUp(links, fixed) {
    for (const id of links) {
      const link = this.editor.store.link(id)
      const end = link && this.editor.scene.endOf(link, fixed)
      if (!end) continue
      this.ends.push(end)
      this.held.push(id)
    }
  }

  #block() {
    const { graph } = this.editor
    this.blocked = new Set(this.ends.flatMap(({ node, side }) => {
      const record = graph.at(node)
      return record ? [...graph.reach(record, side === 'out' ? 'up' : 'down')] : []
    }))
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  move(pointer) {
    const { editor } = this
    const reach = SNAP[pointer.type] / editor.camera.zoom
    this.via = null
    this.target = socketAt(editor.scene, pointer.canvas, reach, (socket) => this.#fits(socket)) ?? this.#rerouteAt(pointer.canvas, reach)
    this.#show(pointer.canvas)
    editor.panAtEdge(pointer, 28)
  }

  /** A link that looks for an output may begin at a reroute: then it comes from the output that feeds it. @param {Point} point @param {number} reach @returns {SocketRef | null} */
  #rerouteAt(point, reach) {
    const { editor, ends } = this
    const [end] = ends
    if (ends.length !== 1 || end?.side !== 'in') return null
    for (const reroute of editor.graph.reroutes(editor.graphId)) {
      if (distance(at(reroute), point) > reach / 2) continue
      const link = linksThrough(editor, reroute).find(({ id }) => !this.held.includes(id))
      const source = link && editor.scene.endOf(link, 'out')
      if (!source || !this.#fits(source)) continue
      this.via = reroute
      return source
    }
    return null
  }

  /** @param {SocketRef} socket */
  #fits(socket) {
    const takes = (/** @type {SocketRef} */ end) =>
      socket.side !== end.side && (socket.side === 'in' ? accepts(socket.type, end.type) : accepts(end.type, socket.type))
    return (!this.blocked.has(socket.node) && this.ends.every(takes)) || this.#wasHere(socket)
  }

  /** A link may go back where it was. @param {SocketRef} socket */
  #wasHere(socket) {
    return this.held.some((id) => {
      const link = this.editor.store.link(id)
      const end = link && this.editor.scene.endOf(link, socket.side)
      return end?.node === socket.node && end.index === socket.index
    })
  }

  /** @param {Point | null} point null before it moved */
  #show(point) {
    const { editor, ends, held, via } = this
    this.editor.setDraggedLink({
      ends, held: new Set(held), point, target: this.target, end: via && at(via), fits: (socket) => this.#fits(socket),
      through: chain(editor, editor.graphId, this.#lastReroute()).map(at)
    })
  }

  /** The last reroute that the link passes from the end that stays. @returns {import('../model/types.js').Key | null} */
  #lastReroute() {
    const { editor, start, held, ends } = this
    if ('from' in start) return start.reroute?.key ?? null
    const link = held.length === 1 && ends[0]?.side === 'out' ? editor.store.link(held[0] ?? '') : undefined
    return link?.reroute ?? null
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    const { editor, target, held } = this
    if (!pointer.dragged) return this.cancel()
    if (target) this.#drop(target)
    else if (held.length) removeLinks(editor, held, t('Disconnect'))
    const over = editor.targetAt(pointer.screen, pointer.type).kind
    const empty = !target && !held.length && over !== 'node' && over !== 'widget' && over !== 'socket'
    editor.store.commit(!target ? t('Disconnect') : !held.length ? t('Connect') : many(held.length, 'Move a link', 'Move {count} links'))
    editor.idle()
    const from = this.ends[0]
    if (empty && from) editor.emit('search', { point: pointer.canvas, screen: pointer.screen, from })
    else if (!target && !held.length) this.#explain(pointer)
  }

  /** @param {SocketRef} target */
  #drop(target) {
    const { editor, held, start, via } = this
    if (this.#wasHere(target) && !via) return
    editor.store.transact(t('Connect'), () => {
      const moved = held.flatMap((id, index) => {
        const [link, end] = [editor.store.link(id), this.ends[index]]
        return link && end ? [{ link, end }] : []
      })
      if (moved.length) moveLinks(editor, moved, target)
      else for (const end of this.ends) connect(editor, end, target)
      const through = via ?? ('from' in start ? start.reroute : null)
      if (through) this.#lead(target, through)
    })
  }

  /** The link that was made comes through a reroute. @param {SocketRef} target @param {RerouteRecord} through */
  #lead(target, through) {
    const { editor, ends } = this
    const into = target.side === 'in' ? target : ends[0]
    const reader = into && editor.graph.at(into.node)
    const link = reader && editor.graph.links(reader.graph).find(({ to, toSlot }) => to === reader.key && (into.index < 0 ? reader.inputs[toSlot]?.name === into.name : toSlot === into.index))
    if (link && editor.store.has(through.id)) editor.store.update(link.id, { reroute: through.key })
  }

  /** Dropped on a node that has no place for it: say why. @param {import('./state.js').Pointer} pointer */
  #explain(pointer) {
    const end = this.ends[0]
    const near = this.editor.targetAt(pointer.screen)
    if (!end || (near.kind !== 'node' && near.kind !== 'socket')) return
    if (near.kind === 'socket') this.editor.notify(whyNot(this.editor, end, near.socket) ?? t('It does not fit there'))
    else this.editor.notify(end.side === 'out' ? t('Nothing on this node takes {type}', { type: end.type }) : t('Nothing on this node gives {type}', { type: end.type }))
  }

  /** @override */
  exit() {
    this.editor.setDraggedLink(null)
  }
}

/** @param {RerouteRecord} reroute @returns {Point} */
const at = ({ pos: [x, y] }) => ({ x, y })
