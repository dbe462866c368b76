/** Where the pictures of a list's choices are: beside model files, or the files themselves where they are pictures. */
import { viewUrl } from '../api/client.js'

const PIXELS = 256

/** @typedef {(choice: unknown) => string | null} PictureOf */

export class ChoicePictures {
  /** By kind, once they are known. @type {Record<string, Record<string, number>> | null} */
  #models = null
  #asked = 0

  /** @param {import('../api/client.js').Client} client */
  constructor(client) {
    this.client = client
  }

  /** Other files may be there now: they are asked for when nothing else is to be done, so that no list waits for them. */
  forget() {
    const asked = ++this.#asked
    const whenIdle = globalThis.requestIdleCallback ?? (then => setTimeout(then, 500))
    whenIdle(async () => {
      const models = await this.client.modelPictures().catch(() => null)
      if (models && (asked === this.#asked || !this.#models)) this.#models = models // an older answer is better than none
    })
  }

  /** Null for a list that has no pictures. @param {import('../model/schema.js').WidgetSpec} spec @returns {PictureOf | null} */
  of(spec) {
    if (spec.kind !== 'combo' || !spec.options.length) return null
    if (spec.upload === 'image') return choice => inputPicture(String(choice))
    return this.#models && modelPictures(this.#models, spec.options)
  }
}

/**
 * The declaration does not say which folder it lists: it is the one that most of its pictures are of.
 *
 * @param {Record<string, Record<string, number>>} kinds @param {readonly unknown[]} options @returns {PictureOf | null}
 */
export function modelPictures(kinds, options) {
  const names = new Set(options)
  let [best, most] = ['', 0]
  for (const [kind, times] of Object.entries(kinds)) {
    const all = Object.keys(times)
    const known = all.filter(name => names.has(name)).length
    // Another kind's file of the same name does not make this list one of that kind.
    if (known === all.length && known > most) [best, most] = [kind, known]
  }
  const times = kinds[best]
  if (!times) return null
  return choice => {
    const time = times[String(choice)]
    return time === undefined ? null : `/easel/model_picture/${encodeURIComponent(best)}?${new URLSearchParams({ name: String(choice), v: String(time) })}`
  }
}

/** @param {string} name such as `folder/cat.png [output]` */
function inputPicture(name) {
  const [, path = '', type = 'input'] = /^(.*?)(?: \[(input|output|temp)\])?$/u.exec(name) ?? []
  const parts = path.split('/')
  const filename = parts.pop() ?? ''
  return `${viewUrl({ filename, subfolder: parts.join('/'), type }, { preview: 'webp;80' })}&size=${PIXELS}`
}
