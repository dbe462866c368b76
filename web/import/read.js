/**
 * The graph inside a file: JSON as it is, or what a picture, a film or a sound carries: a graph of ours and of the incumbent, or
 * the text of another program, of which a graph is made.
 *
 * @typedef {import('./build.js').AtHand} AtHand
 *
 * @typedef {object} Opened
 * @property {Record<string, unknown>} graph  as `OpenGraph.open` takes it
 * @property {string} from  the program whose text it was made of; '' for a graph that was there
 * @property {string[]} notes  what was left out, or is not as it was
 */
import { askAside } from '../api/aside.js'
import { t } from '../language/t.js'
import { isObject } from '../model/json.js'
import { fromInfoText } from './a1111.js'
import { build } from './build.js'
import { isInfoText } from './infotext.js'
import { fromDream, fromGraph, fromMetadata, fromOldMetadata } from './invokeai.js'
import { graphOf, parseJson } from './json.js'
import { fromComment } from './novelai.js'
import { fromJsonParameters } from './other_tools.js'
import { pixelsOf, readStealth } from './stealth.js'
import { readTexts } from './texts.js'

const LARGEST_JSON = 100 * 2 ** 20
/** From here on JSON is read aside: it would take longer than a frame. */
const LARGE_JSON = 2 ** 20
/** A text file that A1111 writes beside a picture has some thousand letters. */
const LARGEST_WORDS = 4 * 2 ** 20
/** Formats of graphs that are known; 1 is the newest. */
const NEWEST = 1

/**
 * @param {File} file
 * @param {() => Promise<AtHand>} atHand  asked where a graph has to be made
 * @returns {Promise<Opened | null>} null where a picture carries none; throws Error with a sentence for broken files
 */
export async function readGraph(file, atHand) {
  if (isJsonFile(file)) return readJson(file, file.name)
  if (/\.txt$/iu.test(file.name)) return file.size > LARGEST_WORDS ? null : readText(await file.text(), atHand)
  const { texts, tooLarge } = await readTexts(file)
  const found = (await graphIn(texts, atHand)) ?? (await hidden(file, texts, atHand))
  if (!found && tooLarge.length) throw new Error(t('{name} carries a text of more than {size} MB, which was not read.', { name: file.name, size: Math.round(Math.min(...tooLarge) / 2 ** 20) }))
  return found
}

/** Text that was pasted or dropped. @param {string} text @param {() => Promise<AtHand>} atHand @returns {Promise<Opened | null>} */
export async function readText(text, atHand) {
  return isInfoText(text) ? made(fromInfoText(text), await atHand()) : null
}

/** @param {File} file */
const isJsonFile = (file) => file.type === 'application/json' || /\.json$/iu.test(file.name)

/** @param {Blob} file @param {string} name @returns {Promise<Opened>} */
async function readJson(file, name) {
  if (file.size > LARGEST_JSON) throw new Error(t('{name} is too large for a graph ({size} MB).', { name, size: Math.round(file.size / 2 ** 20) }))
  const { graph, isJson } = await parsedAside(file)
  if (!isJson) throw new Error(t('{name} is no JSON.', { name }))
  if (!graph) throw new Error(t('The JSON in {name} holds no graph: neither nodes nor classes are in it.', { name }))
  return { graph, from: '', notes: newer(graph) }
}

/** @param {Blob} file @returns {Promise<import('./worker.js').Answer>} */
async function parsedAside(file) {
  if (file.size > LARGE_JSON) {
    const answer = await askAside('import/worker.js', file, new AbortController().signal).catch(() => null)
    if (answer) return /** @type {import('./worker.js').Answer} */ (answer)
  }
  const json = parseJson(await file.text())
  return { graph: graphOf(json), isJson: json !== null }
}

/** @param {Record<string, unknown>} graph */
function newer({ version, nodes }) {
  if (!Array.isArray(nodes) || typeof version !== 'number' || version < NEWEST + 1) return []
  return [t('Its format, {version}, is newer than this version of Easel: what is not known here is kept, and may not be shown.', { version })]
}

/** The first text that makes sense: graphs before words. @param {import('./texts.js').Texts} texts @param {() => Promise<AtHand>} atHand @returns {Promise<Opened | null>} */
async function graphIn(texts, atHand) {
  for (const keyword of ['workflow', 'prompt', 'comment', 'UserComment', 'ImageDescription', 'Description']) {
    const text = texts[keyword]
    if (!text || !/^\s*[{"]/u.test(text)) continue
    const { graph } = await parsedAside(new Blob([text]))
    if (graph) return { graph, from: '', notes: newer(graph) }
  }
  const recipe = recipeIn(texts)
  return recipe && made(recipe, await atHand())
}

/** @param {import('./texts.js').Texts} texts @returns {import('./recipe.js').Recipe | null} */
function recipeIn(texts) {
  for (const keyword of ['parameters', 'UserComment', 'Comment', 'comment', 'ImageDescription']) {
    if (texts[keyword] && (keyword === 'parameters' ? !/^\s*\{/u.test(texts[keyword]) : isInfoText(texts[keyword]))) return fromInfoText(texts[keyword])
  }
  const json = (/** @type {string} */ keyword) => {
    const value = parseJson(texts[keyword])
    return isObject(value) ? value : null
  }
  const parameters = json('parameters') ?? json('UserComment')
  const other = parameters && fromJsonParameters(parameters)
  if (other) return other
  const metadata = json('invokeai_metadata')
  if (metadata && (metadata.positive_prompt !== undefined || metadata.steps !== undefined)) return fromMetadata(metadata)
  for (const keyword of ['invokeai_graph', 'invokeai_workflow']) {
    const graph = json(keyword)
    const recipe = graph && fromGraph(graph)
    if (recipe) return recipe
  }
  const old = json('sd-metadata')
  if (old) return fromOldMetadata(old)
  if (texts.Dream) return fromDream(texts.Dream)
  return novelAiIn(json('Comment') ?? json('UserComment'), texts)
}

/** @param {Record<string, any> | null} comment @param {Record<string, any>} beside */
function novelAiIn(comment, beside) {
  if (!comment) return null
  if (typeof comment.Comment === 'string') return novelAiIn(parsedObject(comment.Comment), comment) // all of it as one text
  if (comment.sampler === undefined && comment.uc === undefined && comment.v4_prompt === undefined) return null
  return fromComment(comment, { source: textOf(beside.Source), description: textOf(beside.Description) })
}

/** @param {unknown} value */
const textOf = (value) => (typeof value === 'string' ? value : '')

/** @param {string} text */
function parsedObject(text) {
  const value = parseJson(text)
  return isObject(value) ? value : null
}

/** Words in the last bits of a picture that says nothing else. @param {File} file @param {import('./texts.js').Texts} texts @param {() => Promise<AtHand>} atHand */
async function hidden(file, texts, atHand) {
  if (!/^image\/(?:png|webp)$/u.test(file.type) && !/\.(?:png|webp)$/iu.test(file.name)) return null
  const pixels = await pixelsOf(file)
  const text = pixels && (await readStealth(pixels))
  if (!text) return null
  const json = parsedObject(text)
  const recipe = json ? novelAiIn(json, { ...texts, ...json }) : isInfoText(text) ? fromInfoText(text) : null
  return recipe && made(recipe, await atHand())
}

/** @param {import('./recipe.js').Recipe} recipe @param {AtHand} atHand @returns {Opened} */
function made(recipe, atHand) {
  const { workflow, left } = build(recipe, atHand)
  return { graph: workflow, from: recipe.source, notes: left }
}
