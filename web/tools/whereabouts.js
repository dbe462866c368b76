/**
 * Which graph is on the canvas: the instances of subgraphs that were entered, from the root inwards. An instance may be one
 * of many of its definition, so the way there says whose values and whose progress are meant. Each place keeps its view.
 *
 * @typedef {import('./editor.js').Editor} Editor
 * @typedef {import('../geometry/viewport.js').Camera} Camera
 * @typedef {import('../model/types.js').Diff} Diff
 * @typedef {import('../model/types.js').GraphId} GraphId
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/types.js').Source} Source
 */
import { groupBox } from '../commands/move.js'
import { bounds } from '../geometry/rect.js'
import { fit } from '../geometry/viewport.js'
import { t } from '../language/t.js'
import { pathTo } from '../model/paths.js'

const NEAREST = 1

export class Whereabouts {
  /** The instances that were entered. @type {readonly RecordId[]} */
  path = []
  /** What the ids of nodes here begin with in a prompt: nothing in the root, `12:` in the instance 12. */
  prefix = ''
  /** @type {Map<string, Camera>} */
  #cameras = new Map()

  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor
  }

  /** Go into an instance of a subgraph. @param {RecordId} id @returns {boolean} */
  enter(id) {
    const { editor } = this
    const node = editor.store.node(id)
    const definition = node && editor.graph.definition(node.type)
    if (!node || !definition || node.graph !== editor.graphId) return false
    if (node.type === editor.graphId || this.path.some((each) => editor.store.node(each)?.type === node.type)) {
      editor.notify(t('“{name}” contains itself: delete this node, then it can run', { name: definition.name }))
      return false
    }
    this.go([...this.path, id])
    return true
  }

  /** Go out by so many levels. @param {number} [levels] @returns {boolean} */
  leave(levels = 1) {
    const left = this.path[Math.max(0, this.path.length - levels)]
    if (left === undefined) return false
    this.go(this.path.slice(0, Math.max(0, this.path.length - levels)))
    this.editor.select([left])
    return true
  }

  /** @param {readonly RecordId[]} path */
  go(path) {
    const { editor } = this
    const graphId = this.#graphAt(path)
    if (graphId === null || (path.length === this.path.length && path.every((id, index) => id === this.path[index]))) return
    editor.state.cancel()
    editor.stopMotion()
    this.#cameras.set(this.path.join(' '), editor.camera)
    this.#show(path, graphId)
    const kept = this.#cameras.get(path.join(' '))
    if (kept) editor.setCamera(kept)
    else this.showAll()
    editor.emit('camera', null)
  }

  /** The camera takes in the whole graph, at once. */
  showAll() {
    const { editor } = this
    const box = bounds([...editor.scene.rects(), ...editor.graph.groups(editor.graphId).map(groupBox)])
    const { w, h } = editor.viewSize
    if (box && w && h) editor.setCamera(fit(box, w, h, { most: NEAREST }))
  }

  /** Where one is, for `resume`. @returns {{path: readonly RecordId[], camera: Camera, cameras: ReadonlyMap<string, Camera>}} */
  park() {
    return { path: this.path, camera: this.editor.camera, cameras: new Map(this.#cameras) }
  }

  /** Be there again. @param {ReturnType<Whereabouts['park']>} place */
  resume({ path, camera, cameras }) {
    this.#cameras = new Map(cameras)
    const graphId = this.#graphAt(path)
    if (graphId !== null && path.length) this.#show(path, graphId)
    this.editor.setCamera(camera)
  }

  /** @param {readonly RecordId[]} path @param {GraphId} graphId */
  #show(path, graphId) {
    const { editor } = this
    this.path = path
    this.prefix = path.map((id) => `${editor.store.node(id)?.key}:`).join('')
    editor.graphId = graphId
    editor.scene.graphId = graphId
    editor.scene.rebuild()
    editor.select([])
    editor.setHover({ kind: 'canvas' })
    editor.emit('graph', null)
    editor.invalidate()
  }

  /** The graph at the end of a path; null where the path leads nowhere. @param {readonly RecordId[]} path @returns {GraphId | null} */
  #graphAt(path) {
    const { store, graph } = this.editor
    let at = ''
    for (const id of path) {
      const node = store.node(id)
      if (!node || node.graph !== at || !graph.definition(node.type)) return null
      at = node.type
    }
    return at
  }

  /** Links inside other subgraphs decide what their instances here show. @param {Diff} diff */
  #changesInstances(diff) {
    return [...Object.values(diff.added), ...Object.values(diff.removed)].some((record) => record.kind === 'link' && record.graph !== this.editor.graphId)
  }

  /** The document changed: what is on the canvas may be gone, and what an undo changed may lie elsewhere. @param {Diff} diff @param {Source} source @returns {boolean} whether everything was laid out anew */
  follow(diff, source) {
    if (source === 'load') {
      this.#cameras.clear()
      this.#show([], '')
      return true
    }
    if (this.#graphAt(this.path) !== this.editor.graphId) {
      let path = this.path
      while (this.#graphAt(path) === null) path = path.slice(0, -1)
      const graphId = this.#graphAt(path) ?? ''
      this.#show(path, graphId)
      if (!this.#cameras.has(path.join(' '))) this.showAll()
      else this.editor.setCamera(this.#cameras.get(path.join(' ')) ?? this.editor.camera)
      return true
    }
    if (this.#changesInstances(diff)) this.editor.scene.rebuild()
    if (source !== 'undo' && source !== 'redo') return false
    const touched = touchedGraphs(diff)
    if (!touched.length || touched.includes(this.editor.graphId)) return false
    for (const graphId of touched) {
      const path = pathTo(this.editor.graph, graphId, this.path)
      if (!path) continue
      this.go(path)
      return true
    }
    return false
  }
}

/** The graphs that a change is in. A definition's own record lies in the graph that it defines. @param {Diff} diff @returns {GraphId[]} */
function touchedGraphs(diff) {
  /** @type {Set<GraphId>} */
  const definitions = new Set()
  /** @type {Set<GraphId>} */
  const graphs = new Set()
  for (const record of [...Object.values(diff.added), ...Object.values(diff.removed)]) {
    if (record.kind === 'graph') definitions.add(record.key)
    else if (record.kind !== 'meta') graphs.add(record.graph)
  }
  for (const id in diff.updated) {
    if (id.startsWith('node:') && !id.includes('/')) {
      graphs.add('')
      continue
    }
    const [, kind, graph = ''] = /^(\w+):(?:(.*)\/)?/u.exec(id) ?? []
    if (kind === 'graph') definitions.add(id.slice('graph:'.length))
    else if (kind && kind !== 'meta') graphs.add(graph)
  }
  return [...definitions, ...graphs]
}
