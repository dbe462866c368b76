/**
 * An app as the form that is shown: each input by its own declaration, which the app may narrow and never widen.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/widget_values.js').Widget} Widget
 * @typedef {import('./app_data.js').App} App
 * @typedef {import('./app_data.js').AppInput} AppInput
 * @typedef {import('./form_values.js').InputItem} InputItem
 * @typedef {import('./form_values.js').Value} Value
 * @typedef {{ item: AppInput, why: string }} Missing
 */
import { t } from '../language/t.js'
import { rowLabel } from '../model/words.js'
import { findInput, findNode } from './references.js'

/** Kinds of widgets that a form can show. */
const SHOWN = new Set(['number', 'text', 'combo', 'toggle', 'colour'])

/** @param {Widget} widget */
export const canBeShown = ({ spec }) => SHOWN.has(spec.kind) && !(spec.kind === 'combo' && (spec.multiple || spec.remote || (spec.upload !== null && spec.upload !== 'image')))

/** @param {Widget} widget */
export const labelOf = widget => rowLabel(widget.label || widget.name)

/**
 * @param {Editor} editor @param {App} app
 * @returns {{ form: import('./form_values.js').Form, missing: Missing[], lostOutputs: import('./app_data.js').AppOutput[] }}
 *   `value` of each input is what its widget has now
 */
export function describe(editor, app) {
  /** @type {Missing[]} */
  const missing = []
  const items = app.items.flatMap(/** @returns {import('./form_values.js').FormItem[]} */ item => {
    if (item.kind !== 'input') return [{ kind: item.kind, text: item.text }]
    const found = findInput(editor, item)
    const why = !found ? t('Its node or its value is not in the graph any more.') : found.feeder ? t('Its value comes by a link now, from {name}.', { name: found.feeder })
      : found.widget.expression ? t('Its value is worked out from others now.') : canBeShown(found.widget) ? '' : t('Values of this kind cannot be shown in a form.')
    if (found && why === '') return [describeInput(item, found.widget)]
    missing.push({ item, why })
    return []
  })
  const lostOutputs = app.outputs.filter(output => !findNode(editor, output))
  return { form: { title: app.title, columns: app.columns, items, outputs: app.outputs.map(output => output.label) }, missing, lostOutputs }
}

/** @param {AppInput} item @param {Widget} widget @returns {InputItem} */
export function describeInput(item, widget) {
  const { spec } = widget
  const value = /** @type {Value} */ (widget.value)
  /** @type {InputItem} */
  const shown = { kind: 'input', id: item.id, control: 'text', label: item.label || labelOf(widget), help: item.help || '', wide: item.wide, value }
  if (spec.kind === 'number') {
    const { min, max } = limitsOf(item, spec)
    return {
      ...shown, control: 'number', integer: spec.integer, min, max, step: item.step ?? null, increment: Math.max(spec.step, item.step ?? 0), digits: spec.digits, seed: spec.seed,
      slider: !spec.seed && (spec.display === 'slider' || (item.min !== undefined && item.max !== undefined)), random: spec.seed && (item.random ?? widget.control === 'randomize'),
    }
  }
  if (spec.kind === 'toggle') return { ...shown, control: 'toggle', on: spec.on, off: spec.off }
  if (spec.kind === 'colour') return { ...shown, control: 'colour' }
  if (spec.kind === 'combo') return spec.upload === 'image' ? { ...shown, control: 'image' } : { ...shown, control: 'choice', choices: choicesOf(item, spec) }
  return { ...shown, multiline: spec.kind === 'text' && spec.multiline, dynamic: spec.kind === 'text' && spec.dynamicPrompts }
}

/** @param {AppInput} item @param {import('../model/widget_specs.js').NumberSpec} spec */
export function limitsOf(item, spec) {
  const min = Math.max(spec.min, item.min ?? -Infinity)
  const max = Math.min(spec.max, item.max ?? Infinity)
  // Limits that exclude each other are none.
  const usable = min <= max
  return { min: usable ? min : spec.min, max: usable ? max : spec.max }
}

/** @param {AppInput} item @param {import('../model/widget_specs.js').ComboSpec} spec @returns {Value[]} */
export function choicesOf(item, spec) {
  const all = /** @type {Value[]} */ (spec.options.filter(option => ['string', 'number', 'boolean'].includes(typeof option)))
  const wanted = item.choices && all.filter(option => item.choices?.includes(option))
  return wanted?.length ? wanted : all
}
