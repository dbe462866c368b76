/**
 * Where everything of one graph lies on the canvas: nodes laid out, links as curves, both in grids. It follows the store
 * and the session, and answers what is in a view. Who draws and who points (`under.js`) ask the same.
 *
 * @typedef {import('../geometry/rect.js').Rect} Rect
 * @typedef {import('../geometry/vec.js').Point} Point
 * @typedef {import('../model/shape.js').View} View
 * @typedef {import('../model/types.js').GraphId} GraphId
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/types.js').SocketRef} SocketRef
 * @typedef {import('../geometry/link_path.js').LinkShape} LinkShape
 * @typedef {import('./wires.js').Wire} Wire
 * @typedef {import('./wires.js').Sketch} Sketch
 */
import { GridIndex } from '../geometry/grid_index.js'
import { bounds, grow, move } from '../geometry/rect.js'
import { t } from '../language/t.js'
import { recordId } from '../model/graph.js'
import { matchedLink } from '../model/matching.js'
import { layoutOf, viewOf } from '../model/shape.js'
import { around, GET, isWire, sender, wireName } from '../model/wires.js'
import { Wires } from './wires.js'

/** Where the next link out of a reroute begins, right of it. */
export const REROUTE_OUT = 14
/** How far sockets reach out of a node's box. */
export const SOCKET = 8

export class Scene {
  #nodes = new GridIndex()
  #wires = new Wires(this)
  /** What has changed since somebody last asked where things are: many changes cost as much as one. */
  #old = { all: false, nodes: /** @type {Set<RecordId>} */ (new Set()), links: /** @type {Set<RecordId>} */ (new Set()) }
  /** What is in the artist's hand, with its links. @type {ReadonlySet<RecordId>} */
  #lifted = new Set()
  /** Where the picture is no longer right; null for nowhere. @type {Rect | 'all' | null} */
  #damage = 'all'
  /** @type {GraphId} */
  graphId = ''
  /** @type {LinkShape} */
  linkShape = 'spline'

  /**
   * @param {import('../model/store.js').Store} store
   * @param {import('../model/graph.js').Graph} graph
   * @param {Pick<import('../model/node_types.js').NodeTypes, 'get' | 'of'>} types
   * @param {(node: NodeRecord) => number | null} aspectOf height by width of the picture on a node
   */
  constructor(store, graph, types, aspectOf) {
    this.store = store
    this.graph = graph
    this.types = types
    this.aspectOf = aspectOf
    this.rebuild()
  }

  /** Another graph, another schema, another document. */
  rebuild() {
    this.#old.all = true
    this.#damage = 'all'
  }

  /** @param {import('../model/types.js').Diff} diff */
  follow(diff) {
    const { nodes, links } = this.#old
    for (const id in diff.removed) {
      const record = diff.removed[id]
      if (record?.kind === 'node') nodes.add(id)
      else if (record?.kind === 'link') this.#linkChanged(record)
      else this.#damage = 'all'
    }
    for (const changed of [diff.added, diff.updated]) {
      for (const id in changed) {
        const record = this.store.get(id)
        if (record?.kind === 'node') nodes.add(id)
        else if (record?.kind === 'link') this.#linkChanged(record)
        else if (record?.kind !== 'group' || !this.#lifted.has(id)) {
          this.#damage = 'all'
          if (record?.kind === 'graph') this.#definitionChanged(record, nodes, links)
          else if (record?.kind === 'reroute') {
            for (const link of this.graph.links(this.graphId)) if (link.reroute !== null) links.add(link.id)
          }
        }
      }
    }
  }

