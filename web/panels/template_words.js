/** Titles, descriptions and tags of our own templates in the person's language; those of packs stay as they are. */
import { t } from '../language/t.js'

/** @type {Record<string, () => { title: string, description: string }>} */
const WORDS = {
}

/** @type {Record<string, () => string>} */
const TAGS = {
}

/** @param {Pick<import('../api/library.js').Template, 'name' | 'pack' | 'title' | 'description' | 'tags'>} template */
export function wordsOf({ name, pack, title, description, tags }) {
  if (pack) return { title, description, tags }
  return { title, description, ...WORDS[name]?.(), tags: tags.map(tag => TAGS[tag]?.() ?? tag) }
}

/** For a test: what is translated. */
export const TRANSLATED = { words: WORDS, tags: TAGS, t }
