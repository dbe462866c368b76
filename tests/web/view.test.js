/** What the canvas draws, where that can be told without one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grid } from '../../web/view/draw_picture.js'
import { fileRef, picturesOf } from '../../web/view/node_pictures.js'
import { contrast, hueOf, oklch } from '../../web/view/oklch.js'
import { fitFileName, fitMiddle, titleLines, wrap } from '../../web/view/text.js'
import { PALETTES, THEMES, themeOf } from '../../web/view/palettes.js'
import { cssVariables, ownColour, tint, typeColour } from '../../web/view/theme.js'
import { Session } from '../../web/model/session.js'
import { Schema } from '../../web/model/schema.js'
import { OBJECT_INFO } from './support.js'

const TYPES = ['MODEL', 'CLIP', 'VAE', 'CONDITIONING', 'LATENT', 'IMAGE', 'MASK', 'CONTROL_NET', 'INT', 'FLOAT', 'STRING', 'COMBO', 'BOOLEAN', 'SIGMAS', 'SOME_PACK_TYPE', '*']

for (const [palette, base] of PALETTES.flatMap((each) => [[each, 'dark'], [each, 'light']])) {
  const theme = themeOf(palette, base)
  test(`${palette.label} ${base}: text reads on every surface it is written on, 4.5:1`, () => {
    for (const surface of ['canvas', 'surface', 'raised', 'overlay', 'bar', 'field']) {
      for (const text of ['text', 'quiet']) assert.ok(contrast(theme[text], theme[surface]) >= 4.5, `${text} on ${surface}`)
    }
    assert.ok(contrast(theme.text, theme.fieldActive) >= 4.5)
    for (const category of ['loaders', 'sampling', 'latent', 'image', 'somewhere']) {
      assert.ok(contrast(theme.text, tint(theme, category)) >= 4.5 && contrast(theme.quiet, tint(theme, category)) >= 4.5, category)
    }
    assert.ok(contrast(theme.onAccent, theme.accent) >= 4.5)
    assert.ok(contrast(theme.errorText, theme.errorSurface) >= 4.5)
    for (const strong of ['error', 'warning', 'accentText']) assert.ok(contrast(theme[strong], theme.surface) >= 4.5, strong)
  })

  test(`${palette.label} ${base}: sockets, links and borders are seen, 3:1`, () => {
    for (const type of TYPES) {
      assert.ok(contrast(typeColour(theme, type), theme.surface) >= 3, `${type} on a node`)
      assert.ok(contrast(typeColour(theme, type), theme.canvas) >= 3, `${type} on the canvas`)
    }
    for (const line of ['edge', 'select', 'accent', 'error']) assert.ok(contrast(theme[line], theme.canvas) >= 3, line)
  })

  test(`${palette.label} ${base}: whatever colour a file gives a node, its text reads`, () => {
    for (const colour of ['#322', '#533', '#ffffff', '#000', '#00ff00', '#3f789e', '#ff0']) {
      for (const use of ['title', 'body']) assert.ok(contrast(theme.text, ownColour(theme, colour, use)) >= 4.5, `${colour} ${use}`)
      assert.ok(contrast(theme.quiet, ownColour(theme, colour, 'body')) >= 4.5, colour)
    }
    assert.equal(ownColour(theme, 'rgb(1, 2, 3)', 'title'), null)
  })
}

test('the style sheet gets every colour of the theme', () => {
  const variables = cssVariables(THEMES.dark)
  assert.equal(variables['--on-accent'], THEMES.dark.onAccent)
  assert.equal(variables['color-scheme'], 'dark')
  assert.deepEqual(Object.keys(cssVariables(THEMES.light)), Object.keys(variables))
})

test('OKLCH: black, white, and the way back from a colour', () => {
  assert.deepEqual([oklch(0, 0, 0), oklch(1, 0, 0)], ['#000000', '#ffffff'])
  assert.ok(Math.abs(hueOf(oklch(0.7, 0.1, 200)).hue - 200) < 2)
  assert.equal(hueOf('blue'), null)
  assert.ok(contrast('#000', '#fff') > 20.9)
})

/** A context whose letters are all 10 wide. */
const ctx = { font: '12px test', measureText: (text) => ({ width: text.length * 10 }) }

test('text is shortened in the middle, keeping both ends', () => {
  assert.equal(fitMiddle(ctx, 'short', 100), 'short')
  const cut = fitMiddle(ctx, 'a-very-long-checkpoint-name.safetensors', 150)
  assert.ok(cut.length * 10 <= 150 && cut.startsWith('a-very') && cut.endsWith('sors'), cut)
  assert.equal(fitMiddle(ctx, 'long enough', 5), '')
})

test('lines break at words, long words anywhere, and what is left out is said', () => {
  assert.deepEqual([...wrap(ctx, 'one two three', 80, 9)], ['one two', 'three'])
  assert.deepEqual([...wrap(ctx, 'a\n\nb', 80, 9)], ['a', '', 'b'])
  for (const line of wrap(ctx, 'x'.repeat(100), 85, 20)) assert.ok(line.length <= 8)
  const many = wrap(ctx, 'word '.repeat(200), 90, 3)
  assert.equal(many.length, 3)
  assert.ok(many[2].endsWith('…'))
})

