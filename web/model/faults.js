/**
 * What is wrong with a node, by kind: what the server's check finds when a graph is queued, and what the page sees before.
 *
 * @typedef {import('./json.js').Json} Json
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('./widget_values.js').Widget} Widget
 *
 * @typedef {object} Fault
 * @property {string} kind As the server names it, such as `value_not_in_list`.
 * @property {string} message One sentence for the artist, without the node's name.
 * @property {string | null} input
 * @property {Json} extra What the server says besides: `path`, `linked_node`, ...
 */
import { fromServer } from '../language/server.js'
import { t } from '../language/t.js'
import { asObject, asText } from './json.js'
import { labelOf } from './labels.js'
import { BYPASSED, MUTED } from './modes.js'
import { nearest } from './nearest.js'

/** Kinds in the order in which they are worth looking at: without its type or a link, a node's files are of no concern. */
const ORDER = [
  'failed', 'missing_node_type', 'node_not_in_this_version', 'dependency_cycle', 'required_input_missing', 'return_type_mismatch', 'bad_linked_input',
  'exception_during_validation', 'invalid_input_type', 'value_smaller_than_min', 'value_bigger_than_max', 'value_not_in_list', 'custom_validation_failed',
  'missing_file', 'noted'
]

/** @param {Pick<Fault, 'kind'>} fault */
export const rankOf = ({ kind }) => (ORDER.indexOf(kind) + ORDER.length) % ORDER.length

/** What stands over the problems of a kind. @param {string} kind */
export function headOf(kind) {
  if (kind === 'missing_node_type') return t('Node types that are not installed')
  if (kind === 'node_not_in_this_version') return t('Not in this version yet')
  if (kind === 'failed') return t('Failed')
  if (kind === 'noted') return t('Noted by the last run')
  if (FILES.has(kind)) return t('Files and choices that are not there')
  return ['required_input_missing', 'return_type_mismatch', 'bad_linked_input', 'exception_during_validation', 'dependency_cycle'].includes(kind) ? t('Links') : t('Values')
}

/** Is it about one of a list of choices? @param {Pick<Fault, 'kind'>} fault */
export const isChoice = ({ kind }) => FILES.has(kind)

const FILES = new Set(['missing_file', 'value_not_in_list', 'custom_validation_failed'])
const FILE = /\.[a-z0-9]{2,12}$/iu

/** Options of a combo as a set, since lists of files are long. @type {WeakMap<readonly unknown[], ReadonlySet<unknown>>} */
const sets = new WeakMap()

/** @param {readonly unknown[]} options */
function setOf(options) {
  let set = sets.get(options)
  if (!set) sets.set(options, (set = new Set(options)))
  return set
}

/**
 * What can be seen without a run: a type that the server does not know, a file that it does not have.
 * @param {NodeRecord} node @param {NodeType | undefined} type @param {readonly Widget[]} widgets
 * @param {(name: string) => boolean} isLinked
 * @param {boolean} [guess] whether the nearest name is looked for, which takes a look at all of them
 * @returns {Fault[]}
 */
export function faultsOf(node, type, widgets, isLinked, guess = true) {
  if (node.mode === MUTED || node.mode === BYPASSED) return []
  if (!type) return [{ kind: 'missing_node_type', message: t('This server has no node “{type}”. Its values and links are kept. {where}', { type: node.type, where: whereToGet(node) }), input: null, extra: {} }]
  if (type.later) {
    const message = t('It needs support for {what}. Its values and links are kept; bypass or remove it to run the rest of the graph.', { what: type.later })
    return [{ kind: 'node_not_in_this_version', message, input: null, extra: {} }]
  }
  return widgets.flatMap((widget) => {
    const gone = missingChoice(widget)
    if (gone === null || isLinked(widget.name)) return []
    const label = labelOf(node, type, widget.name)
    const [near] = nearest(gone, guess && widget.spec.kind === 'combo' ? widget.spec.options : [], { limit: 1 })
    const hint = near ? t('The nearest name is “{name}”.', { name: String(near.choice) }) : widget.spec.kind === 'combo' && !widget.spec.options.length ? t('The folder that it comes from is empty.') : t('Choose another.')
    const message = FILE.test(gone) ? t('{label}: there is no file “{name}” on this server. {hint}', { label, name: gone, hint }) : t('{label}: “{name}” is not among the choices. {hint}', { label, name: gone, hint })
    return [{ kind: 'missing_file', message, input: widget.name, extra: {} }]
  })
}

