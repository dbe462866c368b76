import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_COMMANDS } from '../../web/commands/core.js'
import { keyOf, normalise, Registry } from '../../web/commands/registry.js'

const press = (key, more = {}) => ({ key, code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more })
const command = (id, keys) => ({ id, label: id, keys, run: () => id })

test('no two commands of the editor share a key, and each says what it does', () => {
  const registry = new Registry()
  for (const each of CORE_COMMANDS) registry.register(each)
  for (const { id, label } of registry.all()) assert.match(label, /^[A-Z]/u, id)
})

test('a second command for a key, or of an id, is refused and leaves nothing behind', () => {
  const registry = new Registry().register(command('one', ['Ctrl+Z']))
  assert.throws(() => registry.register(command('two', ['F2', 'ctrl+z'])), /Ctrl\+Z runs "one"/)
  assert.throws(() => registry.register(command('one', [])), /already/)
  assert.equal(registry.get('two'), undefined)
  assert.equal(registry.forKey(press('F2')), undefined)
})

test('keys are found however the layout and the machine tell them', () => {
  const registry = new Registry()
  for (const each of CORE_COMMANDS) registry.register(each)
  const id = (key, more) => registry.forKey(press(key, more))?.id
  assert.equal(id('z', { ctrlKey: true }), 'undo')
  assert.equal(id('z', { metaKey: true }), 'undo')
  assert.equal(id('Z', { ctrlKey: true, shiftKey: true }), 'redo')
  assert.equal(id('ç', { altKey: true, code: 'KeyC' }), 'collapse')
  assert.equal(id('Tab'), 'search')
  assert.equal(id('A', { shiftKey: true, code: 'KeyA' }), 'search')
  assert.equal(id('ArrowLeft', { shiftKey: true }), 'nudge_far_left')
  assert.equal(id('+', { shiftKey: true }), 'zoom_in')
  assert.equal(id('.', {}), 'fit')
  assert.equal(id('q'), undefined)
  assert.equal(id('я', { ctrlKey: true, code: 'KeyZ' }), 'undo', 'a Cyrillic layout')
  assert.equal(id('ة', { ctrlKey: true, code: 'KeyM' }), 'mute', 'an Arabic one')
  assert.equal(id(']', { ctrlKey: true, altKey: true, code: 'Digit9', getModifierState: (name) => name === 'AltGraph' }), 'next_node', 'AltGr and 9')
  assert.equal(id('y', { ctrlKey: true, code: 'KeyZ' }), 'redo', 'a German layout: the letter counts, not its place')
  assert.deepEqual(registry.keysOf('redo'), ['Ctrl+Shift+Z', 'Ctrl+Y'])
})

test('one spelling of a key', () => {
  assert.equal(normalise('shift+ctrl+z'), 'Ctrl+Shift+Z')
  assert.equal(normalise('+'), '+')
  assert.equal(normalise('Alt+='), 'Alt+=')
  assert.equal(keyOf(press(' ')), 'Space')
})
