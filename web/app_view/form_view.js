/**
 * A form on the page: headings, texts and inputs in one to three columns, each input with its label, its help and what is wrong
 * with its value.
 *
 * @typedef {import('./form_values.js').Form} Form
 * @typedef {import('./form_values.js').InputItem} InputItem
 * @typedef {import('./form_values.js').Value} Value
 * @typedef {import('./form_fields.js').Field} Field
 */
import { h, setText } from '../panels/dom.js'
import { createField } from './form_fields.js'
import { inputsOf, problemOf, randomSeed } from './form_values.js'
import { blocks } from './markdown.js'

/** A sentence that appears moves what lies below it: not while a finger that left the field for a button is still down, in ms. */
const A_PRESS = 250

let count = 0

/**
 * @param {Form} form
 * @param {object} parts
 * @param {(id: string, value: Value | null) => void} [parts.onChange]
 * @param {(id: string, on: boolean) => void} [parts.onRandom]  a seed is to be new for each run, or not any more
 * @param {(file: File) => Promise<{ value: string, url: string }>} [parts.upload]
 * @param {(value: string) => string} [parts.pictureUrl]
 */
export function createForm(form, { onChange, onRandom, upload, pictureUrl } = {}) {
  const name = `form-${(count += 1)}`
  /** @type {Map<string, Value | null>} */
  const values = new Map()
  /** @type {Map<string, { item: InputItem, field: Field, wrong: HTMLElement, touched: boolean }>} */
  const rows = new Map()
  const element = h('div.app-form', { 'data-columns': String(form.columns) }, form.items.map((item, index) => {
    if (item.kind === 'input') return row(item, `${name}-${index}`)
    if (item.kind === 'heading') return h('h2', {}, item.text)
    return item.kind === 'divider' ? h('hr') : h('div.words', {}, blocks(item.text))
  }))

  /** @param {InputItem} item @param {string} id */
  function row(item, id) {
    const field = createField(item, id, { changed: value => change(item, value), randomly: on => onRandom?.(item.id, on), ...(upload ? { upload } : {}), ...(pictureUrl ? { pictureUrl } : {}) })
    const wrong = h('p.wrong', { id: `${id}-wrong`, hidden: true })
    const help = item.help ? h('p.help', { id: `${id}-help` }, item.help) : null
    field.control.setAttribute('aria-describedby', [help && `${id}-help`, `${id}-wrong`].filter(Boolean).join(' '))
    rows.set(item.id, { item, field, wrong, touched: false })
    values.set(item.id, item.value)
    field.show(item.value)
    field.control.addEventListener('blur', () => setTimeout(() => touch(item.id), A_PRESS))
    return h(item.wide ? 'div.row.wide' : 'div.row', { dataset: { input: item.id } }, h('label', { for: id }, item.label), field.element, help, wrong)
  }

  /** @param {InputItem} item @param {Value | null} value */
  function change(item, value) {
    values.set(item.id, value)
    if (item.control !== 'number' && item.control !== 'text') touch(item.id)
    else if (rows.get(item.id)?.touched) tell(item.id)
    onChange?.(item.id, value)
  }

  /** What is wrong is told once somebody has left the field, not while the first digit is typed. @param {string} id */
  function touch(id) {
    const found = rows.get(id)
    if (found) found.touched = true
    tell(id)
  }

  /** @param {string} id @param {string} [said] */
  function tell(id, said) {
    const found = rows.get(id)
    if (!found) return ''
    const problem = said ?? (found.item.control === 'image' ? '' : problemOf(found.item, values.get(id)))
    setText(found.wrong, problem)
    found.wrong.hidden = problem === ''
    found.field.control.setAttribute('aria-invalid', String(problem !== ''))
    return problem
  }

  return {
    element,
    /** Of the inputs that have one; a picture that was not chosen has none. @returns {Record<string, Value>} */
    values: () => Object.fromEntries([...values].flatMap(([id, value]) => (value === null ? [] : [[id, value]]))),
    /** @param {string} id @param {Value | null} value */
    set(id, value) {
      if (!rows.has(id)) return
      values.set(id, value)
      rows.get(id)?.field.show(value)
      if (rows.get(id)?.touched) tell(id)
    },
    /** Seeds that are to be new for each run, made new. @returns {Record<string, number>} */
    roll() {
      /** @type {Record<string, number>} */
      const rolled = {}
      for (const [id, { item, field }] of rows) {
        if (!field.random?.()) continue
        rolled[id] = randomSeed(item)
        values.set(id, rolled[id] ?? null)
        field.show(rolled[id] ?? null)
      }
      return rolled
    },
    /** Everything that is wrong is told; the first of it has the focus. */
    check() {
      const wrong = inputsOf(form).filter(({ id }) => {
        const found = rows.get(id)
        if (found) found.touched = true
        return tell(id) !== ''
      })
      rows.get(wrong[0]?.id ?? '')?.field.control.focus()
      return wrong.length === 0
    },
    /** What the server says of an input. @param {string} id @param {string} sentence */
    refuse(id, sentence) {
      if (!rows.has(id)) return false
      tell(id, sentence)
      rows.get(id)?.field.control.focus()
      return true
    },
    reset() {
      for (const [id, { item, field }] of rows) {
        values.set(id, item.value)
        field.show(item.value)
        tell(id)
        onChange?.(id, item.value)
      }
    },
  }
}
