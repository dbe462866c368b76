/** Titles, descriptions and tags of our own templates in the person's language; those of packs stay as they are. */
import { t } from '../language/t.js'

/** @type {Record<string, () => { title: string, description: string }>} */
const WORDS = {
  'add-detail': () => ({ title: t('Enlarge in latent space'), description: t('Scales the latent by a half and draws the new pixels: more detail than any scaling of the picture.') }),
  compare: () => ({ title: t('Compare two settings'), description: t('The same seed drawn at two strengths of the prompt.') }),
  default: () => ({ title: t('Text to picture'), description: t('The first graph: words, a sampler, a picture.') }),
  'draw-a-part': () => ({ title: t('Draw a part anew'), description: t('Draws a picture, then draws only the part that a mask selects, with other words.') }),
  'draw-over': () => ({ title: t('Draw over a picture'), description: t('Draws a picture, then draws over it with other words. Denoise says how much of the first is kept.') }),
  enlarge: () => ({ title: t('Enlarge with a model'), description: t('Draws a picture and enlarges it four times with a trained upscaler.') }),
  'mix-words': () => ({ title: t('Mix two prompts'), description: t('Something between two things: how much of each is one number.') }),
  'numbers-from-numbers': () => ({ title: t('Numbers from numbers'), description: t('Expressions: the height follows the width, the second sampler follows the first.') }),
  'pictures-and-masks': () => ({ title: t('Pictures and masks'), description: t('No model: paints with masks, scales in two ways, and shows both. It runs in a moment.') }),
  'sampler-in-parts': () => ({ title: t('A sampler in parts'), description: t('Noise, guidance, method and steps as nodes of their own: each can be exchanged.') }),
  subgraph: () => ({ title: t('A graph within a graph'), description: t('A subgraph that draws from words, used twice with other ones.') }),
  words: () => ({ title: t('Words'), description: t('No model: builds a prompt from parts and shows it. It runs in a moment.') }),
}

/** @type {Record<string, () => string>} */
const TAGS = {
  detail: () => t('detail'),
  variations: () => t('variations'),
  sampling: () => t('sampling'),
  'first steps': () => t('first steps'),
  masks: () => t('masks'),
  'over a picture': () => t('over a picture'),
  prompts: () => t('prompts'),
  expressions: () => t('expressions'),
  'no model': () => t('no model'),
  subgraphs: () => t('subgraphs'),
}

/** @param {Pick<import('../api/library.js').Template, 'name' | 'pack' | 'title' | 'description' | 'tags'>} template */
export function wordsOf({ name, pack, title, description, tags }) {
  if (pack) return { title, description, tags }
  return { title, description, ...WORDS[name]?.(), tags: tags.map(tag => TAGS[tag]?.() ?? tag) }
}
