/**
 * Keys and gestures: all commands with the keys that they have now, to find, to change, to take along as a file. Keys are
 * pressed, not typed; one that another command has is refused with that command's name, and can be taken from it.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../commands/registry.js').Command<Editor>} Command
 * @typedef {{ id: string, replaces: string | null, said: string, wanted: string, from: string | null }} Catching
 *   The command that waits for keys, the key that goes for it, what to say, and the key that another command has
 */
import { chooseFiles, saveText } from '../app/files.js'
import { asKeymap, PRESETS, readKeymap, reserved, writeKeymap } from '../commands/keymap.js'
import { isModifier, keyOf } from '../commands/keys.js'
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { PRESETS as HANDS, presetOf } from '../tools/navigation.js'
import { openDialog } from './dialog.js'
import { fill, h } from './dom.js'
import { gestureWords } from './gesture_words.js'
import { IS_MAC, keycaps, keyNames } from './keycaps.js'

/** Commands by what they are about; the rest is "Nodes". @type {readonly [string, RegExp][]} */
const SECTIONS = [
  [t('Run'), /^(?:run|interrupt|freeze|thaw|repair)/u],
  [t('Graphs'), /^(?:new_graph|open_file|save|download|graphs)/u],
  [t('Edit'), /^(?:undo|redo|history|delete|copy|cut$|paste|duplicate)/u],
  [t('Select'), /^(?:select|go_|next_node|previous_node)/u],
  [t('View'), /^(?:fit|zoom|theme|view|inspector|outline|library|shortcuts|refresh|minimap|canvas_info|heat_|focus|lock|unlock|navigation_|guides|snap|links_)/u],
  [t('Links'), /^(?:connect|cut_|add_reroutes|join|pull|link_|hide_|show_|send_)/u],
  [t('Subgraphs'), /subgraph|^leave_all/u],
  [t('Pictures'), /^picture_/u],
  [t('Frames'), /^(?:group|frame|unframe)/u],
  [t('Line up'), /^(?:align|distribute|arrange)/u],
  [t('Colours'), /^colour/u],
]

/**
 * @param {object} parts
 * @param {Editor} parts.editor
 * @param {import('../app/settings.js').Settings} parts.settings
 * @param {import('./toasts.js').Toasts} parts.toasts
 */
