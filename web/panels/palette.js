/** Every command by its name: typing finds it, Enter runs it. What cannot be done now is left out, and named where nothing else answers. */
import { findCommands } from '../commands/find_commands.js'
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { h } from './dom.js'
import { float } from './float.js'
import { keycaps } from './keycaps.js'
import { VirtualList } from './virtual_list.js'

const ROW = 34
const WIDTH = 520
/** How many of the last ones come first. */
const LAST = 5

/** @typedef {import('../tools/editor.js').Editor} Editor */
/** @typedef {import('../commands/registry.js').Command<Editor>} Command */

/** Ids of the commands that were run here last, latest first. @type {string[]} */
let last = []

/** @param {Editor} editor */
export function openPalette(editor) {
  const named = editor.commands.all().filter(command => !command.hidden && command.id !== 'palette')
  const all = named.filter(command => !command.enabled || command.enabled(editor))
  const field = h('input', { type: 'text', placeholder: t('Find a command'), 'aria-label': t('Find a command'), autocomplete: 'off', spellcheck: 'false' })
  const none = h('p.none')
  /** @type {VirtualList<Command>} */
  const list = new VirtualList({
    rowHeight: ROW,
    label: t('Commands'),
    data: command => ({ command: command.id }),
    draw: command => {
      const keys = editor.commands.keysOf(command.id)[0]
      return [h('span.tick', {}, command.checked?.(editor) ? icon('check', 14) : null), h('span.name', {}, command.label), keys ? h('span.aside', {}, keycaps(keys)) : '']
    },
    onChoose: command => {
      last = [command.id, ...last.filter(id => id !== command.id)].slice(0, LAST)
      close()
      editor.focus()
      editor.run(command.id)
    },
  })
  const element = h('div.search.commands', { role: 'dialog', 'aria-label': t('Find a command') },
    h('div.head', {}, icon('search', 18), field), h('div.found', {}, list.element, none))

  function find() {
    const found = findCommands(all, field.value, last)
    none.hidden = found.length > 0
    const [off] = found.length ? [] : findCommands(named, field.value, last)
    none.textContent = off ? t('“{name}” has nothing to work on now: select what it is for first.', { name: off.label }) : t('No command is called “{name}”.', { name: field.value.trim() })
    list.element.hidden = found.length === 0
    list.setItems(found)
  }

  list.drivenBy(field)
  field.addEventListener('input', find)
  element.addEventListener('keydown', event => {
    if (event.key === 'Tab') event.preventDefault() // there is nowhere else to go
    if (event.key !== 'Escape') event.stopPropagation()
  })
  const width = Math.min(WIDTH, innerWidth - 16)
  const close = float(element, { anchor: { x: (innerWidth - width) / 2, y: Math.max(8, innerHeight * 0.12) }, onClose: () => editor.focus() })
  find()
  field.focus()
}
