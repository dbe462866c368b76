/**
 * The sentences of the page, found in its sources, and what a language file lacks of them.
 *
 *     node tests/web/words.js zh-CN           what is missing, stale or misfits, as JSON
 *     node tests/web/words.js zh-CN --write   the file anew: missing ones as "", which stay English, stale ones taken out
 *
 * @typedef {object} Sentence
 * @property {string} key  the English, as a language file has it; of words that depend on a count, that for many
 * @property {string | null} one  the English for one thing
 * @property {string} place  file and line
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { fits } from '../../web/language/read.js'
import { literalsOf } from './literals.js'

export const WEB = new URL('../../web/', import.meta.url)
const SKIPPED = /^(?:node_modules\/|language\/(?:t|read)\.js)/u

/** Every module of the page: name and source. @returns {[string, string][]} */
export const modules = () => readdirSync(WEB, { recursive: true }).map((name) => String(name).replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.js') && !SKIPPED.test(name)).sort().map((name) => [name, readFileSync(new URL(name, WEB), 'utf8')])

/** Whether a literal is the first argument of t(), or the second or third of many(). @param {import('./literals.js').Literal} literal @returns {'t' | 'one' | 'other' | null} */
export function callOf({ before }) {
  if (/(?<![\w.$])t\( ?$/u.test(before)) return 't'
  const call = /(?<![\w.$])many\((?!.*(?<![\w.$])many\()(.*)$/u.exec(before)?.[1]
  if (call === undefined) return null
  const commas = commasOf(call)
  return commas === 1 ? 'one' : commas === 2 ? 'other' : null
}

/** Commas of the call itself, outside brackets and texts; -1 where the call has ended. @param {string} text */
function commasOf(text) {
  let [depth, commas] = [0, 0]
  for (const part of text.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[()[\]{},]/gu) ?? []) {
    if ('([{'.includes(part)) depth += 1
    else if (')]}'.includes(part)) depth -= 1
    else if (part === ',' && depth === 0) commas += 1
    if (depth < 0) return -1
  }
  return /, ?$/u.test(text) && depth === 0 ? commas : -1
}

/** @param {readonly [string, string][]} files @returns {Sentence[]} */
export function sentencesOf(files) {
  /** @type {Sentence[]} */
  const found = []
  for (const [name, source] of files) {
    if (!/(?:language\/|\.\/)t\.js'/u.test(source)) continue
    let one = null
    for (const literal of literalsOf(source)) {
      const call = callOf(literal)
      if (call === 'one') one = literal.text
      if (call === 't' || call === 'other') found.push({ key: literal.text, one: call === 't' ? null : one, place: `${name}:${literal.line}` })
    }
  }
  return found
}

/** @param {Record<string, unknown>} words @param {readonly Sentence[]} sentences */
export function compare(words, sentences) {
  const keys = [...new Set(sentences.map(({ key }) => key))]
  const known = new Set(keys)
  return {
    missing: keys.filter((key) => !words[key]),
    stale: Object.keys(words).filter((key) => !known.has(key)),
    misfits: keys.filter((key) => words[key] && !fits(key, words[key]))
  }
}

/** @param {string} code */
export const fileOf = (code) => new URL(`languages/${code}.json`, WEB)

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [code = 'zh-CN', option] = process.argv.slice(2)
  const file = JSON.parse(readFileSync(fileOf(code), 'utf8'))
  const sentences = sentencesOf(modules())
  const found = compare(file.words, sentences)
  if (option === '--write') {
    const words = Object.fromEntries([...new Set(sentences.map(({ key }) => key))].map((key) => [key, file.words[key] ?? '']))
    writeFileSync(fileOf(code), `${JSON.stringify({ ...file, words }, null, 2)}\n`)
  } else process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
}
