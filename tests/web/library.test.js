import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Schema } from '../../web/model/schema.js'
import { categories, libraryRows } from '../../web/panels/library_rows.js'

const entry = (title, category, more = {}) => ({ input: { required: {} }, output: ['IMAGE'], display_name: title, category, ...more })
const schema = new Schema({
  B: entry('Blur', 'image'), U: entry('Upscale', 'image/upscaling'), A: entry('Alpha', 'image/upscaling'), T: entry('Try', '_for_testing'),
  S: entry('Sample', 'sampling', { easel_later: 'video models' }), N: entry('Nowhere', '')
})
const tree = categories(schema.types.values())
const rows = (more = {}) => libraryRows({ schema, tree, query: '', favourites: [], sources: [], open: new Set(), used: new Map(), ...more })
const titles = (more) => rows(more).map(({ title, depth }) => `${'  '.repeat(depth)}${title}`)
const source = (entries, more = {}) => ({ id: 'own', title: 'Subgraphs', entries: () => entries, listen: () => () => undefined, ...more })

test('categories are a tree, closed at first; what is for testing comes last', () => {
  assert.deepEqual(titles(), ['Favourites', 'Image', 'Others', 'Sampling', 'Utils', 'For testing'])
  assert.equal(rows().find(({ title }) => title === 'Image').count, 3)
  assert.deepEqual(titles({ open: new Set(['category image', 'category image/upscaling']) }).slice(1, 6), ['Image', '  Upscaling', '    Alpha', '    Upscale', '  Blur'])
})

test('favourites in the order of their stars; those that the server no longer has are left out', () => {
  const open = new Set(['favourites'])
  assert.deepEqual(titles({ open, favourites: ['U', 'gone', 'B'] }).slice(0, 3), ['Favourites', '  Upscale', '  Blur'])
  assert.equal(rows({ open })[1].kind, 'words', 'with none, a sentence that says how')
  const all = rows({ open: new Set(['favourites', 'category image']), favourites: ['B'] })
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length, 'a type that stands twice is two rows')
})

test('sections of others: shown with their entries, left out when empty, found by words', () => {
  const entries = [{ id: '1', title: 'My upscaler', about: 'two steps', add: () => null }]
  assert.deepEqual(titles({ sources: [source(entries)], open: new Set(['source own']) }).slice(1, 3), ['Subgraphs', '  My upscaler'])
  assert.ok(!titles({ sources: [source([])] }).includes('Subgraphs'))
  assert.deepEqual(titles({ sources: [source([], { empty: 'None yet.' })], open: new Set(['source own']) }).slice(1, 3), ['Subgraphs', '  None yet.'])
  assert.deepEqual(titles({ sources: [source(entries)], query: 'upscale' }), ['My upscaler', 'Upscale'])
  assert.deepEqual(titles({ sources: [source(entries)], query: 'two steps' }), ['My upscaler'])
})

test('words find what the search finds, filters too; nothing is nothing', () => {
  assert.deepEqual(titles({ query: 'out:image al' }).slice(0, 1), ['Alpha'])
  assert.deepEqual(titles({ query: 'zzzz' }), [])
  assert.deepEqual(titles({ query: '   ' }), titles())
})
