/**
 * The server's model files as the panel lists them: read at once, looked through here. What the files are is told as it is
 * found out.
 *
 * @typedef {object} Model
 * @property {string} kind  the folder's kind, such as `loras`
 * @property {string} name  as a node's widget has it
 * @property {string} title  without folder and ending
 * @property {string} folder  '' for the kind's own
 * @property {number} size
 * @property {number} modified  s
 * @property {number} picture  its time; 0 for none
 * @property {string} is  what it is by its tensors; '' where they do not say
 * @property {string | null} family  null while nobody has looked
 * @property {string} precision
 * @property {boolean} starred
 * @property {readonly string[]} tags
 * @property {string} words  what a search looks in
 *
 * @typedef {'name' | 'newest' | 'largest'} Sort
 * @typedef {{ kind: string, folder: string, text: string, family: string, starred: boolean, sort: Sort }} Wanted
 */
import { t } from '../language/t.js'

/** How long until files that are still being read are asked for again, in ms. */
const AGAIN = 2500

export class Catalogue {
  /** @param {import('../api/client.js').Client} client @param {() => void} changed */
  constructor(client, changed) {
    this.client = client
    this.changed = changed
    /** @type {Map<string, Model[]>} */
    this.kinds = new Map()
    this.unread = 0
    /** Whether sizes and times are being looked at. */
    this.looks = false
    /** Why there is nothing, or ''. */
    this.failure = ''
    this.read = false
    this.ended = false
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
  }

  /** @param {boolean} [again]  whether this is asked for what was still being looked at */
  async load(again = false) {
    clearTimeout(this.timer)
    try {
      const answer = await this.client.json('/easel/model_library')
      this.kinds = new Map(Object.entries(answer.kinds).map(([kind, rows]) => [kind, /** @type {any[]} */ (rows).map(row => modelOf(kind, row))]))
      this.unread = answer.unread
      this.looks = answer.looks
      this.failure = ''
      this.read = true
    } catch (error) {
      this.failure = /** @type {Error} */ (error).message
    }
    if (this.ended) return
    if (this.unread || (this.looks && !again)) this.timer = setTimeout(() => void this.load(true), AGAIN)
    this.changed()
  }

  end() {
    this.ended = true
    clearTimeout(this.timer)
  }

  /** @param {string} kind */
  of(kind) {
    return this.kinds.get(kind) ?? []
  }

  /** @param {string} kind @param {string} name */
  find(kind, name) {
    return this.of(kind).find(model => model.name === name) ?? null
  }

  /** Kinds that have files, and those that people know, in the order in which they are looked for. */
  shownKinds() {
    return [...this.kinds.keys()].filter(kind => this.of(kind).length || USUAL.includes(kind)).sort((a, b) => rank(a) - rank(b))
  }

  /** @param {Wanted} wanted @returns {Model[]} */
  search({ kind, folder, text, family, starred, sort }) {
    const words = text.toLowerCase().split(/\s+/u).filter(Boolean)
    const found = this.of(kind).filter(model => (!folder || model.folder === folder || model.folder.startsWith(`${folder}/`)) && (!starred || model.starred)
      && (!family || (family === UNKNOWN ? !model.family : model.family === family)) && words.every(word => model.words.includes(word)))
    if (sort === 'newest') found.sort((a, b) => b.modified - a.modified)
    if (sort === 'largest') found.sort((a, b) => b.size - a.size)
    return found
  }

  /** Families of a kind with their numbers, most first. @param {string} kind @returns {[string, number][]} */
  families(kind) {
    return counted(this.of(kind).map(model => model.family || UNKNOWN))
  }

  /** Folders of a kind, each with all that lies in it, deeper ones too. @param {string} kind @returns {[string, number][]} */
  folders(kind) {
    const all = counted(this.of(kind).flatMap(({ folder }) => folder.split('/').map((_part, index, parts) => parts.slice(0, index + 1).join('/')).filter(Boolean)))
    return all.sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }))
  }
}

/** Among families: those that nobody knows. */
export const UNKNOWN = '?'

/** @param {readonly string[]} words @returns {[string, number][]} */
function counted(words) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])
}

/** @param {string} kind @param {any[]} row @returns {Model} */
function modelOf(kind, [name, size, modified, picture, is, family, precision, starred, tags]) {
  const cut = name.lastIndexOf('/')
  const title = name.slice(cut + 1).replace(/\.[a-z0-9]{1,12}$/iu, '')
  return {
    kind, name, title, folder: cut < 0 ? '' : name.slice(0, cut), size, modified, picture, is: is ?? '', family, precision: precision ?? '', starred, tags,
    words: `${name} ${family ?? ''} ${is ?? ''} ${precision ?? ''} ${tags.join(' ')}`.toLowerCase(),
  }
}

const USUAL = ['checkpoints', 'diffusion_models', 'loras', 'vae', 'text_encoders', 'controlnet', 'embeddings', 'upscale_models']

/** @param {string} kind */
const rank = kind => (USUAL.includes(kind) ? USUAL.indexOf(kind) : USUAL.length)

/** @param {string} kind */
export function kindName(kind) {
  return KINDS.get(kind)?.() ?? kind.replaceAll('_', ' ')
}

/** @type {Map<string, () => string>} */
const KINDS = new Map([
  ['checkpoints', () => t('Checkpoints')], ['diffusion_models', () => t('Diffusion models')], ['loras', () => t('LoRAs')], ['vae', () => t('VAEs')],
  ['text_encoders', () => t('Text encoders')], ['controlnet', () => t('ControlNets')], ['embeddings', () => t('Embeddings')], ['upscale_models', () => t('Upscalers')],
  ['clip_vision', () => t('Image encoders')], ['style_models', () => t('Style models')], ['hypernetworks', () => t('Hypernetworks')], ['vae_approx', () => t('Small decoders')],
])

/** @param {Model} model @returns {string | null} */
export function pictureOf({ kind, name, picture }) {
  return picture ? `/easel/model_picture/${encodeURIComponent(kind)}?${new URLSearchParams({ name, v: String(picture) })}` : null
}
