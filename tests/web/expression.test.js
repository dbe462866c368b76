/** Expressions of widgets, against the table that the server's twin reads too. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { evaluate, ExpressionError, parse, references, renamed, writeReference } from '../../web/model/expression.js'

const { reads, cases } = JSON.parse(readFileSync(new URL('../conversion/expressions.json', import.meta.url), 'utf8'))
const read = ({ node, widget, at }) => {
  const value = reads[`${node}.${widget}`]
  if (value === undefined) throw new ExpressionError(`No node is called “${node}”.`, at)
  return value
}

for (const { source, value, error, at } of cases) {
  test(`expression: ${source.slice(0, 60)}`, () => {
    if (!error) return assert.equal(evaluate(parse(source), read), value)
    assert.throws(() => evaluate(parse(source), read), (thrown) => {
      assert.ok(thrown instanceof ExpressionError)
      assert.deepEqual([thrown.message, thrown.at], [error, at])
      return true
    })
  })
}

test('property: any text is a value or an error with a place in it', () => {
  const pieces = fc.constantFrom('1', '2.5', '+', '-', '*', '/', '%', '(', ')', ',', 'min', 'max(', 'round(', '[#3].steps', '[', ']', '.', ' ', '\\', '×', 'x', '😀')
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(pieces, { maxLength: 30 }).map((all) => all.join(''))), (source) => {
    try {
      assert.ok(Number.isFinite(evaluate(parse(source), read)))
    } catch (error) {
      assert.ok(error instanceof ExpressionError, String(error))
      assert.ok(error.at >= 0 && error.at <= Array.from(source).length)
    }
  }), { numRuns: 2000 })
})

test('property: a reference that is written is read back', () => {
  const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).map((text) => text.trim()).filter(Boolean)
  fc.assert(fc.property(name, name, (node, widget) => {
    const [found] = references(parse(`2 * ${writeReference(node, widget)}`))
    assert.deepEqual([found.node, found.widget, found.at], [node, widget, 4])
  }))
})

test('what is called otherwise now is called so in expressions too', () => {
  const cases = [
    ['[Size].width * [Size].height + [Sizes].x', '[Big].width * [Big].height + [Sizes].x'], ['max([ Size ].width, 1)', 'max([Big].width, 1)'],
    ['[#3].Size', '[#3].Size'], ['1 +', '1 +'], ['😀', '😀']
  ]
  for (const [source, wanted] of cases) assert.equal(renamed(source, 'Size', 'Big'), wanted)
  assert.equal(renamed('[A \\[1\\]].x', 'A [1]', 'B ]'), '[B \\]].x')
  assert.equal(renamed('[Size].x', 'Size', '#7'), '[#7].x')
})
