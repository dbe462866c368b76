/**
 * Models and the open graph: which nodes use one, a node that loads it, its words in a prompt, those that are missing.
 *
 * @typedef {import('./catalogue.js').Model} Model
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {{ node: NodeRecord, widget: string, value: string }} Use
 */
import { t } from '../language/t.js'
import { nearest } from '../model/nearest.js'

/** The node that loads a kind, and its widget. @type {ReadonlyMap<string, readonly [string, string]>} */
const LOADERS = new Map([
  ['checkpoints', ['CheckpointLoaderSimple', 'ckpt_name']], ['diffusion_models', ['UNETLoader', 'unet_name']], ['loras', ['LoraLoader', 'lora_name']], ['vae', ['VAELoader', 'vae_name']],
  ['text_encoders', ['CLIPLoader', 'clip_name']], ['controlnet', ['ControlNetLoader', 'control_net_name']], ['upscale_models', ['UpscaleModelLoader', 'model_name']],
  ['clip_vision', ['CLIPVisionLoader', 'clip_name']], ['style_models', ['StyleModelLoader', 'style_model_name']], ['hypernetworks', ['HypernetworkLoader', 'hypernetwork_name']],
  ['gligen', ['GLIGENLoader', 'gligen_name']], ['photomaker', ['PhotoMakerLoader', 'photomaker_model_name']], ['audio_encoders', ['AudioEncoderLoader', 'audio_encoder_name']],
])

export class InGraph {
  /** @param {Editor} editor @param {import('../panels/toasts.js').Toasts} toasts */
  constructor(editor, toasts) {
    this.editor = editor
    this.toasts = toasts
  }

  /** @param {string} kind */
  loaderType(kind) {
    const [name] = LOADERS.get(kind) ?? []
    return (name && this.editor.types.get(name)) || null
  }

  /** In the selected node that loads such a file, else as a new node. @param {Model} model */
  use(model) {
    if (model.kind === 'embeddings') return this.insert(`embedding:${model.name.replace(/\.[a-z0-9]{1,12}$/iu, '')}`)
    const { editor } = this
    const selected = [...editor.selection].map(id => this.#takes(id, model)).find(Boolean)
    if (selected) editor.setWidget(selected.node, selected.widget, model.name)
    else this.add(model, null)
    return undefined
  }

  /** The selected node that takes this file. @param {Model} model @returns {string | null} */
  selectedLoader(model) {
    return [...this.editor.selection].find(id => this.#takes(id, model)) ?? null
  }

  /** @param {string} node @param {Model} model */
  #takes(node, { name, kind }) {
    const loader = LOADERS.get(kind)
    const record = this.editor.store.node(node)
    const found = this.editor.widgets(node).find(({ name: widget, spec }) => spec.kind === 'combo' && (spec.options.includes(name) || (record?.type === loader?.[0] && widget === loader?.[1])))
    return found && record ? { node, widget: found.name } : null
  }

  /** @param {Model} model @param {import('../model/types.js').Point | null} point  canvas px; null for the middle of what is seen */
  add(model, point) {
    const { editor } = this
    const [type, widget] = LOADERS.get(model.kind) ?? []
    if (!type || !widget || !editor.types.get(type)) {
      this.toasts.show({ key: 'model', tone: 'warning', text: t('There is no node here that loads {title}.', { title: model.title }) })
      return
    }
    const { w, h } = editor.viewSize
    editor.store.transact(t('Add {title}', { title: model.title }), () => {
      const node = editor.addNode(type, { point: point ?? editor.toCanvas({ x: w * 0.7, y: h / 2 }) })
      if (node) editor.setWidget(node, widget, model.name)
    })
  }

  /** Words at the end of a prompt: the selected node's, or the first that asks for something. @param {string} words */
  insert(words) {
    const { editor } = this
    const target = [...editor.selection].map(id => this.#prompt(id)).find(Boolean) ?? this.#positive()
    if (!target) {
      this.toasts.show({ key: 'model', tone: 'warning', text: t('There is no prompt in this graph to write into.'), detail: t('Select a node with a text, or copy the words.') })
      return
    }
    const { node, widget, value } = target
    editor.setWidget(node.id, widget, value.trim() ? `${value.trimEnd().replace(/,$/u, '')}, ${words}` : words)
    this.toasts.show({ key: 'model', tone: 'done', text: t('Written into {title}.', { title: node.title || editor.types.of(node)?.title || node.type }) })
  }

  /** @param {string} id @returns {Use | null} */
  #prompt(id) {
    const node = this.editor.store.node(id)
    const widget = this.editor.widgets(id).find(({ spec }) => spec.kind === 'text' && spec.multiline)
    return node && widget ? { node, widget: widget.name, value: String(widget.value ?? '') } : null
  }

  /** The prompt that a `positive` socket leads to. */
  #positive() {
    const { graph, graphId } = this.editor
    for (const node of graph.nodes(graphId)) {
      const slot = node.inputs.findIndex(({ name }) => name === 'positive')
      let link = slot < 0 ? null : graph.linkInto(node, slot)
      for (let left = 20; link && left > 0; left -= 1) {
        const source = graph.node(graphId, link.from)
        const found = source && this.#prompt(source.id)
        if (found) return found
        link = source ? source.inputs.map((_slot, index) => graph.linkInto(source, index)).find(Boolean) ?? null : null
      }
    }
    return null
  }

  /** Nodes of the graph on the canvas that name a file. @param {Model} model @returns {Use[]} */
  users({ name, kind }) {
    const word = kind === 'embeddings' ? `embedding:${name.replace(/\.[a-z0-9]{1,12}$/iu, '')}` : null
    return this.#uses(({ spec, value }) => (word ? spec.kind === 'text' && typeof value === 'string' && value.includes(word) : spec.kind === 'combo' && value === name))
  }

  /** Files that nodes name and the server has not, with what is near. @returns {(Use & { near: string[] })[]} */
  missing() {
    return this.#uses(({ spec, value }) => spec.kind === 'combo' && typeof value === 'string' && FILE.test(value) && !spec.options.includes(value) && !spec.upload)
      .map(use => {
        const spec = this.editor.widget(use.node.id, use.widget)?.spec
        return { ...use, near: spec?.kind === 'combo' ? nearest(use.value, spec.options, { limit: 3 }).map(({ choice }) => String(choice)) : [] }
      })
  }

  /** @param {(widget: import('../model/widget_values.js').Widget) => boolean} wanted @returns {Use[]} */
  #uses(wanted) {
    const { graph, graphId } = this.editor
    return [...graph.nodes(graphId)].flatMap(node => this.editor.widgets(node.id).filter(wanted).map(widget => ({ node, widget: widget.name, value: String(widget.value) })))
  }
}

const FILE = /\.(?:safetensors|sft|ckpt|pt|pth|bin|gguf|onnx)$/iu
