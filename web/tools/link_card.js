/**
 * The card of the link that the pointer rests on; without a pointer that hovers, of the link that is selected alone.
 *
 * @typedef {import('../model/types.js').LinkRecord} LinkRecord
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { pointAt } from '../geometry/bezier.js'
import { t } from '../language/t.js'
import { drawLinkCard } from '../view/draw_link_card.js'
import { picturesOf } from '../view/node_pictures.js'

/** How long the pointer rests before the card comes, in ms. */
const REST = 300
/** Types whose reader shows what came in, where it gives nothing on. */
const SHOWN = new Set(['IMAGE', 'MASK', 'VIDEO'])

export class LinkCard {
  /** @type {RecordId | null} */
  #link = null
  /** @type {import('../geometry/vec.js').Point | null} */
  #at = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  #tapped = false
  #end = () => {}

  /** @param {import('./editor.js').Editor} editor */
  constructor(editor) {
    this.editor = editor
  }

  /** The pointer is over something else now. @param {import('../model/types.js').Target} target */
  hover(target) {
    const link = target.kind === 'link' ? target.link : null
    // A finger that is gone hovers over nothing; what it tapped stays told.
    if (link === this.#link || (this.#tapped && link === null)) return
    this.hide()
    this.#link = link
    if (link !== null) this.#timer = setTimeout(() => this.#show(null), REST)
  }

  /** A finger or a pen chose it: nothing hovers, so the card comes with the choice. @param {RecordId} link */
  tap(link) {
    this.hide()
    this.#link = link
    this.#tapped = true
    const curves = this.editor.scene.wire(link)?.curves ?? []
    const curve = curves[Math.floor(curves.length / 2)]
    if (curve) this.#show(this.editor.toScreen(pointAt(curve, curves.length > 1 ? 0 : 0.5)))
  }

  hide() {
    clearTimeout(this.#timer)
    this.#link = null
    this.#tapped = false
    this.#end()
    this.#end = () => {}
  }

  /** @param {import('../geometry/vec.js').Point | null} at */
  #show(at) {
    const { editor } = this
    // It stays where the pointer came to rest: a card that follows is hard to read.
    const point = editor.input.point
    this.#at = at ?? (point && editor.toScreen(point))
    this.#end = editor.paint((ctx, theme) => {
      const link = editor.store.link(this.#link ?? '')
      const facts = link && this.#facts(link)
      if (!facts || !this.#at) return
      const { zoom, x, y } = editor.camera
      ctx.translate(x, y)
      ctx.scale(1 / zoom, 1 / zoom)
      drawLinkCard(ctx, theme, facts, this.#at, editor.viewSize)
    })
  }

  /** @param {LinkRecord} link @returns {import('../view/draw_link_card.js').LinkFacts | null} */
  #facts(link) {
    const { editor } = this
    const [source, reader] = [editor.graph.source(link), editor.graph.reader(link)]
    if (!source || !reader) return null
    const name = (/** @type {NodeRecord} */ node) => editor.scene.view(node).title || t('Reroute')
    const { node, slot } = this.#origin(link, source)
    const type = editor.scene.wire(link.id)?.type ?? link.type
    const picture = this.#picture(node, reader, type)
    const told = editor.statusOf(node).outputs[slot]?.text ?? ''
    const fact = told || (picture ? `${picture.width}×${picture.height}` : '')
    return { type, from: name(source), to: name(reader), fact, picture }
  }

  /** Where what flows comes from, through old reroutes. @param {LinkRecord} link @param {NodeRecord} source @returns {{node: NodeRecord, slot: number}} */
  #origin(link, source) {
    const { graph } = this.editor
    let [node, slot] = [source, link.fromSlot]
    for (let hop = 0; node.type === 'Reroute' && hop < 100; hop++) {
      const before = graph.linkInto(node, 0)
      const next = before && graph.source(before)
      if (!before || !next) break
      node = next
      slot = before.fromSlot
    }
    return { node, slot }
  }

  /** @param {NodeRecord} source @param {NodeRecord} reader @param {string} type @returns {ImageBitmap | null} */
  #picture(source, reader, type) {
    const { editor } = this
    if (type !== 'LATENT' && !SHOWN.has(type)) return null
    const shown = (/** @type {NodeRecord} */ node) => picturesOf(node, editor.schema, editor.statusOf(node))
    const own = shown(source)
    if (own.preview) return own.preview
    const [ref] = own.refs.length || reader.outputs.length || !SHOWN.has(type) ? own.refs : shown(reader).refs
    return ref ? editor.pictures.get(ref).bitmap : null
  }
}
