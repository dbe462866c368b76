/**
 * Words offered while one types a prompt: embeddings after `embedding:`, LoRAs after `<lora:`, and tags of a list of one's own.
 *
 * @typedef {import('./completion.js').Offers} Offers
 * @typedef {{name: string, kind: string, count: number, aliases: readonly string[]}} Tag
 * @typedef {object} Sources
 * @property {() => Promise<readonly string[]>} embeddings
 * @property {() => readonly string[]} loras
 * @property {() => Promise<string>} tags  the text of the list, '' for none
 */
import { t } from '../language/t.js'
import { matching } from './matching.js'

const MOST = 100
/** Letters of a tag before anything is offered. */
const LEAST = 2
const BREAKS = /[,\n(){}|<>[\]]/u

export class PromptWords {
  /** @type {Promise<readonly Tag[]> | null} */
  #tags = null
  /** @type {Promise<readonly string[]> | null} */
  #embeddings = null

  /** @param {Sources} sources */
  constructor(sources) {
    this.sources = sources
  }

  /** The server's files may be others now. */
  forget() {
    this.#tags = this.#embeddings = null
  }

  /** @param {string} text @param {number} caret @returns {Promise<Offers | null>} */
  async find(text, caret) {
    const before = text.slice(Math.max(0, caret - 200), caret)
    const name = /(?:\b(embedding:)|<lora:)([^\s,()<>{}|]*(?: [^\s,()<>{}|:]+)*)$/iu.exec(before)
    if (name) return this.#files(name[1] !== undefined, name[2] ?? '', caret)
    const word = (before.split(BREAKS).pop() ?? '').trimStart()
    if (word.trim().length < LEAST || /[:\\/]/u.test(word)) return null
    const tags = await (this.#tags ??= this.sources.tags().then(readTags, () => []))
    const found = findTags(tags, word.trim().toLowerCase().replaceAll(' ', '_'))
    const rest = text.slice(caret, caret + 60)
    const ends = /^\s*(?:$|\n)/u.test(rest)
    return {
      from: caret - word.length, to: caret,
      offers: found.map(({ tag, alias }) => ({
        text: written(tag.name) + (ends ? ', ' : ''), label: alias ? `${alias} → ${tag.name}` : tag.name, aside: shortCount(tag.count), tone: tag.kind,
      })),
    }
  }

  /** @param {boolean} embeddings @param {string} typed @param {number} caret @returns {Promise<Offers>} */
  async #files(embeddings, typed, caret) {
    const names = embeddings ? await (this.#embeddings ??= this.sources.embeddings().catch(() => [])) : this.sources.loras().map(name => name.replace(/\.[a-z]+$/iu, ''))
    return {
      from: caret - typed.length, to: caret,
      offers: matching([...names], typed).slice(0, MOST).map(each => ({ text: embeddings ? each : `${each}:1>`, label: each, aside: embeddings ? t('embedding') : 'LoRA', back: embeddings ? 0 : 1 })),
    }
  }
}

/**
 * A list of tags: `name,category,count,"alias,alias"` a line, as others keep them, or one name a line. The most used first.
 * @param {string} text @returns {Tag[]}
 */
function readTags(text) {
  /** @type {Tag[]} */
  const tags = []
  for (const line of text.split('\n')) {
    const [, quotedName, plainName, kind = '', count = '', quoted = '', plain = ''] = /^(?:"([^"]*)"|([^,]*))(?:,([^,]*))?(?:,\s*(\d*))?(?:,(?:"([^"]*)"|(.*)))?\r?$/u.exec(line) ?? []
    const name = (quotedName ?? plainName ?? '').trim()
    if (!name || name.startsWith('#')) continue
    tags.push({ name, kind: kind.trim(), count: Number(count) || 0, aliases: (quoted || plain).split(',').map(alias => alias.trim().toLowerCase()).filter(Boolean) })
  }
  return tags.sort((a, b) => b.count - a.count)
}

/** Those that begin so first, then those with a word that does; by use within each. @param {readonly Tag[]} tags @param {string} word @returns {{tag: Tag, alias: string | null}[]} */
function findTags(tags, word) {
  /** @type {{tag: Tag, alias: string | null}[][]} */
  const ranks = [[], [], []]
  for (const tag of tags) {
    const name = tag.name.toLowerCase().replaceAll(' ', '_')
    if (name.startsWith(word)) ranks[0]?.push({ tag, alias: null })
    else {
      const alias = tag.aliases.find(other => other.replaceAll(' ', '_').startsWith(word))
      if (alias) ranks[1]?.push({ tag, alias })
      else if (name.includes(`_${word}`)) ranks[2]?.push({ tag, alias: null })
    }
    if ((ranks[0]?.length ?? 0) >= MOST) break
  }
  return ranks.flat().slice(0, MOST)
}

/** As a prompt has it: spaces, and brackets that are letters. @param {string} name */
const written = name => name.replaceAll('_', ' ').replaceAll(/[()]/gu, '\\$&')

/** @param {number} count */
function shortCount(count) {
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`
  return count >= 1000 ? `${Math.round(count / 1000)} k` : count > 0 ? String(count) : ''
}
