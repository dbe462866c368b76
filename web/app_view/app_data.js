/**
 * The app of a graph: which of its inputs and outputs make a form, and how it is laid out. It is a part of the document
 * (`extra.easel.app`), so it is saved, undone and moved with it. Fields that are not known stay.
 *
 * @typedef {object} Ref  what an item is about
 * @property {string} node  id in the prompt, as it was when the item was last placed
 * @property {string} mark  `properties.easel_app` of the node, which goes with it into and out of subgraphs
 *
 * @typedef {Ref & { kind: 'input', id: string, widget: string, label: string, help: string, wide: boolean, min?: number, max?: number, step?: number, choices?: readonly unknown[], value?: unknown, random?: boolean }} AppInput
 * @typedef {{ kind: 'heading' | 'text' | 'divider', id: string, text: string }} AppWords
 * @typedef {AppInput | AppWords} AppItem
 * @typedef {Ref & { id: string, label: string }} AppOutput
 * @typedef {object} App
 * @property {number} version
 * @property {string} id
 * @property {string} title
 * @property {1 | 2 | 3} columns
 * @property {readonly AppItem[]} items
 * @property {readonly AppOutput[]} outputs
 */
import { asList, asObject, asText, isFinite, isObject } from '../model/json.js'

export const VERSION = 1
export const MARK = 'easel_app'
const MOST = 200

/** @returns {string} */
export const freshId = () => Math.random().toString(36).slice(2, 10)

/** @returns {App} */
export const emptyApp = () => ({ version: VERSION, id: freshId(), title: '', columns: 1, items: [], outputs: [] })

/** Was it written by a newer version than this one can change? @param {unknown} extra */
export function isNewer(extra) {
  const version = asObject(asObject(asObject(extra)?.easel)?.app)?.version
  return typeof version === 'number' && version > VERSION
}

/** The app that a document has; null for none. What makes no sense is left out. @param {unknown} extra @returns {App | null} */
export function readApp(extra) {
  const found = asObject(extra)
  const own = asObject(asObject(found?.easel)?.app)
  if (own) return readOwn(own)
  const linear = asObject(found?.linearData)
  return linear ? readLinear(linear) : null
}

/** @param {import('../model/json.js').Json} own @returns {App} */
function readOwn(own) {
  /** @type {Set<string>} */
  const ids = new Set()
  const idOf = (/** @type {unknown} */ given) => {
    const wanted = asText(given) ?? ''
    const id = /^[\w-]{1,40}$/u.test(wanted) && !ids.has(wanted) ? wanted : freshId()
    ids.add(id)
    return id
  }
  const items = asList(own.items).slice(0, MOST).flatMap(raw => (isObject(raw) ? readItem(raw, idOf) : []))
  const outputs = asList(own.outputs).slice(0, MOST).flatMap(raw =>
    isObject(raw) && raw.node !== undefined ? [{ ...raw, id: idOf(raw.id), node: String(raw.node), mark: asText(raw.mark) ?? '', label: asText(raw.label) ?? '' }] : [])
  const columns = own.columns === 2 || own.columns === 3 ? own.columns : 1
  return { ...own, version: isFinite(own.version) ? own.version : VERSION, id: asText(own.id) || freshId(), title: asText(own.title) ?? '', columns, items, outputs }
}

/** @param {import('../model/json.js').Json} raw @param {(given: unknown) => string} idOf @returns {AppItem[]} */
function readItem(raw, idOf) {
  if (raw.kind === 'heading' || raw.kind === 'text' || raw.kind === 'divider') return [{ ...raw, kind: raw.kind, id: idOf(raw.id), text: asText(raw.text) ?? '' }]
  if (raw.kind !== 'input' || raw.node === undefined || typeof raw.widget !== 'string') return []
  const { min, max, step, choices, ...rest } = raw
  return [{
    ...rest, kind: 'input', id: idOf(raw.id), node: String(raw.node), mark: asText(raw.mark) ?? '', widget: raw.widget,
    label: asText(raw.label) ?? '', help: asText(raw.help) ?? '', wide: raw.wide === true,
    ...(isFinite(min) ? { min } : {}), ...(isFinite(max) ? { max } : {}), ...(isFinite(step) && step > 0 ? { step } : {}),
    ...(Array.isArray(choices) ? { choices } : {}),
  }]
}

/**
 * The form that ComfyUI keeps of a graph: `inputs` as pairs of a node and a widget, `outputs` as nodes.
 * @param {import('../model/json.js').Json} linear @returns {App | null}
 */
function readLinear(linear) {
  const items = asList(linear.inputs).slice(0, MOST).flatMap((raw, index) => {
    const [node, widget] = asList(raw)
    if ((typeof node !== 'string' && typeof node !== 'number') || typeof widget !== 'string') return []
    return [/** @type {AppInput} */ ({ kind: 'input', id: `linear-${index}`, node: String(node), mark: '', widget, label: '', help: '', wide: false })]
  })
  const outputs = asList(linear.outputs).slice(0, MOST).flatMap((node, index) =>
    typeof node === 'string' || typeof node === 'number' ? [{ id: `linear-out-${index}`, node: String(node), mark: '', label: '' }] : [])
  return items.length || outputs.length ? { version: VERSION, id: 'linear', title: '', columns: 1, items, outputs } : null
}

/** A document's `extra` with the app; without it for null. @param {unknown} extra @param {App | null} app */
export function withApp(extra, app) {
  const found = asObject(extra) ?? {}
  const { app: _, ...others } = asObject(found.easel) ?? {}
  const easel = app ? { ...others, app } : others
  const { easel: __, ...rest } = found
  return Object.keys(easel).length ? { ...rest, easel } : rest
}

/** The items with one moved to another place. @template T @param {readonly T[]} items @param {number} from @param {number} to @returns {T[]} */
export function moved(items, from, to) {
  const copy = [...items]
  const [item] = copy.splice(from, 1)
  if (item !== undefined) copy.splice(Math.max(0, Math.min(to, copy.length)), 0, item)
  return copy
}
