import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { marksOf, marksOfLines, MOST_MARKED } from '../../web/model/prompt_marks.js'

const told = (text, options) => marksOf(text, options).map(({ from, to, mark }) => [text.slice(from, to), mark])

test('weights, choices, names and comments are told apart', () => {
  assert.deepEqual(told('a (red fox:1.2) here'), [['a ', 'plain'], ['(red fox:1.2)', 'weight'], [' here', 'plain']])
  assert.deepEqual(told('{red|blue} sky'), [['{red|blue}', 'choice'], [' sky', 'plain']])
  assert.deepEqual(told('x, embedding:bad_hands-v2, __colour__'), [['x, ', 'plain'], ['embedding:bad_hands-v2', 'name'], [', ', 'plain'], ['__colour__', 'name']])
  assert.deepEqual(told('<lora:ink:0.8> a // not\nb /* c */'), [['<lora:ink:0.8>', 'name'], [' a ', 'plain'], ['// not', 'comment'], ['\nb ', 'plain'], ['/* c */', 'comment']])
  assert.deepEqual(told('https://x.org/(a)'), [['https://x.org/', 'plain'], ['(a)', 'weight']])
})

test('brackets that do not pair are wrong; escaped ones are letters', () => {
  assert.deepEqual(told('a (b'), [['a ', 'plain'], ['(', 'wrong'], ['b', 'plain']])
  assert.deepEqual(told('a) b'), [['a', 'plain'], [')', 'wrong'], [' b', 'plain']])
  assert.deepEqual(told('(a}'), [['(', 'wrong'], ['a', 'plain'], ['}', 'wrong']])
  assert.deepEqual(told('\\(plain\\)'), [['\\(plain\\)', 'plain']])
  assert.deepEqual(told('{a', { choices: false }), [['{a', 'plain']])
})

test('lines of a wrapped text keep their marks', () => {
  const text = 'a (red\nfox:1.2) end of it'
  const lines = ['a (red', 'fox:1.2)', 'end…']
  assert.deepEqual(marksOfLines(text, lines, marksOf(text)).map((line) => line.map(({ text: piece, mark }) => [piece, mark])), [
    [['a ', 'plain'], ['(red', 'weight']], [['fox:1.2)', 'weight']], [['end…', 'plain']]
  ])
})

test('brackets within brackets are one weight', () => {
  assert.deepEqual(told('('.repeat(15_000) + ')'.repeat(15_000)).map(([, mark]) => mark), ['weight'])
})

test('megabytes are looked at in part', () => {
  const text = '(a:1.1), '.repeat(1_200_000)
  const all = marksOf(text)
  assert.equal(all.at(-1).to, text.length)
  assert.ok(all.at(-1).from <= MOST_MARKED)
})

test('property: the runs are the text, without gaps, and so are those of its lines', () => {
  const prompt = fc.array(fc.constantFrom('(', ')', '{', '}', '|', ':1.2', ' ', '\n', 'cat', '\\', '//', '/*', '*/', '__w__', 'embedding:x', '<lora:', '>', ','), { maxLength: 40 }).map((all) => all.join(''))
  fc.assert(fc.property(prompt, fc.integer({ min: 1, max: 9 }), (text, width) => {
    const all = marksOf(text)
    assert.equal(all.map(({ from, to }) => text.slice(from, to)).join(''), text)
    const lines = text.split('\n').flatMap((line) => line.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [''])
    assert.deepEqual(marksOfLines(text, lines, all).map((line) => line.map((piece) => piece.text).join('')), lines)
  }))
})
