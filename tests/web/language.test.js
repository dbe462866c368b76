/** The page's words: every sentence passes t(), every language file has all of them, and what is wrong in a file is passed over. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { asLanguage, fits, wantedLanguages } from '../../web/language/read.js'
import { exampleInWords } from '../../web/language/examples.js'
import { readCatalogue } from '../../web/language/nodes.js'
import { createSaid } from '../../web/language/server.js'
import { language, many, t, wordsOf } from '../../web/language/t.js'
import { fileTitle } from '../../web/model/labels.js'
import { Schema } from '../../web/model/schema.js'
import { searchTypes } from '../../web/model/search.js'
import { toPrompt } from '../../web/model/to_prompt.js'
import { choiceText } from '../../web/model/value_text.js'
import { literalsOf } from './literals.js'
import { callOf, compare, fileOf, modules, sentencesOf } from './words.js'

/** What comes with Easel has no holes; what a person adds may have. */
const COMPLETE = ['zh-CN']

const files = modules()
const sentences = sentencesOf(files)

test('in English, or where there is no page, sentences stand as they are', () => {
  assert.equal(language, 'en')
  assert.equal(t('{a} of {b}', { a: 1, b: 'x {a}' }), '1 of x {a}')
  assert.equal(t('no values'), 'no values')
  assert.equal(many(1, '{count} file', '{count} files'), '1 file')
  assert.equal(many(12_000, '{count} file', '{count} files'), '12,000 files')
})

test('a language says each count in its own form, and what it lacks in English', () => {
  const { words } = asLanguage({ code: 'ru', words: { '{count} files': { one: '{count} файл', few: '{count} файла', many: '{count} файлов', other: '{count} файла' }, 'Name: {name}': 'Имя: {name}' } })
  const russian = wordsOf({ code: 'ru', words })
  assert.deepEqual([1, 3, 5, 21, 1.5].map((count) => russian.many(count, '{count} file', '{count} files')), ['1 файл', '3 файла', '5 файлов', '21 файл', '1,5 файла'])
  assert.equal(russian.t('Name: {name}', { name: '{name}' }), 'Имя: {name}')
  assert.equal(russian.t('{count} files'), '{count} files', 'forms are for counts only')
  assert.deepEqual([1, 2].map((count) => russian.many(count, '{count} hole', '{count} holes')), ['1 hole', '2 holes'])
  const chinese = wordsOf({ code: 'zh-CN', words: new Map([['{count} nodes', '{count} 个节点']]) })
  assert.deepEqual([1, 2].map((count) => chinese.many(count, '{count} node', '{count} nodes')), ['1 个节点', '2 个节点'])
})

