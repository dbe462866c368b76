/**
 * Which values of which nodes the form shows, or which nodes' results: a list of all with boxes to tick, and a search.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 */
import { t } from '../language/t.js'
import { openDialog } from '../panels/dialog.js'
import { fill, h } from '../panels/dom.js'
import { pathTo } from '../model/paths.js'
import { writeValue } from '../model/value_text.js'
import { NOTE_TYPES } from '../model/virtual_types.js'
import { canBeShown, labelOf } from './describe.js'
import { inputFor, outputFor, toggleInput, toggleOutput } from './edit_app.js'

/** Rows that are drawn; a search finds the others. */
const MOST = 300

/** @param {{ editor: Editor, names: import('../app/names.js').Names, of: 'inputs' | 'outputs' }} parts */
export function openChooser({ editor, names, of }) {
  const search = h('input.field', { type: 'search', placeholder: t('Search'), 'aria-label': t('Search'), autocomplete: 'off' })
  const list = h('div.app-chooser.scrolls')
  const all = of === 'inputs' ? inputsOf(editor, names) : outputsOf(editor, names)

  function draw() {
    const words = search.value.toLowerCase().split(/\s+/u).filter(Boolean)
    const found = all.filter(({ title, rows }) => rows.length && words.every(word => `${title} ${rows.map(({ label }) => label).join(' ')}`.toLowerCase().includes(word)))
    let left = MOST
    fill(list, found.length ? found.map(({ title, rows }) => {
      const shown = rows.slice(0, Math.max(0, left))
      left -= rows.length
      return shown.length ? h('fieldset', {}, h('legend', {}, title), shown.map(row => {
        const box = h('input', { type: 'checkbox', checked: row.isOn() })
        box.addEventListener('change', () => { box.checked = row.toggle() })
        return h('label.app-tick', {}, box, h('span', {}, row.label), h('span.aside', {}, row.aside))
      })) : null
    }) : h('p.none', {}, words.length ? t('Nothing is called that.') : of === 'inputs' ? t('The graph has no values yet.') : t('The graph has no node that shows or saves a result yet.')))
  }

  search.addEventListener('input', draw)
  draw()
  openDialog(of === 'inputs' ? t('Inputs of the form') : t('Results that the form shows'), [search, list])
  search.focus()
}

/** @typedef {{ title: string, rows: { label: string, aside: string, isOn: () => boolean, toggle: () => boolean }[] }} Group */

/** Nodes that run, the nearest to the root first. @param {Editor} editor @param {import('../app/names.js').Names} names */
function nodesOf(editor, names) {
  return [...editor.store.records()].flatMap(record => {
    if (record.kind !== 'node' || !editor.types.of(record)) return []
    const path = pathTo(editor.graph, record.graph)
    if (!path) return []
    const around = path.flatMap(id => editor.store.node(id) ?? [])
    return [{ record, depth: path.length, title: [...around, record].map(each => names.titleOf(each)).join(' › ') }]
  }).sort((a, b) => a.depth - b.depth || a.record.pos[0] - b.record.pos[0] || a.record.pos[1] - b.record.pos[1])
}

/** @param {Editor} editor @param {import('../app/names.js').Names} names @returns {Group[]} */
function inputsOf(editor, names) {
  return nodesOf(editor, names).filter(({ record }) => !NOTE_TYPES.has(record.type)).map(({ record, title }) => ({
    title,
    rows: editor.widgets(record.id).filter(widget => canBeShown(widget) && !names.isLinked(record.id, widget.name)).map(widget => ({
      label: labelOf(widget), aside: writeValue(widget).slice(0, 60),
      isOn: () => inputFor(editor, record.id, widget.name) !== undefined, toggle: () => toggleInput(editor, record.id, widget.name),
    })),
  }))
}

/** @param {Editor} editor @param {import('../app/names.js').Names} names @returns {Group[]} */
function outputsOf(editor, names) {
  return nodesOf(editor, names).filter(({ record }) => editor.schema.get(record.type)?.output).map(({ record, title }) => ({
    title,
    rows: [{ label: t('Its results'), aside: `#${record.key}`, isOn: () => outputFor(editor, record.id) !== undefined, toggle: () => toggleOutput(editor, record.id) }],
  }))
}
