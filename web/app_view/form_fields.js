/**
 * The browser's own controls, one for each kind of input of a form.
 *
 * @typedef {import('./form_values.js').InputItem} InputItem
 * @typedef {import('./form_values.js').Value} Value
 * @typedef {object} Parts
 * @property {(value: Value | null) => void} changed
 * @property {((file: File) => Promise<{ value: string, url: string }>)} [upload]
 * @property {(value: string) => string} [pictureUrl]  where a picture that is a value is shown from; '' for nowhere
 * @property {(on: boolean) => void} [randomly]  a seed is to be new for each run, or not any more
 *
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {HTMLElement} control  what the label is for
 * @property {(value: Value | null) => void} show
 * @property {() => boolean} [random]
 */
import { t } from '../language/t.js'
import { h, setText } from '../panels/dom.js'
import { fitted, randomSeed, readNumber, writeNumber } from './form_values.js'

/** @param {InputItem} item @param {string} id of the element @param {Parts} parts @returns {Field} */
export function createField(item, id, parts) {
  return FIELDS[item.control](item, id, parts)
}

/** @type {Record<InputItem['control'], (item: InputItem, id: string, parts: Parts) => Field>} */
const FIELDS = { number: numberField, text: textField, choice: choiceField, toggle: toggleField, colour: colourField, image: imageField }

/** @param {InputItem} item @param {string} id @param {Parts} parts @returns {Field} */
function numberField(item, id, { changed, randomly }) {
  const field = h('input.field', { id, type: 'text', inputmode: item.integer && (item.min ?? -1) >= 0 ? 'numeric' : 'decimal', autocomplete: 'off', spellcheck: 'false' })
  const { min, max } = item
  const ranged = item.slider && typeof min === 'number' && typeof max === 'number' && max > min
  const range = ranged ? h('input', { type: 'range', min, max, step: item.step ?? item.increment ?? 'any', 'aria-label': item.label, tabindex: -1 }) : null
  const once = item.seed ? h('input', { type: 'checkbox' }) : null
  if (once) once.checked = item.random === true
  const dice = item.seed ? h('button.plain.dice', { type: 'button', 'data-tip': t('Another number') }, t('New number')) : null
  const take = (/** @type {number} */ value) => {
    field.value = writeNumber(value, item)
    if (range) range.value = String(value)
    changed(value)
  }
  field.addEventListener('input', () => {
    const value = readNumber(field.value)
    if (range && value !== null) range.value = String(value)
    changed(value)
  })
  field.addEventListener('change', () => {
    const value = readNumber(field.value)
    if (value !== null) field.value = writeNumber(value, item)
  })
  field.addEventListener('keydown', event => {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key]
    const value = readNumber(field.value)
    if (step === undefined || value === null) return
    event.preventDefault()
    take(fitted(item, value + step * (item.increment ?? item.step ?? (item.integer ? 1 : 0.1)) * (event.shiftKey ? 10 : 1)))
  })
  range?.addEventListener('input', () => take(fitted(item, Number(range.value))))
  once?.addEventListener('change', () => randomly?.(once.checked))
  dice?.addEventListener('click', () => take(randomSeed(item)))
  return {
    element: h('div.number', { class: ranged ? 'number ranged' : 'number' }, range, field, dice,
      once && h('label.once', {}, once, t('A new one for each run'))),
    control: field,
    show: value => {
      const number = typeof value === 'number' ? value : null
      if (document.activeElement !== field || readNumber(field.value) !== number) field.value = number === null ? '' : writeNumber(number, item)
      if (range && number !== null) range.value = String(number)
    },
    ...(once ? { random: () => once.checked } : {}),
  }
}

