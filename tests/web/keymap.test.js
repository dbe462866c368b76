import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { CORE_COMMANDS } from '../../web/commands/core.js'
import { findCommands } from '../../web/commands/find_commands.js'
import { asKeymap, PRESETS, readKeymap, reserved, resolve, writeKeymap } from '../../web/commands/keymap.js'
import { isModifier } from '../../web/commands/keys.js'
import { Registry } from '../../web/commands/registry.js'

const press = (key, more = {}) => ({ key, code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more })
const registry = () => CORE_COMMANDS.reduce((all, command) => all.register(command), new Registry())
const own = (keys, preset = 'comfyui') => ({ preset, own: keys })

test('an artist’s fingers find the keys of ComfyUI without choosing anything', () => {
  const commands = registry()
  const expected = {
    'Ctrl+G': 'group', 'Alt+=': 'zoom_in', 'Alt+-': 'zoom_out', '.': 'fit', P: 'pin', 'Alt+C': 'collapse', 'Ctrl+B': 'bypass',
    'Ctrl+M': 'mute', 'Ctrl+A': 'select_all', 'Ctrl+C': 'copy', 'Ctrl+V': 'paste', 'Ctrl+Shift+V': 'paste_links', Delete: 'delete',
    Backspace: 'delete', 'Ctrl+Z': 'undo', 'Ctrl+Y': 'redo', ArrowLeft: 'nudge_left'
  }
  for (const [key, id] of Object.entries(expected)) assert.equal(commands.onKey(key)?.id, id, key)
})

test('no preset gives one key to two commands, and each key of it works', () => {
  for (const [preset, { keys }] of Object.entries(PRESETS)) {
    const all = Object.values(keys).flat()
    assert.equal(new Set(all).size, all.length, `${preset} has a key twice`)
    const commands = registry()
    commands.setKeymap(own({}, preset))
    for (const [id, list] of Object.entries(keys)) {
      if (commands.get(id)) assert.deepEqual(commands.keysOf(id), [...list], `${preset}: ${id}`)
    }
  }
})

test('a preset changes the keys at once, and back', () => {
  const commands = registry()
  let told = 0
  const end = commands.listen(() => { told++ })
  assert.equal(commands.forKey(press('m')), undefined)
  commands.setKeymap(own({}, 'blender'))
  assert.equal(commands.forKey(press('m'))?.id, 'mute')
  assert.equal(commands.forKey(press('x', { ctrlKey: true }))?.id, 'delete_reconnect', 'in Blender, not cut')
  assert.deepEqual(commands.keysOf('cut'), [])
  commands.setKeymap(own({}))
  assert.equal(commands.forKey(press('m')), undefined)
  assert.deepEqual(commands.keysOf('cut'), ['Ctrl+X'])
  assert.equal(told, 2)
  end()
})

test('one’s own keys win over the preset, and the preset over what a command brings', () => {
  const commands = registry()
  commands.setKeymap(own({ pin: ['M'], undo: [] }, 'blender'))
  assert.equal(commands.onKey('M')?.id, 'pin')
  assert.deepEqual(commands.keysOf('mute'), [], 'it lost its key to the person')
  assert.deepEqual(commands.keysOf('undo'), [], 'taken away')
  assert.equal(commands.onKey('Ctrl+Z'), undefined)
})

test('a command that comes later has its keys, or those of the map', () => {
  const commands = registry()
  commands.setKeymap(own({ late: ['F7'] }))
  commands.register({ id: 'late', label: 'Late', keys: ['F8'], run: () => null })
  assert.deepEqual(commands.keysOf('late'), ['F7'])
})

test('whatever the map says, a key runs one command at most, and what is shown is what runs', () => {
  const ids = CORE_COMMANDS.map(({ id }) => id)
  const keys = fc.array(fc.constantFrom('M', 'X', 'Ctrl+Z', 'Ctrl+M', 'F7', 'Home', 'Tab', 'ctrl+shift+z'), { maxLength: 3 })
  fc.assert(fc.property(fc.dictionary(fc.constantFrom(...ids), keys), fc.constantFrom(...Object.keys(PRESETS)), (map, preset) => {
    const { of, command } = resolve(CORE_COMMANDS, own(map, preset))
    const shown = [...of].flatMap(([id, list]) => list.map((key) => [key, id]))
    assert.equal(shown.length, command.size)
    for (const [key, id] of shown) assert.equal(command.get(key), id)
  }))
})

