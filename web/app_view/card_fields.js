/**
 * What can be said of one part of the form: its label and help, its limits within those of its value, the choices it offers.
 *
 * @typedef {import('./app_data.js').AppItem} AppItem
 * @typedef {import('./app_data.js').AppOutput} AppOutput
 */
import { t } from '../language/t.js'
import { h } from '../panels/dom.js'
import { choicesOf, labelOf } from './describe.js'
import { readNumber } from './form_values.js'

/** Choices that are listed to be chosen among; of longer lists all are offered. */
const MOST_CHOICES = 300

let count = 0

/** @param {{ item: AppItem | AppOutput, found: import('../model/widget_values.js').Widget | null, update: (fields: Record<string, unknown>) => void }} parts */
export function cardFields({ item, found, update }) {
  if (!('kind' in item)) return h('div.app-fields', {}, line(t('Label'), 'label', item.label, '', value => update({ label: value })))
  if (item.kind === 'input') return inputFields(item, found, update)
  if (item.kind === 'divider') return h('div.app-fields', {}, h('p.quiet', {}, t('A line between two parts of the form.')))
  if (item.kind === 'heading') return h('div.app-fields', {}, line(t('Heading'), 'text', item.text, '', value => update({ text: value })))
  return h('div.app-fields', {}, area(t('Text'), 'text', item.text, value => update({ text: value })), h('p.quiet', {}, t('**bold**, *italic*, `code`, [words](https://address), lists with -')))
}

/** @param {import('./app_data.js').AppInput} item @param {import('../model/widget_values.js').Widget | null} found @param {(fields: Record<string, unknown>) => void} update */
function inputFields(item, found, update) {
  return h('div.app-fields', {},
    line(t('Label'), 'label', item.label, found ? labelOf(found) : '', value => update({ label: value })),
    area(t('Help'), 'help', item.help, value => update({ help: value })),
    tick(t('Over all columns'), 'wide', item.wide, on => update({ wide: on })),
    found?.spec.kind === 'number' ? limits(item, found.spec, update) : null,
    found?.spec.kind === 'combo' && found.spec.upload === null && found.spec.options.length <= MOST_CHOICES ? choices(item, found.spec, update) : null)
}

/** @param {string} label @param {string} name @param {string} value @param {string} placeholder @param {(value: string) => void} set */
function line(label, name, value, placeholder, set) {
  const id = `app-field-${(count += 1)}`
  const field = h('input.field', { id, type: 'text', value, placeholder, autocomplete: 'off', 'data-field': name, maxlength: 400 })
  field.addEventListener('change', () => set(field.value.trim()))
  return h('div', {}, h('label', { for: id }, label), field)
}

/** @param {string} label @param {string} name @param {string} value @param {(value: string) => void} set */
function area(label, name, value, set) {
  const id = `app-field-${(count += 1)}`
  const field = h('textarea.field.scrolls', { id, rows: 2, value, 'data-field': name, maxlength: 4000 })
  field.addEventListener('change', () => set(field.value.trim()))
  return h('div', {}, h('label', { for: id }, label), field)
}

/** @param {string} label @param {string} name @param {boolean} on @param {(on: boolean) => void} set */
function tick(label, name, on, set) {
  const box = h('input', { type: 'checkbox', checked: on, 'data-field': name })
  box.addEventListener('change', () => set(box.checked))
  return h('label.app-tick', {}, box, label)
}

/** @param {import('./app_data.js').AppInput} item @param {import('../model/widget_specs.js').NumberSpec} spec @param {(fields: Record<string, unknown>) => void} update */
function limits(item, spec, update) {
  const wrong = h('p.wrong', { role: 'alert', hidden: true })
  const parts = /** @type {const} */ ([['min', t('Least'), spec.min], ['max', t('Greatest'), spec.max], ['step', t('Step size'), spec.step]])
  return h('div', {}, h('div.app-trio', {}, parts.map(([name, label, usual]) => {
    const id = `app-field-${(count += 1)}`
    const field = h('input.field', { id, type: 'text', inputmode: 'decimal', value: item[name] === undefined ? '' : String(item[name]), placeholder: Math.abs(usual) > 1e9 ? '' : String(usual), autocomplete: 'off', 'data-field': name })
    field.addEventListener('change', () => {
      const value = field.value.trim() === '' ? undefined : readNumber(field.value)
      const problem = value === undefined ? '' : limitProblem(name, value, item, spec)
      wrong.textContent = problem
      wrong.hidden = problem === ''
      field.setAttribute('aria-invalid', String(problem !== ''))
      if (!problem) update({ [name]: value })
    })
    return h('div', {}, h('label', { for: id }, label), field)
  })), wrong)
}

/** @param {'min' | 'max' | 'step'} name @param {number | null} value @param {import('./app_data.js').AppInput} item @param {import('../model/widget_specs.js').NumberSpec} spec */
function limitProblem(name, value, item, spec) {
  if (value === null) return t('Type a number, or nothing.')
  if (spec.integer && !Number.isInteger(value)) return t('Type a whole number.')
  if (name === 'step') return value > 0 ? '' : t('A step is more than 0.')
  if (value < spec.min || value > spec.max) return t('The value itself goes from {min} to {max}.', { min: spec.min, max: spec.max })
  const [low, high] = name === 'min' ? [value, item.max ?? spec.max] : [item.min ?? spec.min, value]
  return low > high ? t('The least value is above the greatest.') : ''
}

/** @param {import('./app_data.js').AppInput} item @param {import('../model/widget_specs.js').ComboSpec} spec @param {(fields: Record<string, unknown>) => void} update */
function choices(item, spec, update) {
  const offered = new Set(choicesOf(item, spec))
  const all = choicesOf({ ...item, choices: [] }, spec)
  const list = h('ul.app-choices.scrolls', {}, all.map(choice => {
    const box = h('input', { type: 'checkbox', checked: offered.has(choice), 'data-field': `choice ${choice}` })
    box.addEventListener('change', () => {
      if (box.checked) offered.add(choice)
      else if (offered.size > 1) offered.delete(choice)
      else {
        box.checked = true // one is always offered
        return
      }
      const kept = all.filter(each => offered.has(each))
      update({ choices: kept.length === all.length ? undefined : kept })
    })
    return h('li', {}, h('label.app-tick', {}, box, h('span', {}, String(choice))))
  }))
  return h('fieldset', {}, h('legend', {}, t('Choices that are offered')), list)
}
