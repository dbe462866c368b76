/** Shapes of the list of routes, as a person reads them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shapeText } from '../../web/reference/shapes.js'

const known = {
  Job: { type: 'object', properties: { id: { type: 'string' }, ms: { type: ['number', 'null'] } }, required: ['id'] },
  Tree: { type: 'object', properties: { inside: { $ref: '#/components/schemas/Tree' } }, required: ['inside'] },
}

test('plain types, lists and objects', () => {
  assert.equal(shapeText({}, known), 'any')
  assert.equal(shapeText({ type: 'array', items: { type: 'string' } }, known), '[string, …]')
  assert.equal(shapeText({ type: 'object', additionalProperties: { type: 'integer' } }, known), '{ …: integer }')
  assert.equal(shapeText({ anyOf: [{ type: 'string' }, { type: 'null' }] }, known), 'string | null')
})

test('a named shape is written out, and what may be left out is marked', () => {
  assert.equal(shapeText({ $ref: '#/components/schemas/Job' }, known), '{\n  "id": string,\n  "ms"?: number | null\n}')
})

test('a shape that holds itself ends', () => {
  const text = shapeText({ $ref: '#/components/schemas/Tree' }, known)
  assert.ok(text.length < 500, text)
  assert.ok(text.includes('Tree') || text.includes('{ … }'))
})