/** The value of a combo that is not among its choices; null where that is no fault, or cannot be told here. @param {Widget} widget */
function missingChoice({ spec, value }) {
  if (spec.kind !== 'combo' || spec.remote || spec.multiple || typeof value !== 'string' || value === '') return null
  // Uploaded files may lie in folders that the list leaves out: only the server's check knows.
  if (spec.upload && (value.includes('/') || / \[(?:input|output|temp)\]$/u.test(value))) return null
  const options = setOf(spec.options)
  return options.has(value) || options.has(value.replaceAll('\\', '/')) ? null : value
}

/**
 * How a pack of this name stands here: none is known, it waits for approval, it is being loaded, none or not all of it loaded, or it runs.
 * @typedef {(name: string) => {name: string, standing: 'off' | 'loading' | 'failed' | 'broken' | 'here'} | null} KnownPack
 */
/** @type {KnownPack} */
let knownPack = () => null

/** Tells which packs there are, for the words of nodes that are missing. @param {KnownPack} how */
export function knowPacks(how) {
  knownPack = how
}

/** What a file says of the pack of a node, a registry's name or `user/repository`; empty where it says none. @param {Pick<NodeRecord, 'properties'>} node */
export function packNameOf({ properties }) {
  const pack = asText(properties.cnr_id) || ''
  return pack === 'comfy-core' ? '' : pack || asText(properties.aux_id) || ''
}

/** The pack of a node that is missing, as it is here. @param {Pick<NodeRecord, 'properties'>} node */
export function packOf(node) {
  const name = packNameOf(node)
  return name ? knownPack(name) : null
}

/** Where a node's type comes from, as far as its file says. @param {Pick<NodeRecord, 'properties'>} node */
export function whereToGet(node) {
  if (asText(node.properties.cnr_id) === 'comfy-core') return t('It is one of ComfyUI’s own nodes, which this version does not have.')
  const given = packNameOf(node)
  const pack = packOf(node)
  if (pack?.standing === 'off') return t('It belongs to the node pack “{name}”, which is off: look at its code and approve it.', { name: pack.name })
  if (pack?.standing === 'loading') return t('It belongs to the node pack “{name}”, which is still being loaded.', { name: pack.name })
  if (pack?.standing === 'failed') return t('It belongs to the node pack “{name}”, which could not be loaded.', { name: pack.name })
  if (pack?.standing === 'broken') return t('It belongs to the node pack “{name}”, which did not load whole.', { name: pack.name })
  if (pack) return t('It belongs to the node pack “{name}”, whose version here does not have it.', { name: pack.name })
  const home = asText(node.properties.aux_id) || ''
  const source = /^[\w.-]+\/[\w.-]+$/u.test(home) ? ` (github.com/${home})` : ''
  const name = given.split('/').at(-1) ?? ''
  if (!name || (given === home && !source)) return t('The file does not say which node pack it belongs to.')
  return t('It belongs to the node pack “{name}”{source}: put that into custom_nodes, then approve it under Node packs.', { name, source })
}

/** A problem of the server's reply, in the page's words. @param {any} item of `node_errors` @param {string} type @param {(name: string) => string} labelFor @returns {Fault} */
export function faultFrom(item, type, labelFor) {
  const extra = asObject(item?.extra_info) ?? {}
  const input = asText(extra.input_name)
  const text = String(item?.sentence ?? [item?.message, item?.details].filter(Boolean).join(': '))
  // The sentence names its node; where it is shown on that node, this would say it twice.
  const own = text.startsWith(type) ? text.replace(/^\S+(?: "[^"]*")? \(#[^)]*\):? /u, '') : text
  const said = fromServer(own)
  const worded = input ? said.replace(new RegExp(`(?<![\\w-])${input.replaceAll(/[^\w]/gu, '\\$&')}(?![\\w-])`, 'u'), () => labelFor(input)) : said
  return { kind: String(item?.type ?? 'refused'), message: worded.charAt(0).toUpperCase() + worded.slice(1), input, extra }
}
