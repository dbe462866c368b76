/**
 * @comfyorg/litegraph, as the bench's harness asks for it. It has no undo of its own: the page built on it keeps the graph's
 * JSON after each step and loads it again, and so is it done here.
 */
import { LGraph, LGraphCanvas, LGraphNode, LiteGraph } from './litegraph.es.js'

const SAMPLERS = ['euler', 'euler_ancestral', 'heun', 'dpm_2', 'lms', 'dpm_fast', 'ddim', 'uni_pc']

class BenchNode extends LGraphNode {
  constructor(title) {
    super(title)
    for (const [name, type] of [['model', 'MODEL'], ['positive', 'CONDITIONING'], ['latent', 'LATENT']]) this.addInput(name, type)
    for (const type of ['MODEL', 'CONDITIONING']) this.addOutput(type, type)
    this.addWidget('number', 'steps', 20, () => undefined, { min: 0, max: 100, step: 10, precision: 0 })
    this.addWidget('combo', 'sampler', 'euler', () => undefined, { values: SAMPLERS })
    this.addWidget('text', 'prompt', '', () => undefined, {})
    this.addWidget('toggle', 'tiled', false, () => undefined, {})
    this.serialize_widgets = true
  }
}
BenchNode.title = 'Bench node'
LiteGraph.registerNodeType('BenchNode', BenchNode)

const element = document.getElementById('canvas')
element.width = innerWidth
element.height = innerHeight
const graph = new LGraph()
const canvas = new LGraphCanvas(element, graph)
let before = ''
let after = ''

window.subject = {
  element,
  timed: { object: canvas, method: 'draw' },
  open: text => graph.configure(JSON.parse(text)),
  showsAll(width, height) {
    const zoom = Math.max(0.05, Math.min((innerWidth - 96) / width, (innerHeight - 96) / height, 1))
    this.setView(width / 2, height / 2, zoom)
  },
  setView(x, y, zoom) {
    canvas.ds.scale = zoom
    canvas.ds.offset[0] = innerWidth / 2 / zoom - x
    canvas.ds.offset[1] = innerHeight / 2 / zoom - y
    canvas.setDirty(true, true)
  },
  grab(id) {
    const [x, y] = graph.getNodeById(id).pos
    const { scale, offset } = canvas.ds
    return [(x + 60 + offset[0]) * scale, (y - 15 + offset[1]) * scale]
  },
  placeOf: id => [...graph.getNodeById(id).pos],
  move(ids, by) {
    before = JSON.stringify(graph.serialize())
    for (const id of ids) graph.getNodeById(id).pos[0] += by
    after = JSON.stringify(graph.serialize())
    canvas.setDirty(true, true)
  },
  undo: () => graph.configure(JSON.parse(before)),
  redo: () => graph.configure(JSON.parse(after)),
}