test('a key map as a file comes back as it was', () => {
  const keymap = own({ pin: ['Ctrl+Shift+P'], mute: [] }, 'nuke')
  assert.deepEqual(readKeymap(writeKeymap(keymap), CORE_COMMANDS), { keymap, unknown: [] })
  assert.deepEqual(readKeymap(writeKeymap(own({ of_later: ['F9'] })), CORE_COMMANDS).unknown, ['of_later'])
})

test('a file that is no key map is refused with a sentence', () => {
  const refuse = (text, words) => assert.throws(() => readKeymap(typeof text === 'string' ? text : JSON.stringify(text), CORE_COMMANDS), words)
  const file = (more) => ({ format: 'easel/keys', preset: 'comfyui', keys: {}, ...more })
  refuse('{', /no JSON/)
  refuse('[]', /holds no key map/)
  refuse({ nodes: [] }, /holds no key map/)
  refuse(file({ preset: 'maya' }), /"maya".*comfyui, blender, nuke/)
  refuse(file({ preset: '__proto__' }), /preset/)
  refuse(file({ keys: [] }), /must be an object/)
  refuse(file({ keys: { mute: 'M' } }), /“Mute”.*list/)
  refuse(file({ keys: { mute: ['M'], pin: ['m'] } }), /M runs both “Mute” and “Pin”/)
  refuse(file({ keys: { mute: ['Ctrl+W'] } }), /“Mute” cannot have Ctrl\+W\. The browser keeps/)
  refuse(file({ keys: { mute: [''] } }), /cannot have a key without a name/)
  assert.deepEqual(readKeymap(JSON.stringify(file({ keys: { edit: ['Enter', 'F4'] } })), CORE_COMMANDS).keymap.own.edit, ['Enter', 'F4'])
})

test('what is stored is taken as far as it is a key map', () => {
  for (const stored of [null, 3, 'x', [], { preset: 'constructor', own: 4 }, { preset: 7, own: { pin: 'P' } }]) {
    assert.deepEqual(asKeymap(stored), own({}))
  }
  assert.deepEqual(asKeymap(own({ pin: ['F6'] }, 'nuke')), own({ pin: ['F6'] }, 'nuke'))
})

test('keys that cannot be had say why', () => {
  assert.match(reserved('Ctrl+W'), /browser/)
  assert.match(reserved('Space'), /moves the view/)
  assert.match(reserved(''), /Press a key/)
  assert.equal(reserved('Ctrl+Shift+M'), null)
  assert.ok(isModifier(press('Shift')) && isModifier(press('Control')) && !isModifier(press('a')))
})

test('commands in Chinese are found by words within their labels, and by their English names', () => {
  const commands = ['delete_reconnect 删除并重新连接', 'paste_links 粘贴并保留连线', 'zoom_in 放大'].map((line) => ({ id: line.split(' ')[0], label: line.split(' ')[1] }))
  const found = (text) => findCommands(commands, text, [], false).map(({ id }) => id)
  assert.deepEqual([found('连线'), found('连接'), found('删除'), found('reconnect'), found('zoom 放大'), found('elete')], [['paste_links'], ['delete_reconnect'], ['delete_reconnect'], ['delete_reconnect'], ['zoom_in'], []])
  assert.deepEqual(findCommands(commands, 'zoom', [], true), [])
})

test('commands are found by the starts of their words; the last used lead among equals', () => {
  const labels = (text, recent = []) => findCommands(CORE_COMMANDS, text, recent).map(({ label }) => label)
  assert.equal(labels('dup')[0], 'Duplicate')
  assert.equal(labels('links')[0], 'Paste with links')
  assert.equal(labels('dup', ['duplicate_links'])[0], 'Duplicate with links')
  assert.equal(labels('', ['pin'])[0], 'Pin')
  assert.ok(labels('feeds select').includes('Select all that feeds it'))
  assert.deepEqual(labels('zzz'), [])
})
