/** The library of saved graphs: its rows, its order, and the words of our own templates. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { allTags, baseName, folderOf, graphRows, joined } from '../../web/panels/graph_rows.js'
import { wordsOf } from '../../web/panels/template_words.js'

const graph = (name, more = {}) => ({ name, size: 1, modified: 1, ...more })
const GRAPHS = [
  graph('b', { modified: 5 }), graph('a 10', { modified: 1, opened: 9 }), graph('a 2', { modified: 2, favourite: true }),
  graph('work/one', { tags: ['x', 'y'] }), graph('work/deep/two', { tags: ['x'], modified: 7 })
]
const rows = (parts) => graphRows({ graphs: GRAPHS, folders: ['work', 'work/deep', 'empty'], folder: '', tag: '', sort: 'name', searched: false, ...parts }).map(({ name }) => name)

test('folders first, then favourites, then by the order that is wanted', () => {
  assert.deepEqual(rows({}), ['empty', 'work', 'a 2', 'a 10', 'b'])
  assert.deepEqual(rows({ sort: 'changed' }), ['empty', 'work', 'a 2', 'b', 'a 10'])
  assert.deepEqual(rows({ sort: 'opened' }), ['empty', 'work', 'a 2', 'a 10', 'b'])
})

test('a folder shows what is in it, and counts what is below', () => {
  assert.deepEqual(rows({ folder: 'work' }), ['work/deep', 'work/one'])
  const [, work] = graphRows({ graphs: GRAPHS, folders: ['work', 'empty'], folder: '', tag: '', sort: 'name', searched: false })
  assert.equal(work.count, 2)
})

test('a search and a tag list all folders at once, with their names', () => {
  assert.deepEqual(rows({ searched: true, sort: 'changed' }), ['a 2', 'work/deep/two', 'b', 'a 10', 'work/one'])
  assert.deepEqual(rows({ tag: 'x', sort: 'changed' }), ['work/deep/two', 'work/one'])
  const [row] = graphRows({ graphs: GRAPHS, folders: [], folder: '', tag: 'y', sort: 'name', searched: false })
  assert.deepEqual([row.title, row.where], ['one', 'work'])
})

test('the most used tags come first; names of any letters', () => {
  assert.deepEqual(allTags(GRAPHS), ['x', 'y'])
  assert.deepEqual([baseName('a/שלום 🎨'), folderOf('a/b/c'), folderOf('c'), joined('', 'x'), joined('a/b', 'x')], ['שלום 🎨', 'a/b', '', 'x', 'a/b/x'])
})

test('our templates have their words in the page, as the files say them', () => {
  const folder = new URL('../../workflows/', import.meta.url)
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const { name: title, description, tags } = JSON.parse(readFileSync(new URL(file, folder), 'utf8')).extra.info
    const told = wordsOf({ name: file.slice(0, -5), pack: '', title: 'another', description: 'another', tags })
    assert.deepEqual(told, { title, description, tags })
  }
  const theirs = { name: 'default', pack: 'p', title: 'T', description: 'D', tags: ['z'] }
  assert.equal(wordsOf(theirs).title, 'T')
})