test('a title breaks between words, and what does not fit is shortened in the middle', () => {
  assert.deepEqual(titleLines(ctx, 'KSampler', 50, 3), ['KSa…r'])
  assert.deepEqual(titleLines(ctx, 'Load checkpoint', 60, 3), ['Load', 'che…nt'])
  assert.deepEqual(titleLines(ctx, 'CLIP Text Encode (Prompt)', 90, 2), ['CLIP Text', 'Encod…pt)'])
  assert.deepEqual(titleLines(ctx, 'VAE Decode', 70, 1), ['VAE…de'])
})

test('in a block too narrow for a shortened word, words break anywhere', () => {
  assert.deepEqual(titleLines(ctx, 'KSampler', 40, 3), ['KSam', 'pler'])
  assert.ok(titleLines(ctx, 'CLIP Text Encode (Prompt)', 40, 2).every((line) => line.length > 2 && ctx.measureText(line).width <= 40))
})

test("a model file's ending gives way before its name does", () => {
  assert.equal(fitFileName(ctx, 'fox.safetensors', 150), 'fox.safetensors')
  assert.equal(fitFileName(ctx, 'fox.safetensors', 60), 'fox')
  assert.equal(fitFileName(ctx, 'a.long.name', 70), fitMiddle(ctx, 'a.long.name', 70))
})

test('ten megabytes of text are wrapped at once, since only what is seen is looked at', () => {
  assert.equal(wrap(ctx, 'lorem ipsum '.repeat(900_000), 300, 5).length, 5)
})

test('pictures share the room in rows', () => {
  const cells = grid({ x: 0, y: 0, w: 200, h: 200 }, 4)
  assert.equal(cells.length, 4)
  assert.ok(cells[3].x > 90 && cells[3].y > 90)
  assert.equal(grid({ x: 0, y: 0, w: 400, h: 100 }, 3).filter(({ y }) => y === 0).length, 3)
  assert.equal(grid({ x: 0, y: 0, w: 400, h: 100 }, 500).length, 16)
})

test('a node shows its preview, else its pictures, else the file that it loads, else its words', () => {
  const session = new Session()
  const schema = new Schema(OBJECT_INFO)
  const node = { id: 'node:1', key: 1, type: 'LoadImage', values: ['sub/fox.png [output]', 'image'] }
  assert.deepEqual(picturesOf(node, schema, session.status(1)).refs, [{ filename: 'fox.png', subfolder: 'sub', type: 'output' }])
  session.update(1, { images: [{ filename: 'a.png', subfolder: '', type: 'temp' }] })
  assert.equal(picturesOf(node, schema, session.status(1)).refs[0].filename, 'a.png')
  session.update(2, { text: ['a', 'b'] })
  assert.equal(picturesOf(node, schema, session.status(2)).text, '')
  assert.deepEqual(picturesOf({ ...node, type: 'KSampler', values: [] }, schema, session.status(2)), { preview: null, refs: [], text: 'a\nb' })
  const preview = { width: 1, height: 1, close: () => {} }
  session.update(1, { preview })
  assert.equal(picturesOf(node, schema, session.status(1)).preview, preview)
  assert.deepEqual(fileRef('cat.png'), { filename: 'cat.png', subfolder: '', type: 'input' })
})

test('a new run keeps what is seen until there is better, drops errors, and closes bitmaps that are replaced', () => {
  const session = new Session()
  let closed = 0
  const heard = []
  session.listen(({ nodes, run }) => heard.push([[...nodes], run]))
  session.update('3', { preview: { close: () => closed++ }, images: [{ filename: 'a' }], error: { message: 'x', input: null, detail: '' } })
  session.update('3', { preview: { close: () => closed++ } })
  assert.equal(closed, 1)
  session.startRun('p')
  assert.equal(closed, 1)
  assert.deepEqual([session.status('3').error, session.status(3).images.length, session.status('none').state], [null, 1, 'idle'])
  assert.deepEqual(heard.at(-1), [['3'], true])
  session.reset()
  assert.equal(closed, 2)
  assert.equal(session.status('3').preview, null)
})

test('lines of ideographs end anywhere but before what closes a phrase or after what opens one', () => {
  const ctx = { font: '12px x', measureText: (/** @type {string} */ text) => ({ width: [...text].reduce((sum, letter) => sum + (letter > '\u2e80' ? 12 : 6), 0) }) }
  const text = '采样器：此服务器上没有文件“painter”。请选择其他（或重新上传）。'
  const lines = wrap(/** @type {any} */ (ctx), text, 120, 20)
  assert.equal(lines.join(''), text)
  assert.ok(lines.slice(0, -1).every((line) => ctx.measureText(line).width > 60 && !/[“（]$/u.test(line)))
  assert.ok(lines.every((line) => ctx.measureText(line).width <= 120 && !/^[，。”）]/u.test(line)))
})
