/** Formatted notes: Markdown to blocks, blocks to lines. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { lexer } from '../../web/node_modules/marked/lib/marked.esm.js'
import { blocksOf, linksOf, safe } from '../../web/view/note_blocks.js'
import { layNote, linkAt } from '../../web/view/note_lines.js'

const blocks = (text) => blocksOf(lexer(text))
const words = ({ runs }) => runs.map(({ text }) => text).join('')
/** Every letter is half as wide as it is high. */
const ctx = { font: '', measureText(text) { return { width: text.length * (Number(/([\d.]+)px/u.exec(this.font)?.[1]) / 2) } } }

test('headings, styles, code, lists, quotes, rules and tables become blocks', () => {
  const found = blocks('# One **two**\n\nA *b* **c** ***d*** `e &amp; f` ~~g~~ [h](https://x.example/)\\\ni\n\n1. one\n   - in it\n2. two\n- [x] done\n\n> said\n\n```js\nlet a\n  b()\n```\n\n---\n\n| p | q |\n|---|---|\n| 1 | 2 |')
  assert.deepEqual(found.map(({ kind }) => kind), ['heading', 'text', 'text', 'text', 'text', 'text', 'text', 'code', 'code', 'rule', 'row', 'row'])
  const [heading, styles] = found
  assert.equal(heading.depth, 1)
  assert.ok(heading.runs.every(({ bold }) => bold))
  const style = (word) => styles.runs.find(({ text }) => text.trim() === word)
  assert.deepEqual([style('b').italic, style('c').bold, style('d').italic && style('d').bold, style('g').strike], [true, true, true, true])
  assert.ok(style('e & f').code)
  assert.equal(style('h').href, 'https://x.example/')
  assert.ok(styles.runs.some(({ text }) => text === '\n'))
  const list = found.filter(({ indent }) => indent > 0)
  assert.deepEqual(list.map(({ marker, indent }) => [marker, indent]), [['1.', 1], ['•', 2], ['2.', 1], ['☑', 1]])
  assert.equal(found.find(({ quote }) => quote)?.quote, 1)
  assert.deepEqual(found.filter(({ kind }) => kind === 'code').map(words), ['let a', '  b()'])
  assert.equal(found.at(-1).cells.length, 2)
})

test('nothing of a note can run: only addresses of the web may be opened, tags are left out', () => {
  const found = blocks('[a](javascript:alert(1)) [b](data:text/html,x) [c](/local) [d](https://d.example) <mail@e.example>\n\n<script>alert(1)</script>\n\n<div onclick="x">kept</div>')
  assert.deepEqual(linksOf(found).map(({ href }) => href), ['https://d.example/', 'mailto:mail@e.example'])
  assert.ok(!found.map(words).join('').includes('alert(1)</'))
  assert.ok(found.map(words).includes('kept'))
  for (const bad of ['javascript:x', 'vbscript:x', 'file:///etc', 'not an address', '']) assert.equal(safe(bad), null)
})

test('lines fit their width, follow each other, and stop where the room ends', () => {
  const room = { w: 200, h: 120 }
  const text = `# A heading that is long\n\n${'word '.repeat(80)}\n\n${'x'.repeat(300)}`
  const { lines, whole } = layNote(ctx, blocks(text), room, 12)
  assert.equal(whole, false)
  lines.forEach((line, index) => {
    assert.ok(line.y + line.h <= room.h)
    if (index) assert.ok(line.y >= lines[index - 1].y + lines[index - 1].h - 1e-9)
    for (const piece of line.pieces) assert.ok(line.x + piece.x + piece.text.trimEnd().length * 3 <= room.w, piece.text)
  })
  assert.equal(layNote(ctx, blocks('short'), room, 12).whole, true)
})

test('a link is found where it stands', () => {
  const layout = layNote(ctx, blocks('go [here](https://x.example/) now'), { w: 400, h: 100 }, 12)
  const link = layout.lines[0].pieces.find(({ href }) => href)
  assert.equal(linkAt(layout, { x: link.x + 2, y: 5 }), 'https://x.example/')
  assert.equal(linkAt(layout, { x: 1, y: 5 }), null)
  assert.equal(linkAt(layout, { x: link.x + 2, y: 90 }), null)
})

test('any text can be read and laid out', () => {
  const pieces = fc.constantFrom('# ', '- ', '1. ', '> ', '```\n', '`', '**', '*', '[a](b)', '|', '\n', '\n\n', '---', '<b>', '&amp;', ' ', 'word', '\t', '~~', '![', ']', '(', '- [ ] ', '\u0000', '🎨')
  fc.assert(fc.property(fc.array(pieces, { maxLength: 80 }), fc.integer({ min: 1, max: 400 }), (parts, w) => {
    const { lines } = layNote(ctx, blocks(parts.join('')), { w, h: 300 }, 12)
    assert.ok(lines.length <= 40)
  }), { numRuns: 500 })
})

test('deep and long notes are bounded', () => {
  assert.ok(blocks('> '.repeat(300) + 'deep').every(({ quote }) => quote <= 8))
  assert.ok(blocks('- a\n'.repeat(5000)).length <= 600)
  assert.ok(blocks(`\`\`\`\n${'line\n'.repeat(5000)}\`\`\``).length <= 600)
})
