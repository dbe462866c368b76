/** What a picture says of itself: its size, and of the graph in its text what one asks for first. */
import { isInfoText, readInfoText } from '../import/infotext.js'
import { readPictureText } from '../import/texts.js'
import { t } from '../language/t.js'
import { bytesInWords, rowLabel } from '../model/words.js'
import { fill, h } from './dom.js'

/** Inputs worth telling, in this order. */
const TOLD = ['ckpt_name', 'unet_name', 'lora_name', 'seed', 'noise_seed', 'steps', 'cfg', 'guidance', 'sampler_name', 'scheduler', 'denoise']
const MOST_TEXT = 2000
const MOST_VALUES = 20

/** @typedef {{ label: string, value: string }} Row */

/**
 * The values in a prompt (API format) that one asks for first: texts, models, seeds, steps.
 *
 * @param {any} prompt
 * @returns {Row[]}
 */
export function summary(prompt) {
  /** @type {Row[]} */
  const texts = []
  /** @type {Map<string, Set<string>>} */
  const values = new Map()
  for (const node of Object.values(prompt && typeof prompt === 'object' ? prompt : {})) {
    const { class_type: type, inputs } = /** @type {any} */ (node) ?? {}
    if (typeof type !== 'string' || !inputs || typeof inputs !== 'object') continue
    for (const [name, value] of Object.entries(inputs)) {
      if (typeof value === 'string' && /text|prompt/u.test(name) && /encode|prompt/iu.test(type) && value.trim()) {
        texts.push({ label: /** @type {any} */ (node)?._meta?.title || t('Text'), value: value.slice(0, MOST_TEXT) })
      } else if (TOLD.includes(name) && (typeof value === 'string' || typeof value === 'number')) {
        values.set(name, (values.get(name) ?? new Set()).add(String(value)))
      }
    }
  }
  return [...texts, ...TOLD.flatMap(name => (values.has(name) ? [{ label: rowLabel(name), value: [...(values.get(name) ?? [])].join(', ') }] : []))]
}

export function createDetails() {
  const list = h('dl')
  const element = h('aside.details.scrolls', { 'aria-label': t('Details of the picture'), hidden: true }, list)
  /** @type {{ url: string, name: string } | null} */
  let shown = null
  /** @type {HTMLImageElement | null} */
  let image = null
  let read = ''

  async function draw() {
    if (element.hidden) return
    if (!shown) return fill(list, h('p.quiet', {}, t('Nothing is known of this file.')))
    const picture = shown
    const size = image?.naturalWidth ? `${image.naturalWidth} × ${image.naturalHeight}` : ''
    /** @type {Row[]} */
    const rows = [{ label: t('File'), value: picture.name }, ...(size ? [{ label: t('Size'), value: size }] : [])]
    fill(list, rows.map(row))
    if (!size) return undefined
    read = picture.url
    const found = await readAll(picture).catch(() => [])
    if (read === picture.url && shown === picture) fill(list, [...rows, ...found].map(row))
    return undefined
  }

  return {
    element,
    toggle() {
      element.hidden = !element.hidden
      void draw()
    },
    /** @param {{ url: string, name: string } | null} picture @param {HTMLImageElement} from */
    show(picture, from) {
      shown = picture
      image = from
      void draw()
    },
  }
}

/** @param {Row} row */
const row = ({ label, value }) => h('div', {}, h('dt', {}, label), h('dd', {}, value))

/** What A1111's text says. @param {string} text @returns {Row[]} */
function told(text) {
  const { prompt, negative, values } = readInfoText(text)
  const rows = [{ label: t('Prompt'), value: prompt }, { label: t('Negative prompt'), value: negative }, ...[...values].slice(0, MOST_VALUES).map(([label, value]) => ({ label, value }))]
  return rows.filter(({ value }) => value).map(({ label, value }) => ({ label, value: value.slice(0, MOST_TEXT) }))
}

/** @param {{ url: string, name: string }} picture @returns {Promise<Row[]>} */
async function readAll({ url, name }) {
  const answer = await fetch(url)
  if (!answer.ok) return []
  const blob = await answer.blob()
  const weight = { label: t('Weight'), value: bytesInWords(blob.size) }
  const texts = await readPictureText(new File([blob], name, { type: blob.type }))
  const words = texts.parameters ?? texts.UserComment ?? ''
  if (!texts.prompt && isInfoText(words)) return [weight, ...told(words)]
  try {
    return [weight, ...summary(JSON.parse(texts.prompt ?? 'null'))]
  } catch {
    return [weight] // a text that is no JSON: the picture is another program's
  }
}
