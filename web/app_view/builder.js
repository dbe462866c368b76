/**
 * Building the app: its parts as a list of cards that are dragged, moved by keys, named, limited and taken out.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('./app_data.js').App} App
 * @typedef {import('./app_data.js').AppItem} AppItem
 * @typedef {import('./app_data.js').AppOutput} AppOutput
 */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { fill, h } from '../panels/dom.js'
import { freshId, moved } from './app_data.js'
import { cardFields } from './card_fields.js'
import { openChooser } from './chooser.js'
import { labelOf } from './describe.js'
import { dragOrder } from './drag_order.js'
import { appOf, changeApp } from './edit_app.js'
import { findInput, findNode } from './references.js'

/** @param {{ editor: Editor, names: import('../app/names.js').Names }} parts */
export function createBuilder({ editor, names }) {
  const title = h('input.field', { type: 'text', id: 'app-title', maxlength: 120, placeholder: t('The form of this graph'), autocomplete: 'off' })
  title.addEventListener('change', () => changeApp(editor, t('Name the form'), app => ({ ...app, title: title.value.trim() })))
  const columns = h('select.field', { id: 'app-columns' }, [1, 2, 3].map(count => h('option', { value: String(count) }, String(count))))
  columns.addEventListener('change', () => changeApp(editor, t('Change the columns'), app => ({ ...app, columns: /** @type {1 | 2 | 3} */ (Number(columns.value)) })))
  const items = h('ol.app-cards', { 'aria-label': t('Parts of the form') })
  const outputs = h('ol.app-cards', { 'aria-label': t('Results that are shown') })
  /** Cards that are open, by the id of their part. @type {Set<string>} */
  const open = new Set()

  const add = (/** @type {string} */ label, /** @type {() => void} */ run) => h('button.plain', { type: 'button', onclick: run }, icon('add', 13), label)
  const element = h('section.app-builder.scrolls', { 'aria-label': t('Edit the form') },
    h('div.app-pair', {}, h('div', {}, h('label', { for: 'app-title' }, t('Title')), title), h('div.narrow', {}, h('label', { for: 'app-columns' }, t('Columns')), columns)),
    h('h4', {}, t('Form')), items,
    h('div.app-adds', {}, add(t('Inputs'), () => openChooser({ editor, names, of: 'inputs' })), add(t('Heading'), () => addWords('heading')), add(t('Text'), () => addWords('text')), add(t('Line'), () => addWords('divider'))),
    h('h4', {}, t('Results')), outputs,
    h('div.app-adds', {}, add(t('Results'), () => openChooser({ editor, names, of: 'outputs' }))),
    h('div.app-adds', {}, h('button.plain', { type: 'button', 'data-tip': t('Reset then gives what the form has now'), onclick: keepDefaults }, t('Keep the values of now as those of Reset'))))

  /** @param {'heading' | 'text' | 'divider'} kind */
  function addWords(kind) {
    const id = freshId()
    open.add(id)
    const text = kind === 'heading' ? t('Heading') : kind === 'text' ? t('Text') : ''
    changeApp(editor, t('Add to the form'), app => ({ ...app, items: [...app.items, { kind, id, text }] }))
    draw()
    const field = items.querySelector(`[data-id='${id}'] .field`)
    if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) {
      field.focus()
      field.select()
    }
  }

  function keepDefaults() {
    changeApp(editor, t('Keep the values for Reset'), app => ({
      ...app,
      items: app.items.map(item => {
        const found = item.kind === 'input' ? findInput(editor, item) : null
        return found ? { ...item, value: found.widget.value } : item
      }),
    }))
  }

  /** @param {'items' | 'outputs'} list @param {number} from @param {number} to @param {string} id */
  function move(list, from, to, id) {
    if (from === to || to < 0) return
    changeApp(editor, t('Move in the form'), app => ({ ...app, [list]: moved(/** @type {any[]} */ (app[list]), from, to) }))
    draw()
    const handle = element.querySelector(`[data-id='${id}'] .handle`)
    if (handle instanceof HTMLElement) handle.focus()
  }

  /** @param {'items' | 'outputs'} list @param {string} id @param {Record<string, unknown>} fields */
  function update(list, id, fields) {
    changeApp(editor, t('Change the form'), app => ({ ...app, [list]: /** @type {any[]} */ (app[list]).map(item => (item.id === id ? without({ ...item, ...fields }) : item)) }))
    // What was typed into a card stays as it is there, and so does the focus: only its name changes.
    const app = appOf(editor)
    drawn = markOf(app)
    const changed = [...(app?.items ?? []), ...(app?.outputs ?? [])].find(item => item.id === id)
    const card = element.querySelector(`[data-id='${id}']`)
    if (changed && card) say(card, told(changed).name)
  }

  /** @param {Element} card @param {string} name */
  function say(card, name) {
    const shown = card.querySelector('.name > span')
    if (shown) shown.textContent = name
    card.querySelector('.handle')?.setAttribute('aria-label', t('Move {name}', { name }))
    card.querySelector('.round')?.setAttribute('aria-label', t('Take {name} out', { name }))
  }

  /** @param {'items' | 'outputs'} list @param {AppItem | AppOutput} item @param {number} index @param {number} count */
  function card(list, item, index, count) {
    const { name, lost } = told(item)
    const handle = h('button.handle', {
      type: 'button', 'data-tip': t('Drag to move'), 'data-keys': '↑ ↓', onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const by = /** @type {Record<string, number>} */ ({ ArrowUp: -1, ArrowDown: 1, Home: -index, End: count - 1 - index })[event.key]
        if (by === undefined) return
        event.preventDefault()
        event.stopPropagation()
        if (index + by < count) move(list, index, index + by, item.id)
      },
    }, icon('grip', 14))
    const more = h('button.name', { type: 'button', 'aria-expanded': String(open.has(item.id)), onclick: () => {
      if (!open.delete(item.id)) open.add(item.id)
      draw()
      const again = element.querySelector(`[data-id='${item.id}'] .name`)
      if (again instanceof HTMLElement) again.focus()
    } }, h('span'), lost ? h('span.wrong', {}, lost) : null)
    const remove = h('button.round', { type: 'button', 'data-tip': t('Take out of the form'), onclick: () => {
      changeApp(editor, t('Take out of the form'), app => ({ ...app, [list]: /** @type {any[]} */ (app[list]).filter(other => other.id !== item.id) }))
      draw()
      // What had the focus is gone: the next one has it, or else keys would go to the canvas.
      const names = (list === 'items' ? items : outputs).querySelectorAll('.app-card .name')
      const next = names[Math.min(index, names.length - 1)] ?? element.querySelector('.app-adds button')
      if (next instanceof HTMLElement) next.focus()
    } }, icon('close', 13))
    const element = h('li.app-card', { dataset: { id: item.id }, class: lost ? 'app-card lost' : 'app-card' }, h('div.app-card-head', {}, handle, more, remove),
      open.has(item.id) ? cardFields({ item, found: 'kind' in item && item.kind === 'input' ? findInput(editor, item)?.widget ?? null : null, update: fields => update(list, item.id, fields) }) : null)
    say(element, name)
    return element
  }

  /** @param {AppItem | AppOutput} item */
  function told(item) {
    if (!('kind' in item)) {
      const found = findNode(editor, item)
      return { name: item.label || (found ? names.titleOf(found.record) : t('Result of node {id}', { id: item.node })), lost: found ? '' : t('Its node is not in the graph any more.') }
    }
    if (item.kind !== 'input') return { name: item.kind === 'divider' ? t('Line') : item.text.split('\n')[0]?.slice(0, 80) || t('Text'), lost: '' }
    const found = findInput(editor, item)
    const lost = !found ? t('Its node or its value is not in the graph any more.') : found.feeder ? t('Its value comes by a link now, from {name}.', { name: found.feeder })
      : found.widget.expression ? t('Its value is worked out from others now.') : ''
    return { name: item.label || (found ? `${labelOf(found.widget)} · ${names.titleOf(found.record)}` : item.widget), lost }
  }

  let drawn = ''
  /** What the cards say. @param {App | null} app */
  const markOf = app => JSON.stringify([app?.items, app?.outputs, [...open], [...(app?.items ?? []), ...(app?.outputs ?? [])].map(told)])

  function draw() {
    const app = appOf(editor)
    if (document.activeElement !== title) title.value = app?.title ?? ''
    columns.value = String(app?.columns ?? 1)
    if (markOf(app) === drawn) return
    drawn = markOf(app)
    const held = heldIn(element)
    fill(items, app?.items.length ? app.items.map((item, index) => card('items', item, index, app.items.length)) : h('li.none', {}, t('Nothing yet: add inputs.')))
    fill(outputs, app?.outputs.length ? app.outputs.map((item, index) => card('outputs', item, index, app.outputs.length)) : h('li.none', {}, t('Nothing yet: add a result.')))
    held()
  }

  dragOrder(items, (from, to, id) => move('items', from, to, id))
  dragOrder(outputs, (from, to, id) => move('outputs', from, to, id))
  return { element, draw }
}

/** Empty limits are none. @param {Record<string, unknown>} item */
const without = item => Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined))

/** What has the focus, to have it again when the cards were drawn anew. @param {HTMLElement} element */
function heldIn(element) {
  const { activeElement } = document
  const card = element.contains(activeElement) ? activeElement?.closest('[data-id]') : null
  const name = activeElement instanceof HTMLElement ? activeElement.dataset.field : undefined
  const id = card instanceof HTMLElement ? card.dataset.id : undefined
  return () => {
    const found = id && name ? element.querySelector(`[data-id='${id}'] [data-field='${name}']`) : null
    if (found instanceof HTMLElement) found.focus()
  }
}
