/**
 * A graph that lies still: one that is drawn and not edited, an older version or a picture for a file. It is laid out by
 * itself and takes no part in what happens on the canvas.
 *
 * @typedef {import('../model/graph_diff.js').Side} Side
 * @typedef {import('./renderer.js').ViewState} ViewState
 */
import { Expressions } from '../model/live_expressions.js'
import { Session } from '../model/session.js'
import { PLAIN_LOOK } from './draw_canvas.js'
import { Scene } from './scene.js'

/**
 * @param {Side} side
 * @param {object} parts
 * @param {import('../model/types.js').GraphId} parts.graphId
 * @param {import('./pictures.js').Pictures} parts.pictures
 * @param {import('../geometry/viewport.js').Camera} parts.camera
 * @param {import('../geometry/link_path.js').LinkShape} [parts.linkShape]
 * @returns {ViewState}
 */
export function stillView({ graph, types }, { graphId, pictures, camera, linkShape = 'spline' }) {
  const { store } = graph
  const scene = new Scene(store, graph, types, () => null)
  scene.graphId = graphId
  scene.linkShape = linkShape
  return {
    scene, store, graph, types, graphId, pictures, camera, schema: types.schema, session: new Session(),
    expressions: new Expressions(store, graph, (type) => types.schema.get(type)),
    promptId: (node) => String(node.key), selection: new Set(), dragging: new Set(), hover: { kind: 'canvas' }, edited: null,
    draggedLink: null, dropLink: null, brush: null, look: PLAIN_LOOK, painters: new Set()
  }
}