  /** A link comes, goes or is another: the nodes at its ends show that, and the wires behind a reroute take its colour. @param {LinkRecord} link */
  #linkChanged(link) {
    const { nodes, links } = this.#old
    links.add(link.id)
    nodes.add(recordId('node', link.graph, link.from))
    nodes.add(recordId('node', link.graph, link.to))
  }

  /** Its instances look otherwise now, and so do its sides. @param {import('../model/types.js').GraphRecord} definition @param {Set<RecordId>} nodes @param {Set<RecordId>} links */
  #definitionChanged(definition, nodes, links) {
    for (const node of this.graph.nodes(this.graphId)) if (node.type === definition.key) nodes.add(node.id)
    if (definition.key !== this.graphId) return
    for (const side of this.graph.sides(this.graphId)) for (const link of this.graph.linksOf(side.id)) links.add(link.id)
  }

  /** Lay a node out anew, with its wires and those behind the reroutes that it feeds. @param {RecordId} id */
  refresh(id) {
    this.#old.nodes.add(id)
  }

  /** These, and their links, are drawn apart from the rest from now on: to move them changes nothing else. @param {Iterable<RecordId>} ids */
  lift(ids) {
    const lifted = new Set(ids)
    for (const id of ids) for (const link of this.graph.linksOf(id)) lifted.add(link.id)
    this.#lifted = lifted
    this.#damage = 'all'
  }

  /** @param {RecordId} id of a node, a link or a frame */
  isLifted(id) {
    return this.#lifted.has(id)
  }

  /** Where the picture has changed since this was last asked. @returns {Rect | 'all' | null} null for nowhere */
  takeDamage() {
    this.#settle()
    const damage = this.#damage
    this.#damage = null
    return damage
  }

  /** Put things where they are now. */
  #settle() {
    const { all, nodes, links } = this.#old
    if (all) {
      this.#nodes.clear()
      this.#wires.clear()
      nodes.clear()
      links.clear()
      this.#old.all = false
      for (const id of this.graph.ids(this.graphId, 'node')) this.#place(id)
      for (const id of this.graph.ids(this.graphId, 'link')) this.#wires.place(id, this.store.link(id))
      return
    }
    if (!nodes.size && !links.size) return
    for (const id of nodes) {
      this.#place(id)
      for (const link of this.graph.linksOf(id)) {
        links.add(link.id)
        const reader = this.graph.reader(link)
        if (reader?.type === 'Reroute') nodes.add(reader.id)
        else if (reader && reader.id !== id) this.#damaged(id, this.#nodes.rectOf(reader.id)) // it may name what feeds it
      }
    }
    nodes.clear()
    for (const id of links) {
      const link = this.store.link(id)
      this.#damaged(id, this.#wires.boundsOf(id))
      this.#wires.place(id, link?.graph === this.graphId ? link : undefined)
      this.#damaged(id, this.#wires.boundsOf(id))
    }
    links.clear()
  }

  /** @param {RecordId} id @param {Rect | undefined} rect */
  #damaged(id, rect) {
    if (!rect || this.#damage === 'all' || this.#lifted.has(id)) return
    this.#damage = this.#damage ? bounds([this.#damage, rect]) : rect
  }

  /** @param {NodeRecord} node @returns {View} */
  view(node) {
    return viewOf(node, this.types.of(node), this.aspectOf(node))
  }

  /** Where everything on a node lies, in its own pixels. @param {NodeRecord} node */
  layout(node) {
    return layoutOf(node, this.types.of(node), this.aspectOf(node))
  }

  /** The box of a node with its title. @param {NodeRecord} node @returns {Rect} */
  rect(node) {
    return move(this.layout(node).rect, { x: node.pos[0], y: node.pos[1] })
  }

  /** Boxes of all nodes. @returns {Rect[]} */
  rects() {
    return [...this.graph.nodes(this.graphId), ...this.graph.sides(this.graphId)].map((node) => this.rect(node))
  }

  /** Nodes whose boxes touch `rect`, back to front. @param {Rect} rect @returns {NodeRecord[]} */
  nodesIn(rect) {
    this.#settle()
    return this.#nodes.query(rect).flatMap((id) => this.store.node(id) ?? []).sort((a, b) => a.z - b.z)
  }

  /** The box of a node as it is drawn from afar; it must be one of this graph. @param {RecordId} id @returns {Rect | undefined} */
  boxOf(id) {
    const box = this.#nodes.rectOf(id)
    return box && grow(box, -SOCKET)
  }

  /** @param {Rect} rect @returns {Wire[]} */
  wiresIn(rect) {
    this.#settle()
    return this.#wires.in(rect)
  }

  /** Links that touch `rect`, as they look from afar. @param {Rect} rect @returns {Sketch[]} */
  sketchesIn(rect) {
    this.#settle()
    return this.#wires.sketches(rect)
  }

  /** @param {RecordId} id */
  wire(id) {
    this.#settle()
    return this.#wires.wire(id)
  }

  /** Where a socket is on the canvas; null for one that is not shown. @param {Pick<SocketRef, 'node' | 'side' | 'index' | 'name'>} socket @returns {Point | null} */
  socketPoint(socket) {
    const node = this.graph.at(socket.node)
    if (!node) return null
    const place = this.layout(node).sockets.find(
      (each) => each.side === socket.side && (socket.index >= 0 ? each.index === socket.index : each.name === socket.name)
    )
    return place ? { x: node.pos[0] + place.x, y: node.pos[1] + place.y } : null
  }

  /** The socket a link starts or ends at. @param {LinkRecord} link @param {'in' | 'out'} side @returns {SocketRef | null} */
  endOf(link, side) {
    const node = side === 'out' ? this.graph.source(link) : this.graph.reader(link)
    const index = side === 'out' ? link.fromSlot : link.toSlot
    const place = node && this.layout(node).sockets.find((each) => each.side === side && each.index === index)
    return node && place ? { node: node.id, side, index, name: place.name, type: place.type } : null
  }

  /** The type that an output gives, seen through reroutes. @param {NodeRecord} node @param {number} slot @returns {string} */
  outputType(node, slot) {
    let at = node
    for (let hop = 0; hop < 100; hop++) {
      const passes = at.type === 'Reroute' || (isWire(at) && (at.outputs[0]?.type ?? '*') === '*')
      const feeds = passes && at.type === GET ? sender(this.graph, wireName(at), around(this.graph, at.graph)) : at
      const link = passes ? feeds && this.graph.linkInto(feeds, 0) : matchedLink(this.graph, this.types.of(at), at, slot)
      if (!passes && !link) break
      const source = link && this.graph.source(link)
      if (!link || !source) return '*'
      at = source
      slot = link.fromSlot
    }
    return this.layout(at).sockets.find((each) => each.side === 'out' && each.index === slot)?.type ?? '*'
  }

  /** What the last run used for a widget; who runs graphs says. @type {(node: RecordId, widget: string) => unknown} */
  lastUsed = () => undefined

  /** What gives an input its value, past reroutes: the title of a node. @param {NodeRecord} node @param {number} slot */
  feeder(node, slot) {
    let link = this.graph.linkInto(node, slot)
    let from = link && this.graph.source(link)
    for (let hop = 0; from?.type === 'Reroute' && hop < 100; hop++) {
      link = this.graph.linkInto(from, 0)
      from = link && this.graph.source(link)
    }
    return from ? this.view(from).title : t('a link')
  }

  /** @param {RecordId} id */
  #place(id) {
    const node = this.store.node(id)
    this.#damaged(id, this.#nodes.rectOf(id))
    if (!node || node.graph !== this.graphId) this.#nodes.delete(id)
    else {
      const { rect } = this.layout(node)
      const box = { x: node.pos[0] + rect.x - SOCKET, y: node.pos[1] + rect.y - SOCKET, w: rect.w + 2 * SOCKET, h: rect.h + 2 * SOCKET }
      this.#nodes.set(id, box)
      this.#damaged(id, box)
    }
  }

  /** The type that a link carries, seen through reroutes. @param {LinkRecord} link */
  typeOf(link) {
    const source = this.graph.source(link)
    const type = source ? this.outputType(source, link.fromSlot) : link.type
    return type === '*' ? link.type : type
  }

  /** The points that a link passes: its ends and its reroutes. @param {LinkRecord} link @returns {Point[] | null} */
  points(link) {
    const from = this.socketPoint({ node: recordId('node', link.graph, link.from), side: 'out', index: link.fromSlot, name: '' })
    const to = this.socketPoint({ node: recordId('node', link.graph, link.to), side: 'in', index: link.toSlot, name: '' })
    if (!from || !to) return null
    /** @type {Point[]} */
    const between = []
    let key = link.reroute
    for (let hop = 0; key !== null && hop < 1000; hop++) {
      const record = this.store.get(recordId('reroute', link.graph, key))
      if (record?.kind !== 'reroute') break
      between.unshift({ x: record.pos[0], y: record.pos[1] })
      key = record.parent
    }
    return [from, ...between, to]
  }
}
