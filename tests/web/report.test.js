/** A report: what it hides, as the server does; the graph without its words; the zip. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Schema } from '../../web/model/schema.js'
import { hiddenText, hiddenValue, withoutKeys, withoutWords } from '../../web/report/hidden.js'
import { crc32, zipOf } from '../../web/report/zip.js'

const table = JSON.parse(readFileSync(new URL('../server/report_hides.json', import.meta.url), 'utf8'))
const types = (names) => ({ input: { required: Object.fromEntries(names.map((name) => [name, name === 'seed' ? ['INT', {}] : ['STRING', { multiline: name === 'text' }]])) } })
const schema = new Schema(Object.fromEntries(Object.entries(table.types).map(([name, widgets]) => [name, types(widgets)])))

for (const { given, found } of table.texts) {
  test(`hidden as the server hides it: ${given.slice(0, 30)}`, () => assert.equal(hiddenText(given), found))
}

for (const { about, given, found } of table.graphs) {
  test(`hidden as the server hides it: ${about}`, () => assert.deepEqual(hiddenValue(withoutKeys(given, schema)), found))
}

test('a graph without its words keeps its nodes, its values and how long each text was', () => {
  const node = { id: 1, type: 'Ask', widgets_values: ['k', 'a red fox', 7], properties: { note: 'two words', ver: '1.2' } }
  const graph = { nodes: [node, { id: 2, type: 'Unknown', widgets_values: ['said', 3, null] }], definitions: { subgraphs: [{ nodes: [node] }] } }
  const found = withoutWords(graph, schema)
  assert.deepEqual(found.nodes[0], { id: 1, type: 'Ask', widgets_values: ['(1 letters)', '(9 letters)', 7], properties: { note: '(9 letters)', ver: '1.2' } })
  assert.deepEqual(found.nodes[1].widgets_values, ['(4 letters)', 3, null])
  assert.deepEqual(found.definitions.subgraphs[0].nodes[0], found.nodes[0])
  assert.deepEqual(graph.nodes[0].widgets_values, ['k', 'a red fox', 7], 'the open graph is as it was')
})

test('the zip holds its files as they are', () => {
  assert.equal(crc32(new TextEncoder().encode('123456789')), 0xcbf43926)
  const files = [{ name: 'log.txt', text: 'a line\n' }, { name: 'größe.json', text: '{"a": "ä"}' }, { name: 'none.txt', text: '' }]
  const bytes = zipOf(files, new Date(2026, 10, 26, 14, 30, 10))
  const view = new DataView(bytes.buffer)
  const end = bytes.length - 22
  assert.equal(view.getUint32(end, true), 0x06054b50)
  assert.equal(view.getUint16(end + 10, true), files.length)
  let at = view.getUint32(end + 16, true)
  const text = (from, length) => new TextDecoder().decode(bytes.subarray(from, from + length))
  for (const { name, text: said } of files) {
    assert.equal(view.getUint32(at, true), 0x02014b50)
    const [length, size, start] = [view.getUint16(at + 28, true), view.getUint32(at + 24, true), view.getUint32(at + 42, true)]
    assert.equal(text(at + 46, length), name)
    assert.equal(view.getUint32(start, true), 0x04034b50)
    assert.equal(text(start + 30 + length, size), said)
    at += 46 + length
  }
  assert.equal(at, end)
})
