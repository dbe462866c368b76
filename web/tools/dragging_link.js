/**
 * The end of a link follows the pointer: a new one from a socket, one that was picked up, or all of an output at once.
 * What does not fit is dimmed, what fits and is near snaps; let go over nothing, a new link asks for a node that fits and
 * a picked one is gone.
 *
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {{from: SocketRef} | {link: RecordId, waiting: boolean} | {links: RecordId[], side: 'in'}} Start
 */
import { connect, whyNot } from '../commands/connect.js'
import { distance } from '../geometry/vec.js'
import { accepts } from '../model/accepts.js'
import { State } from './state.js'

/** CSS pixels within which a socket that fits takes the link. */
const SNAP = 28

export class DraggingLink extends State {
  /** The fixed ends. @type {SocketRef[]} */
  ends = []
  /** Links that were picked up. @type {RecordId[]} */
  held = []
  /** Nodes that a link would close a circle with: found once, asked for every socket in view. @type {Set<RecordId>} */
  blocked = new Set()
  /** @type {SocketRef | null} */
  target = null

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
    if ('from' in start) {
      this.ends = [start.from]
      this.#block()
      this.#show({ x: 0, y: 0 }, false)
    } else if ('links' in start) {
      this.#pickUp(start.links, 'in')
    } else if (!start.waiting) this.#pickUp([start.link], 'out')
    editor.store.begin('Connect')
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
    this.#block()
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
    const { editor, start } = this
    if (!this.ends.length) {
      if (!pointer.dragged || !('link' in start)) return
      this.#takeNearerEnd(start.link, pointer)
    }
    this.target = editor.scene.socketAt(pointer.canvas, SNAP / editor.camera.zoom, (socket) => this.#fits(socket))
    this.#show(pointer.canvas, true)
    editor.panAtEdge(pointer, 28)
  }

  /** @param {RecordId} id @param {import('./state.js').Pointer} pointer */
  #takeNearerEnd(id, pointer) {
    const wire = this.editor.scene.wire(id)
    const [from, to] = [wire?.curves[0]?.a, wire?.curves.at(-1)?.d]
    if (!from || !to) return
    const nearSource = distance(pointer.startCanvas, from) < distance(pointer.startCanvas, to)
    this.#pickUp([id], nearSource ? 'in' : 'out')
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

  /** @param {import('../geometry/vec.js').Point} point @param {boolean} moving */
  #show(point, moving) {
    const ends = this.ends
    this.editor.setDraggedLink({
      ends, held: new Set(this.held), point: moving ? point : null, target: this.target,
      fits: (socket) => this.#fits(socket)
    })
  }

  /** @param {import('./state.js').Pointer} pointer @override */
  up(pointer) {
    const { editor, target, held } = this
    if (!this.ends.length) {
      editor.store.commit()
      editor.idle()
      return
    }
    if (target) this.#drop(target)
    else if (held.length) editor.store.transact('Disconnect', () => held.forEach((id) => editor.store.remove(id)))
    const empty = !target && !held.length && editor.targetAt(pointer.screen).kind !== 'node'
    editor.store.commit(target ? (held.length ? 'Move a link' : 'Connect') : 'Disconnect')
    editor.idle()
    const from = this.ends[0]
    if (empty && from) editor.emit('search', { point: pointer.canvas, screen: pointer.screen, from })
    else if (!target && !held.length) this.#explain(pointer)
  }

  /** @param {SocketRef} target */
  #drop(target) {
    const { editor, held } = this
    if (this.#wasHere(target)) return
    editor.store.transact('Connect', () => {
      held.forEach((id) => editor.store.remove(id))
      this.ends.forEach((end) => connect(editor, end, target))
    })
  }

  /** Dropped on a node that has no place for it: say why. @param {import('./state.js').Pointer} pointer */
  #explain(pointer) {
    const end = this.ends[0]
    const near = this.editor.targetAt(pointer.screen)
    if (!end || (near.kind !== 'node' && near.kind !== 'socket')) return
    if (near.kind === 'socket') this.editor.notify(whyNot(this.editor, end, near.socket) ?? 'It does not fit there')
    else this.editor.notify(`Nothing on this node ${end.side === 'out' ? 'takes' : 'gives'} ${end.type}`)
  }

  /** @override */
  exit() {
    this.editor.setDraggedLink(null)
  }
}