test('the first argument of t() and the forms of many() are literals, so that they can be found', () => {
  const wrong = files.flatMap(([name, source]) => {
    if (!/language\/t\.js'/u.test(source)) return []
    const code = source.replaceAll(/\/\*[^]*?\*\/|(?<!:)\/\/[^\n]*/gu, (comment) => comment.replaceAll(/[^\n]/gu, ' '))
    return [...code.matchAll(/(?<![\w.$'])t\((?!['"`]|\))/gu)].map((match) => `${name}:${code.slice(0, match.index).split('\n').length}`)
  })
  assert.deepEqual(wrong, [])
  const templates = files.flatMap(([name, source]) => literalsOf(source).filter((literal) => callOf(literal) && literal.template).map(({ line }) => `${name}:${line}`))
  assert.deepEqual(templates, [], 'a value comes as a placeholder')
})

test('the two English forms of many() have the same places for values', () => {
  assert.deepEqual(sentences.filter(({ one, key }) => one !== null && !fits(key, { one, other: key })), [])
})

for (const code of COMPLETE) {
  test(`${code}.json has every sentence, none that is gone, and the places for values of each`, () => {
    const { words } = JSON.parse(readFileSync(fileOf(code), 'utf8'))
    assert.deepEqual(compare(words, sentences), { missing: [], stale: [], misfits: [] }, 'see docs/translating.md: node tests/web/words.js')
  })
}

test('every language file says its name, and what it translates fits', () => {
  const folder = new URL('.', fileOf('zh-CN'))
  for (const name of readdirSync(folder).filter((each) => /^[\w-]+\.json$/u.test(each))) {
    const { name: own, words, server = {} } = JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
    assert.equal(typeof own, 'string', name)
    assert.deepEqual([...Object.entries(words), ...Object.entries(server)].filter(([english, said]) => said !== '' && !fits(english, said)), [], name)
  }
})

// What a person sees by its place in the code: children of elements, labels, tooltips, notices, names of steps.
const SEEN = [
  /(?:'(?:aria-(?:label|description|roledescription|valuetext)|data-tip)'|\b(?:placeholder|label|title|text|detail|tip|verb|about|alt)): (?:[^,{}()]*(?:\?|:|\?\?|\|\|) )?$/u,
  /\b(?:transact|begin|commit|notify|setText|Error)\((?:[^'"`()]*(?:\?|,|:) )?$/u,
  /\bh\('[^']*', (?:\{[^{}]*\}|\{[^{}]*\{[^{}]*\}[^{}]*\})(?:, [^()'"`]*)?, $/u,
  /\.(?:textContent|title|placeholder|dataset\.tip) = (?:[^=;]*(?:\?|:|\?\?) )?$/u,
  /\bfillText\($/u
]
/** Where even one word of small letters is no name of a program's own. */
const SHOWN = [
  /\bh\('[^']*', (?:\{[^{}]*\}|\{[^{}]*\{[^{}]*\}[^{}]*\})(?:, [^()'"`]*)?, (?:[^(){}'"`]*(?:\?|:|\?\?|\|\|) )?$/u,
  /\b(?:drawRight|fillText|setText)\([^)]*$/u,
  /\.(?:placeholder|textContent) = (?:[^=;]*(?:\?|:|\?\?) )?$/u
]
/** Names that are the same in every language, and sentences for those who write programs. */
const SAME = new Set(['Easel', 'Alt', 'Ctrl', 'Shift', 'Set_{0}', 'ComfyUI', 'Blender', 'Nuke', 'English', 'Esc', 'Enter', 'in:IMAGE, out:MASK', 'JSON', 'PNG', '1:1', 'Constant'])
const FOR_PROGRAMMERS = /^(?:extend\/|app\/draft_room\.js|model\/store\.js|commands\/(?:registry|subgraph_make|system_clipboard)\.js|mask\/history\.js|view\/(?:media|renderer)\.js|tools\/editor\.js|api\/(?:aside|picture_text)\.js)|worker\.js$/u

test('what a person sees passes t()', () => {
  const bare = files.filter(([name]) => !FOR_PROGRAMMERS.test(name)).flatMap(([name, source]) => literalsOf(source).filter((literal) => {
    const words = literal.text.replaceAll(/\{\d+\}/gu, '')
    if (callOf(literal) || !/\p{L}{2}/u.test(words) || SAME.has(literal.text.trim())) return false
    if (/(?:===|!==|typeof) $/u.test(literal.before)) return false
    if (!/\p{L} \p{L}|^\p{Lu}\p{Ll}/u.test(words.trim())) return SHOWN.some((place) => place.test(literal.before))
    return SEEN.some((place) => place.test(literal.before))
  }).map(({ line, text }) => `${name}:${line} ${text}`))
  assert.deepEqual(bare, [])
})

test('the literals of a module are found whatever stands round them', () => {
  const source = 'const a = /[\'"`/]/u // it\'s\n/* "no" */ h(\'b\', {}, `x ${t(\'in {y}\', { y: `deep ${1}` })} y`, "it\\u2019s", 4 / 2, \'last\')'
  assert.deepEqual(literalsOf(source).map(({ text, line }) => [text, line]), [['b', 2], ['x {0} y', 2], ['in {y}', 2], ['deep {0}', 2], ['it’s', 2], ['last', 2]])
  const calls = literalsOf('t(\'a\'); many(f(1, 2), \'one, two\', \'b\', { x: \'c\' }); at(\'d\'); many(n, t(\'e\') ? \'f\' : \'g\', \'h\')').map((literal) => [literal.text, callOf(literal)])
  assert.deepEqual(calls.filter(([, call]) => call), [['a', 't'], ['one, two', 'one'], ['b', 'other'], ['e', 't'], ['h', 'other']])
})

test('a sentence that loses or invents a value, or is no text, is passed over', () => {
  assert.ok(fits('{a} of {b}', '{b} 中的 {a}'))
  assert.ok(!fits('{a} of {b}', '{b}'))
  assert.ok(!fits('a', '{a}'))
  assert.ok(!fits('a', ''))
  assert.ok(!fits('a', 7))
  assert.ok(!fits('{count} files', { one: 'Datei' }), 'without the form for all other counts')
  assert.ok(fits('{count} files', { one: 'eine Datei', other: '{count} Dateien' }))
  assert.ok(!fits('{count} files in {folder}', { one: 'eine Datei', other: '{count} Dateien in {folder}' }))
  const { words, code } = asLanguage({ code: 'de', words: { Run: 'Start', Stop: 4, '{a}': '{b}', Undo: null } })
  assert.deepEqual([...words], [['Run', 'Start']])
  assert.equal(code, 'de')
  assert.equal(asLanguage({ code: 'no language!', words: {} }).code, 'en')
  assert.equal(asLanguage({}).code, 'en')
  assert.equal(asLanguage(null).code, 'en')
})

test('the setting comes before the browser, and what comes after English is not asked for', () => {
  assert.deepEqual(wantedLanguages('', ['en-GB', 'de']), [])
  assert.deepEqual(wantedLanguages('', ['de-AT', 'de', 'en', 'fr']), ['de-AT', 'de'])
  assert.deepEqual(wantedLanguages('zh-CN', ['en']), ['zh-CN'])
  assert.deepEqual(wantedLanguages('en', ['de']), [])
  assert.deepEqual(wantedLanguages(7, ['en']), [])
})

test('what the server says is found by its places, the sentence that says most first', () => {
  const said = createSaid(new Map([
    ['There is no file {name}.', '没有文件 {name}。'],
    ['There is no file {name} in the {kind} folder.', '{kind} 文件夹中没有文件 {name}。'],
    ['The disk is full.', '磁盘已满。'],
    ['{what} could not be written: {reason}', '无法写入 {what}：{reason}'],
    ['{all}', '—']
  ]))
  assert.equal(said('There is no file a {b}.'), '没有文件 a {b}。')
  assert.equal(said('There is no file x.png in the input folder.'), 'input 文件夹中没有文件 x.png。')
  assert.equal(said('The settings could not be written: The disk is full.'), '无法写入 The settings：磁盘已满。')
  assert.equal(said('Another sentence.\nThe disk is full.\n'), 'Another sentence.\n磁盘已满。\n')
  assert.equal(said(''), '')
  assert.equal(createSaid(new Map())('As it is.'), 'As it is.')
  const begun = performance.now()
  const hostile = createSaid(new Map([['a{x}b{y}b{z}b{u}b{v}c', '{x}{y}{z}{u}{v}']]))
  for (let round = 0; round < 200; round += 1) hostile(`a${'b'.repeat(1900 - round)}`)
  assert.ok(performance.now() - begun < 5000, 'linear, whatever comes')
})

test('a node type is shown and found in the language of the page, and keeps its English name for files', () => {
  const info = {
    KSampler: { display_name: 'KSampler', category: 'sampling', description: 'Takes noise away.', input: { required: { seed: ['INT', { tooltip: 'Shared.' }], cfg: ['FLOAT', {}], crop: [['center', 'off.png'], {}] } }, output: ['LATENT'], output_name: ['LATENT'] },
    LoadImage: { display_name: 'Load Image', category: 'image', input: {}, output: ['IMAGE'], output_name: ['IMAGE'], easel_later: 'sound' }
  }
  const words = readCatalogue({
    names: { seed: 'ignored here' },
    options: { crop: { center: '居中', gone: 'x', bad: 7 } },
    texts: { 'Shared.': '共享。', sound: '声音' },
    nodes: { KSampler: { title: 'K采样器', description: '去除噪声。', inputs: { cfg: { label: '引导', tooltip: '多少。' }, seed: 7 }, outputs: { LATENT: '潜空间' } }, LoadImage: 'broken', Gone: { title: 'x' } }
  })
  const schema = new Schema(info, words)
  const type = schema.get('KSampler')
  assert.deepEqual([type.title, type.english, type.description, type.outputs[0].name, type.outputs[0].label], ['K采样器', 'KSampler', '去除噪声。', 'LATENT', '潜空间'])
  assert.deepEqual(type.inputs.map(({ name, label, tooltip }) => [name, label, tooltip]), [['seed', 'seed', '共享。'], ['cfg', '引导', '多少。'], ['crop', 'crop', '']])
  const { widget } = type.inputs[2]
  assert.deepEqual([choiceText(widget, 'center'), choiceText(widget, 'off.png'), widget.options], ['居中', 'off.png', ['center', 'off.png']])
  assert.deepEqual([schema.get('LoadImage').title, schema.get('LoadImage').english, schema.get('LoadImage').later], ['Load Image', undefined, '声音'])
  assert.equal(fileTitle(type), 'KSampler')
  for (const text of ['采样', '采样器', 'ksampler', 'k采样器', '去除']) assert.equal(searchTypes(schema, text)[0]?.name, 'KSampler', text)
  assert.deepEqual([...readCatalogue(null).nodes, ...readCatalogue([]).names, ...readCatalogue({ nodes: { a: null }, names: 3 }).names], [])
  assert.equal(toPrompt({ nodes: [{ id: 1, type: 'KSampler', inputs: [], outputs: [], widgets_values: [1, 2] }], links: [] }, schema).output[1]._meta.title, 'KSampler')
})

test('an example is opened in the language of the page, and its expressions still find their nodes', () => {
  const example = {
    nodes: [
      { id: 1, type: 'EmptyLatentImage', title: 'Size', widgets_values: ['Size'], properties: { easel_expressions: { height: '[Size].width * 2 + [#3].x' } } },
      { id: 2, type: 'Note', title: 'Other', widgets_values: ['Start here.'] }, null
    ],
    groups: [{ title: 'Draw' }, null],
    definitions: { subgraphs: [{ name: 'Draw', nodes: [{ id: 3, type: 'X', title: 'Size' }], inputs: [{ name: 'a', label: 'What' }] }] }
  }
  const before = structuredClone(example)
  const words = exampleInWords(example, new Map([['Size', '尺寸'], ['Start here.', '从这里开始。'], ['Draw', '绘制'], ['What', '什么']]))
  assert.deepEqual(example, before)
  assert.deepEqual(words.nodes[0], { ...before.nodes[0], title: '尺寸', properties: { easel_expressions: { height: '[尺寸].width * 2 + [#3].x' } } })
  assert.deepEqual([words.nodes[1].title, words.nodes[1].widgets_values[0], words.groups[0].title], ['Other', '从这里开始。', '绘制'])
  const [part] = words.definitions.subgraphs
  assert.deepEqual([part.name, part.nodes[0].title, part.inputs[0]], ['绘制', '尺寸', { name: 'a', label: '什么' }])
  for (const odd of [null, [], 'x', { nodes: 7 }]) assert.deepEqual(exampleInWords(odd, new Map([['a', 'b']])), odd)
})
