/** Palettes from files: what is read, what is refused with a sentence, and that text stays legible whatever they ask. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'

import { allPalettes, keepPalette, readPalette, writePalette } from '../../web/app/palettes.js'
import { contrast } from '../../web/view/oklch.js'
import { colourNames, PALETTES, themeOf } from '../../web/view/palettes.js'
import { typeColour } from '../../web/view/theme.js'

test('what is written is read again', () => {
  for (const palette of PALETTES) {
    const back = readPalette(writePalette(palette))
    assert.deepEqual(themeOf(back, 'dark'), themeOf(palette, 'dark'))
    assert.deepEqual(themeOf(back, 'light'), themeOf(palette, 'light'))
  }
})

test('single colours and types of a file are taken', () => {
  const palette = readPalette(JSON.stringify({ easel_palette: 1, label: 'Mine', dark: { canvas: '#102030', line: '#abc' }, types: { image: '#ff0000' } }))
  assert.equal(palette.id, 'own:Mine')
  assert.equal(themeOf(palette, 'dark').canvas, '#102030')
  assert.equal(themeOf(palette, 'dark').line, '#aabbcc')
  assert.notEqual(themeOf(palette, 'light').canvas, '#102030')
  assert.notEqual(typeColour(themeOf(palette, 'dark'), 'IMAGE'), typeColour(themeOf(PALETTES[0], 'dark'), 'IMAGE'))
})

test('a palette of the incumbent gives its background, nodes and types', () => {
  const palette = readPalette(JSON.stringify({
    id: 'solar', name: 'Solar', light_theme: true,
    colors: { node_slot: { CLIP: '#6c71c4' }, litegraph_base: { CLEAR_BACKGROUND_COLOR: '#fdf6e3', NODE_DEFAULT_BGCOLOR: '#eee8d5', NODE_TITLE_COLOR: '#999' }, comfy_base: { 'fg-color': '#002b36', 'bg-color': '#eee8d5' } },
  }))
  const theme = themeOf(palette, 'light')
  assert.deepEqual([theme.canvas, theme.surface], ['#fdf6e3', '#eee8d5'])
  assert.ok(contrast(theme.text, theme.surface) >= 4.5)
})

test('a text colour that could not be read gives way', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 0xffffff }), fc.integer({ min: 0, max: 0xffffff }), (text, surface) => {
    const hex = number => `#${number.toString(16).padStart(6, '0')}`
    const theme = themeOf(readPalette(JSON.stringify({ easel_palette: 1, label: 'x', dark: { errorText: hex(text), errorSurface: hex(surface) } })), 'dark')
    assert.ok(contrast(theme.errorText, theme.errorSurface) >= 4.5)
  }))
})

for (const [file, words] of [
  ['nothing', /no JSON/], ['[1]', /object was expected/], ['{}', /no palette of Easel/], ['{"easel_palette": 1}', /no name/],
  ['{"easel_palette": 1, "label": "x", "hue": 400}', /“hue”.*0 to 360.*400/], ['{"easel_palette": 1, "label": "x", "dark": {"canvass": "#000"}}', /“dark.canvass”.*Known are: canvas/],
  ['{"easel_palette": 1, "label": "x", "light": {"canvas": "red"}}', /“light.canvas”.*"red"/],
]) {
  test(`refused: ${file}`, () => assert.throws(() => readPalette(file), words))
}

test('what can be named is every colour', () => {
  assert.ok(colourNames().includes('canvas') && colourNames().includes('onAccent') && !colourNames().includes('name'))
})

test('what is no palette in the settings is passed over, and goes with the next that is kept', () => {
  const foreign = readPalette(JSON.stringify({ name: 'Red', colors: { litegraph_base: { CLEAR_BACKGROUND_COLOR: '#a01030' } } }))
  const own = readPalette('{"easel_palette": 1, "label": "Mine"}')
  const values = { palette: '', palettes: [null, 7, { id: 'x' }, { ...own, hue: 'red' }, { ...own, dark: { canvas: 'url(x)' } }, own, foreign] }
  const settings = /** @type {any} */ ({ values, set: (/** @type {'palettes'} */ name, /** @type {any} */ value) => void (values[name] = value) })
  assert.deepEqual(allPalettes(settings).slice(PALETTES.length), [own, foreign])
  keepPalette(settings, { ...own, accent: 10 })
  assert.deepEqual(values.palettes, [foreign, { ...own, accent: 10 }])
})
