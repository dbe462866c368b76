import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flatRows, treeRows } from '../../web/model/choice_rows.js'

const state = (more = {}) => ({ value: '', missing: false, recent: [], folders: new Map(), ...more })
const told = (rows) => rows.map((row) => (row.row === 'head' ? `# ${row.name}` : `${'  '.repeat(row.depth)}${row.row === 'folder' ? `${row.open ? 'v' : '>'} ${row.name} ${row.count}` : row.name}`))
const FILES = ['base.ckpt', 'xl/one.ckpt', 'xl\\two.ckpt', 'xl/anime/three.ckpt']
const MANY = [...FILES, ...Array.from({ length: 20 }, (_, index) => `more/file${index}.ckpt`)]

test('folders of both slashes are one tree, open where the list is short', () => {
  assert.deepEqual(told(treeRows(FILES, state())), ['v xl 3', '  v anime 1', '    three.ckpt', '  one.ckpt', '  two.ckpt', 'base.ckpt'])
})

test('of a long list the folder of the value is open, and what was opened by hand', () => {
  assert.deepEqual(told(treeRows(MANY, state({ value: 'xl/one.ckpt' }))), ['v xl 3', '  > anime 1', '  one.ckpt', '  two.ckpt', '> more 20', 'base.ckpt'])
  assert.deepEqual(told(treeRows(MANY, state({ value: 'xl/one.ckpt', folders: new Map([['xl', false], ['more', false]]) }))), ['> xl 3', '> more 20', 'base.ckpt'])
})

test('a folder that holds everything is open', () => {
  assert.equal(treeRows(Array.from({ length: 30 }, (_, index) => `all/${index}`), state()).length, 31)
})

test('recent ones come first, those that are gone are left out', () => {
  assert.deepEqual(told(treeRows(MANY, state({ recent: ['gone.ckpt', 'xl/one.ckpt'] }))).slice(0, 3), ['# Recent', 'one.ckpt', '# All'])
  assert.equal(treeRows(FILES, state({ recent: ['xl/one.ckpt'] })).some(({ row }) => row === 'head'), false)
})

test('a missing value is told with the nearest names', () => {
  assert.deepEqual(told(treeRows(FILES, state({ value: 'old/one.safetensors', missing: true }))).slice(0, 3), ['# “one.safetensors” is not there. Nearest:', 'one.ckpt', '# All'])
  assert.deepEqual(told(treeRows(['a', 'b'], state({ value: 'zebra', missing: true }))).slice(0, 2), ['# “zebra” is not there.', '# All'])
})

test('found ones stand flat, with their folders beside', () => {
  assert.deepEqual(flatRows(['xl/anime/three.ckpt', 5]).map(({ name, folder }) => [name, folder]), [['three.ckpt', 'xl/anime'], ['5', '']])
})

test('ten thousand files are rows', () => {
  const files = Array.from({ length: 10_000 }, (_, index) => `f${index % 50}/g${index % 7}/file${index}.safetensors`)
  const open = new Map(Array.from({ length: 50 }, (_, index) => [`f${index}`, true]))
  assert.ok(treeRows(files, state({ value: files[7], folders: open })).length > 300)
})