export function openShortcuts({ editor, settings, toasts }) {
  const { commands } = editor
  /** @type {Catching | null} */
  let catching = null
  const field = h('input.field', { type: 'search', placeholder: t('Search commands and keys'), 'aria-label': t('Search commands and keys'), autocomplete: 'off', spellcheck: 'false' })
  const list = h('div.shortcuts')
  const none = h('p.none')
  const about = h('p.quiet.about-keys')
  const resetAll = h('button', { type: 'button', 'data-tip': t('All keys as in the preset'), onclick: () => keep({}) }, icon('undo'), t('Reset all'))

  const presetChoice = select(t('Keys'), t('Keys'), Object.entries(PRESETS).map(([id, { title }]) => [id, title]), () => keymap().preset, preset => settings.set('keymap', { ...keymap(), preset }))
  const handsChoice = select(t('Mouse and wheel'), t('Mouse'), HANDS.map(({ id, label }) => [id, label]), () => presetOf(settings.values.navigation).id, id => settings.set('navigation', id))

  const keymap = () => asKeymap(settings.values.keymap)
  /** @param {import('../commands/keymap.js').Keys} own */
  const keep = own => settings.set('keymap', { ...keymap(), own })

  /** Gives a command these keys; others that had one of them lose it. @param {string} id @param {readonly string[]} keys */
  function give(id, keys) {
    /** @type {Record<string, readonly string[]>} */
    const own = { ...keymap().own, [id]: keys }
    for (const other of commands.all()) {
      const had = commands.keysOf(other.id)
      if (other.id !== id && had.some(key => keys.includes(key))) own[other.id] = had.filter(key => !keys.includes(key))
    }
    keep(own)
  }

  /** @param {string} id */
  function reset(id) {
    const { [id]: _, ...own } = keymap().own
    keep(own)
  }

  /** @param {KeyboardEvent} event @param {Catching} now */
  function caught(event, now) {
    event.preventDefault()
    event.stopPropagation()
    if (event.key === 'Escape') return leave()
    if (isModifier(event)) return
    const key = keyOf(event)
    const other = commands.onKey(key)
    const refusal = reserved(key)
    if (other?.id === now.id) return leave()
    if (refusal) catching = { ...now, said: refusal, from: null }
    else if (other?.native) catching = { ...now, said: `${words(key)} is the browser’s own key for “${other.label}”.`, from: null }
    else if (other) catching = { ...now, said: `${words(key)} runs “${other.label}” already.`, wanted: key, from: other.id }
    else return take(now, key)
    draw()
    focusCatcher()
  }

  function focusCatcher() {
    const button = list.querySelector('.catching')
    if (button instanceof HTMLElement) button.focus()
  }

  /** @param {Catching} now @param {string} key */
  function take({ id, replaces }, key) {
    const had = commands.keysOf(id)
    catching = null
    give(id, replaces === null ? [...had, key] : had.map(each => (each === replaces ? key : each)))
    focusRow(id)
  }

  function leave() {
    const id = catching?.id
    catching = null
    draw()
    if (id) focusRow(id)
  }

  /** @param {string} id */
  function focusRow(id) {
    /** @type {HTMLElement | null} */ (list.querySelector(`[data-command-row="${CSS.escape(id)}"] button`))?.focus()
  }

  /** @param {string} id @param {string | null} replaces */
  function start(id, replaces) {
    catching = { id, replaces, said: '', wanted: '', from: null }
    draw()
    focusCatcher()
  }

  /** @param {Command} command */
  function row(command) {
    const { id, label, native } = command
    const keys = commands.keysOf(id)
    const own = keymap().own[id] !== undefined
    const now = catching?.id === id ? catching : null
    const holder = h('div.keys-row', { 'data-command-row': id, class: own ? 'keys-row own' : 'keys-row' },
      h('span.label', {}, label),
      now ? catcher(now) : h('span.keys-now', {},
        keys.map(key => native && command.keys.includes(key)
          ? h('span', { 'data-tip': t('The browser’s own keys: they cannot be changed') }, keycaps(key))
          : h('button.key', { type: 'button', 'aria-label': t('{label}: {key}. Change', { label, key: words(key) }), 'data-tip': t('Press to change'), onclick: () => start(id, key) }, keycaps(key))),
        own ? h('button.act', { type: 'button', 'aria-label': t('{label}: as in the preset', { label }), 'data-tip': t('As in the preset'), onclick: () => { reset(id); focusRow(id) } }, icon('undo', 13)) : null,
        native ? null : h('button.act', { type: 'button', 'aria-label': t('{label}: another key', { label }), 'data-tip': t('Another key'), onclick: () => start(id, null) }, icon('add', 13))))
    return now?.said ? [holder, said(now)] : holder
  }

  /** @param {Catching} now */
  function catcher(now) {
    return h('span.keys-now', {},
      h('button.catching', { type: 'button', 'aria-label': t('Press the new keys. Escape leaves.'), onkeydown: (/** @type {KeyboardEvent} */ event) => caught(event, now) }, t('Press the keys')),
      now.replaces === null ? null : h('button.act', {
        type: 'button', 'aria-label': t('Remove {key}', { key: words(now.replaces) }), 'data-tip': t('Remove this key'), onclick: () => {
          catching = null
          give(now.id, commands.keysOf(now.id).filter(key => key !== now.replaces))
          focusRow(now.id)
        },
      }, icon('trash', 13)),
      h('button.act', { type: 'button', 'aria-label': t('Leave it'), 'data-tip': t('Leave it'), onclick: leave }, icon('close', 13)))
  }

  /** @param {Catching} now */
  function said(now) {
    return h('div.keys-said', { role: 'alert' }, h('span', {}, now.said),
      now.from ? h('button.link', { type: 'button', onclick: () => take(now, now.wanted) }, t('Take it from there')) : null)
  }

  function draw() {
    const query = field.value.trim().toLowerCase().split(/\s+/u).filter(Boolean)
    /** @param {string} text */
    const answers = text => query.every(word => text.toLowerCase().includes(word))
    const shown = commands.all().filter(({ id, label, hidden }) => !hidden && answers(`${label} ${commands.keysOf(id).map(words).join(' ')}`))
    /** @type {Map<string, Command[]>} */
    const sections = new Map([...SECTIONS.map(([title]) => /** @type {[string, Command[]]} */ ([title, []])), [t('Nodes'), []]])
    for (const command of shown) sections.get(SECTIONS.find(([, pattern]) => pattern.test(command.id))?.[0] ?? t('Nodes'))?.push(command)
    const gestures = gestureWords(presetOf(settings.values.navigation)).filter(pair => answers(pair.join(' ')))
    fill(list,
      [...sections].map(([title, rows]) => rows.length > 0 && h('section', {}, h('h3', {}, title), rows.map(row))),
      gestures.length > 0 && h('section', {}, h('h3', {}, t('Gestures')), gestures.map(([label, how]) => h('div.keys-row', {}, h('span.label', {}, label), h('span.quiet', {}, how)))))
    none.hidden = shown.length + gestures.length > 0
    none.textContent = t('Nothing is called “{name}”, and no key is.', { name: field.value.trim() })
    const preset = PRESETS[keymap().preset]
    about.textContent = `${preset?.about ?? ''} ${presetOf(settings.values.navigation).about} ${t('Press a key to change it.')}`
    resetAll.disabled = Object.keys(keymap().own).length === 0
    presetChoice.update()
    handsChoice.update()
  }

  async function bringIn() {
    const [file] = await chooseFiles('.json,application/json')
    if (!file) return
    try {
      const { keymap: read, unknown } = readKeymap(await file.text(), commands.all())
      settings.set('keymap', read)
      wrong.hidden = true
      toasts.show({ key: 'keys', tone: 'done', text: t('The keys of “{name}” are in use.', { name: file.name }), ...(unknown.length ? { detail: t('Commands that this page does not have: {names}.', { names: unknown.join(', ') }) } : {}) })
    } catch (error) {
      wrong.textContent = t('“{name}” was not taken. {reason}', { name: file.name, reason: /** @type {Error} */ (error).message })
      wrong.hidden = false
    }
  }

  const wrong = h('p.wrong', { role: 'alert' })
  wrong.hidden = true
  const ends = [commands.listen(draw), settings.listen(draw)]
  field.addEventListener('input', draw)
  draw()
  const dialog = openDialog(t('Keys and gestures'), [
    h('div.keys-tools', {}, field, presetChoice.element, handsChoice.element,
      h('button', { type: 'button', 'data-tip': t('Keys from a file that was exported here'), onclick: () => void bringIn() }, icon('upload'), t('Import')),
      h('button', { type: 'button', 'data-tip': t('These keys as a JSON file, to keep or to share'), onclick: () => saveText('easel.keys.json', writeKeymap(keymap())) }, icon('download'), t('Export')),
      resetAll),
    wrong, about, list, none,
    h('p.keys-foot', {}, h('button.link', { type: 'button', onclick: () => { dialog.close(); void editor.run('report') } }, t('Report a problem'))),
  ], { wide: true, onClose: () => ends.forEach(end => end()) })
  dialog.element.classList.add('keys-dialog')
  field.focus()
}

/** @param {string} key */
const words = key => keyNames(key).join(IS_MAC ? '' : '+')

/** @param {string} label @param {string} short @param {readonly (readonly string[])[]} options @param {() => string} read @param {(value: string) => void} choose */
function select(label, short, options, read, choose) {
  const element = h('select', { 'aria-label': label, onchange: () => choose(element.value) }, options.map(([value, text]) => h('option', { value }, text ?? '')))
  return { element: h('label.choice', {}, h('span', {}, short), element), update: () => { element.value = read() } }
}
