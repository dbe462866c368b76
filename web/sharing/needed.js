/**
 * What a graph file says that it needs: its own list, from a file that was shared here, and the models that the incumbent's
 * files name. Nothing of it is believed but for what is shown, and nothing is ever fetched.
 *
 * @typedef {import('../model/json.js').Json} Json
 *
 * @typedef {object} NeededModel
 * @property {string} directory  the kind of file; empty where the file does not say it
 * @property {string} name
 * @property {string} sha256  empty where it is not known
 * @property {number} size  0 where it is not known
 * @property {string} url  a page about it; empty, or https
 * @property {string} title
 *
 * @typedef {{ name: string, version: string, source: string, types: string[] }} NeededPack
 * @typedef {{ models: NeededModel[], packs: NeededPack[], easel: string }} Needed
 */
import { asList, asObject, asText, isFinite, isObject } from '../model/json.js'

export const SHARE_VERSION = 1
const SHA256 = /^[0-9a-f]{64}$/u

/** What the file of a graph says. @param {unknown} workflow @returns {Needed} */
export function neededBy(workflow) {
  const file = asObject(workflow) ?? {}
  const share = asObject(asObject(asObject(file.extra)?.easel)?.share) ?? {}
  const graphs = [file, ...asList(asObject(file.definitions)?.subgraphs).filter(isObject)]
  const said = [
    ...asList(share.models),
    ...graphs.flatMap(graph => asList(graph.models)),
    ...graphs.flatMap(graph => asList(graph.nodes).flatMap(node => asList(asObject(asObject(node)?.properties)?.models))),
  ]
  /** @type {Map<string, NeededModel>} */
  const models = new Map()
  for (const raw of said) {
    const model = readModel(raw)
    if (!model) continue
    const key = `${model.directory}/${model.name}`
    const known = models.get(key)
    models.set(key, known ? { ...known, sha256: known.sha256 || model.sha256, url: known.url || model.url, title: known.title || model.title, size: known.size || model.size } : model)
  }
  return { models: [...models.values()], packs: asList(share.packs).flatMap(raw => readPack(raw) ?? []), easel: asText(share.easel) ?? '' }
}

/** @param {unknown} raw @returns {NeededModel | null} */
function readModel(raw) {
  const model = asObject(raw)
  const name = asText(model?.name)?.replaceAll('\\', '/')
  if (!model || !name) return null
  const given = (asText(model.sha256) ?? (/^sha-?256$/iu.test(asText(model.hash_type) ?? 'sha256') ? asText(model.hash) : null) ?? '').toLowerCase()
  return {
    directory: asText(model.directory) ?? '', name, sha256: SHA256.test(given) ? given : '', size: isFinite(model.size) ? model.size : 0,
    url: address(model.url), title: asText(model.title) ?? '',
  }
}

/** @param {unknown} raw @returns {NeededPack | null} */
function readPack(raw) {
  const pack = asObject(raw)
  const name = asText(pack?.name)
  if (!pack || !name) return null
  return { name, version: asText(pack.version) ?? '', source: address(pack.source), types: asList(pack.types).flatMap(type => asText(type) ?? []) }
}

/** Only addresses of pages that a browser may safely open. @param {unknown} value */
function address(value) {
  const text = asText(value) ?? ''
  return /^https:\/\/[^\s"'<>]+$/u.test(text) ? text : ''
}

/**
 * The file with what it needs, for others; what else it holds stays as it is.
 *
 * @param {Json} workflow @param {{ easel: string, models: any[], packs: any[] }} needs  as the server tells them
 * @returns {Json}
 */
export function withNeeds(workflow, { easel, models, packs }) {
  const extra = asObject(workflow.extra) ?? {}
  const share = {
    version: SHARE_VERSION, easel,
    models: models.map(({ directory, name, size, sha256, title, url }) => ({ directory, name, size, ...(sha256 ? { sha256 } : {}), ...(title ? { title } : {}), ...(address(url) ? { url } : {}) })),
    packs: packs.map(({ name, version, source, types }) => ({ name, ...(version ? { version } : {}), ...(address(source) ? { source } : {}), types })),
  }
  return { ...workflow, extra: { ...extra, easel: { ...asObject(extra.easel), share } } }
}

/**
 * How what is needed is here, in the order in which it matters.
 *
 * @typedef {'missing' | 'other' | 'renamed' | 'off' | 'version' | 'looking' | 'here'} State
 * @typedef {{ what: 'model' | 'pack', name: string, state: State, model?: NeededModel, pack?: NeededPack, as?: string, here?: string }} Item
 *
 * @param {Needed} needed
 * @param {{ models: { state: State, as?: [string, string] }[], packs: Record<string, string | null> }} answer  of the server
 * @param {(name: string) => { name: string, standing: string } | null} packHere
 * @returns {Item[]}
 */
export function itemsOf(needed, answer, packHere) {
  /** @type {Item[]} */
  const models = needed.models.map((model, index) => {
    const found = answer.models[index]
    return { what: 'model', name: model.name, model, state: found?.state ?? 'missing', ...(found?.as ? { as: found.as[1] } : {}) }
  })
  /** @type {Item[]} */
  const packs = needed.packs.map(pack => {
    const here = packHere(pack.name)
    const version = answer.packs[here?.name ?? pack.name] ?? ''
    const state = !here ? 'missing' : here.standing === 'off' ? 'off' : ['failed', 'broken'].includes(here.standing) ? 'other' : pack.version && version && pack.version !== version ? 'version' : 'here'
    return { what: 'pack', name: pack.name, pack, state, here: state === 'version' ? version : here?.name ?? '' }
  })
  return [...models, ...packs].sort((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state))
}

/** @type {readonly State[]} */
const ORDER = ['missing', 'other', 'renamed', 'off', 'version', 'looking', 'here']

/** Those that keep the graph from being what it was. @param {readonly Item[]} items */
export const lacking = items => items.filter(({ state }) => ['missing', 'other', 'renamed', 'off'].includes(state))
