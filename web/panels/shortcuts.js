/** The list of keys, made from the commands themselves, so that it cannot be out of date. */
import { h } from './dom.js'
import { openDialog } from './dialog.js'
import { keycaps } from './keycaps.js'

/** What is no command of the registry. */
const MOUSE = [
  ['Add a node', 'double-click on the canvas'],
  ['Add what fits a link', 'drop the link in the void'],
  ['Select a region', 'drag on the canvas'],
  ['Move the view', 'middle-drag, or Space and drag'],
  ['Zoom', 'wheel, or pinch'],
  ['Heavier or lighter words', 'Ctrl ↑, Ctrl ↓ in a prompt'],
  ['Open a graph', 'drop a JSON file or a picture'],
  ['From the canvas to the bars', 'Shift Tab'],
]

/** Commands by what they are about; the rest is "Nodes". @type {readonly [string, RegExp][]} */
const SECTIONS = [
  ['Run', /^(?:run|interrupt)/u],
  ['Graphs', /^(?:new_graph|open_file|save|download|graphs)/u],
  ['Edit', /^(?:undo|redo|delete|copy|cut|paste|duplicate|select)/u],
  ['View', /^(?:fit|zoom|theme|inspector|outline|shortcuts|refresh)/u],
]

/** @param {import('../tools/editor.js').Editor} editor */
export function openShortcuts(editor) {
  /** @type {Map<string, { label: string, keys: string }[]>} */
  const sections = new Map(SECTIONS.map(([title]) => [title, []]))
  for (const command of editor.commands.all()) {
    const [keys] = editor.commands.keysOf(command.id)
    if (!keys || command.hidden) continue
    const title = SECTIONS.find(([, pattern]) => pattern.test(command.id))?.[0] ?? 'Nodes'
    sections.set(title, [...(sections.get(title) ?? []), { label: command.label, keys }])
  }
  openDialog('Keys and gestures', [h('div.shortcuts', {},
    h('section', {}, h('h3', {}, 'Gestures'), MOUSE.map(([label, how]) => h('div', {}, h('span', {}, label), h('span.quiet', {}, how)))),
    [...sections].map(([title, rows]) => h('section', {}, h('h3', {}, title), rows.map(({ label, keys }) => h('div', {}, h('span', {}, label), keycaps(keys))))),
  )], { wide: true })
}
