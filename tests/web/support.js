/** A small editor without a page, for tests of commands: the same model, no canvas, and a few node types. */
import { followGrowth } from '../../web/commands/growing.js'
import { Graph } from '../../web/model/graph.js'
import { NodeTypes } from '../../web/model/node_types.js'
import { Schema } from '../../web/model/schema.js'
import { Store } from '../../web/model/store.js'
import { load } from '../../web/model/workflow.js'
import { Scene } from '../../web/view/scene.js'

const type = (required, output, more = {}) => ({
  input: { required, optional: more.optional ?? {} }, output, output_name: output, display_name: more.title,
  category: more.category ?? 'test', output_node: more.output === true, ...more
})

export const OBJECT_INFO = {
  Load: type({ name: [['a.safetensors', 'b.safetensors']] }, ['MODEL', 'CLIP', 'VAE'], { title: 'Load Checkpoint' }),
  Encode: type({ text: ['STRING', { multiline: true, dynamicPrompts: true }], clip: ['CLIP'] }, ['CONDITIONING'], { title: 'CLIP Text Encode (Prompt)' }),
  Sample: type(
    {
      model: ['MODEL'], positive: ['CONDITIONING'], latent: ['LATENT'],
      seed: ['INT', { default: 0, min: 0, max: 2 ** 50, control_after_generate: true }],
      steps: ['INT', { default: 20, min: 1, max: 10000 }], cfg: ['FLOAT', { default: 8, min: 0, max: 100, step: 0.1, round: 0.01 }]
    },
    ['LATENT'], { title: 'KSampler', category: 'sampling' }
  ),
  Empty: type({ width: ['INT', { default: 512, min: 16, max: 16384, step: 8 }] }, ['LATENT'], { title: 'Empty Latent Image' }),
  Decode: type({ samples: ['LATENT'], vae: ['VAE'] }, ['IMAGE'], { title: 'VAE Decode' }),
  Sharpen: type({ image: ['IMAGE'], amount: ['FLOAT', { default: 1, min: 0, max: 2, step: 0.05 }] }, ['IMAGE'], { title: 'Sharpen' }),
  LoadImage: type({ image: [['cat.png'], { image_upload: true }] }, ['IMAGE', 'MASK'], { title: 'Load Image' }),
  Save: type({ images: ['IMAGE'], filename_prefix: ['STRING', { default: 'x' }] }, [], { title: 'Save Image', output: true })
}

/** @param {object} [workflow] @param {object} [info] the node types */
export function makeContext(workflow = {}, info = OBJECT_INFO) {
  const store = new Store()
  store.load(load(workflow).records)
  const graph = new Graph(store)
  const types = new NodeTypes(new Schema(info), graph)
  const scene = new Scene(store, graph, types, () => null)
  store.listen((diff, source) => (source === 'load' ? scene.rebuild() : scene.follow(diff)))
  const notices = []
  const context = {
    store, graph, types, scene, notices, graphId: '', selection: new Set(),
    select: (ids) => (context.selection = new Set([...ids].filter((id) => store.has(id)))),
    rectOf: (node) => scene.rect(node),
    outputType: (node, slot) => scene.outputType(node, slot),
    notify: (message) => notices.push(message)
  }
  store.derive((diff) => followGrowth(context, diff))
  return context
}

/** The socket of a node by name. */
export function socket(context, id, side, name) {
  const place = context.scene.view(context.store.node(id)).layout.sockets.find((each) => each.side === side && each.name === name)
  if (!place) throw new Error(`${id} has no ${side}put "${name}"`)
  return { node: id, side, index: place.index, name, type: place.type }
}