/** @param {InputItem} item @param {string} id @param {Parts} parts @returns {Field} */
function textField(item, id, { changed }) {
  const field = item.multiline === false
    ? h('input.field', { id, type: 'text', maxlength: item.maxLength, autocomplete: 'off' })
    : h('textarea.field.scrolls', { id, rows: 4, maxlength: item.maxLength })
  field.addEventListener('input', () => changed(field.value))
  return {
    element: field,
    control: field,
    show: value => {
      if (field.value !== String(value ?? '')) field.value = String(value ?? '')
    },
  }
}

/** @param {InputItem} item @param {string} id @param {Parts} parts @returns {Field} */
function choiceField(item, id, { changed }) {
  const choices = item.choices ?? []
  const absent = h('option', { value: 'absent', hidden: true })
  const field = h('select.field', { id }, absent, choices.map((choice, index) => h('option', { value: String(index) }, String(choice))))
  field.addEventListener('change', () => {
    const value = choices[Number(field.value)]
    if (value !== undefined) changed(value)
  })
  return {
    element: field,
    control: field,
    show: value => {
      const index = choices.findIndex(choice => choice === value)
      setText(absent, String(value ?? ''))
      field.value = index < 0 ? 'absent' : String(index)
    },
  }
}

/** @param {InputItem} item @param {string} id @param {Parts} parts @returns {Field} */
function toggleField(item, id, { changed }) {
  const box = h('input', { id, type: 'checkbox', role: 'switch' })
  const word = h('span')
  const say = () => setText(word, box.checked ? item.on || t('on') : item.off || t('off'))
  box.addEventListener('change', () => {
    say()
    changed(box.checked)
  })
  return {
    element: h('div.toggle', {}, box, word),
    control: box,
    show: value => {
      box.checked = value === true
      say()
    },
  }
}

/** @param {InputItem} _item @param {string} id @param {Parts} parts @returns {Field} */
function colourField(_item, id, { changed }) {
  const field = h('input', { id, type: 'color' })
  const word = h('code')
  field.addEventListener('input', () => {
    setText(word, field.value)
    changed(field.value)
  })
  return {
    element: h('div.colour', {}, field, word),
    control: field,
    show: value => {
      field.value = String(value ?? '#ffffff')
      setText(word, field.value)
    },
  }
}

/** @param {InputItem} item @param {string} id @param {Parts} parts @returns {Field} */
function imageField(item, id, { changed, upload, pictureUrl }) {
  const picker = h('input.reader', { id, type: 'file', 'data-needs': 'write', accept: 'image/*' })
  const picture = h('img', { alt: t('The picture for {label}', { label: item.label }), hidden: true })
  const words = h('span.said', { role: 'status' })
  const verb = h('label.plain', { for: id, 'data-needs': 'write' }, t('Choose a picture'))
  const box = h('div.picture', {}, picture, h('div.verbs', {}, picker, verb, words))
  /** @param {string} url */
  const showPicture = url => {
    picture.hidden = url === ''
    if (url) picture.src = url
    else picture.removeAttribute('src')
    setText(verb, url ? t('Choose another') : t('Choose a picture'))
  }
  picture.addEventListener('error', () => { picture.hidden = true })
  /** @param {File | undefined} file */
  async function take(file) {
    if (!file || !upload) return
    setText(words, t('Sending the picture'))
    words.classList.remove('wrong')
    box.setAttribute('aria-busy', 'true')
    try {
      const { value, url } = await upload(file)
      setText(words, '')
      showPicture(url)
      changed(value)
    } catch (error) {
      setText(words, /** @type {Error} */ (error).message)
      words.classList.add('wrong')
    }
    box.removeAttribute('aria-busy')
    picker.value = ''
  }
  picker.addEventListener('change', () => void take(picker.files?.[0]))
  box.addEventListener('dragover', event => event.preventDefault())
  box.addEventListener('drop', event => {
    event.preventDefault()
    event.stopPropagation()
    void take(event.dataTransfer?.files[0])
  })
  return {
    element: box,
    control: picker,
    show: value => {
      const url = value === null ? '' : pictureUrl?.(String(value)) ?? ''
      if (url || value === null) showPicture(url)
    },
  }
}
