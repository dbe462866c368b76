/** What a graph is exported as: a PNG's text, and a script in Python. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { readPictureText } from '../../web/import/texts.js'
import { asciiJson, crc, withText } from '../../web/export/png_text.js'
import { fileName, pythonScript } from '../../web/export/script.js'
import { Schema } from '../../web/model/schema.js'
import { OBJECT_INFO } from './support.js'

const SCHEMA = new Schema(OBJECT_INFO)
/** One transparent pixel. */
const PNG = Uint8Array.from(atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='), (letter) => letter.charCodeAt(0))

test('a picture carries its graph, in any letters', async () => {
  const graph = { nodes: [{ title: 'Käse 🧀 שלום', n: 1 }] }
  const text = asciiJson(graph)
  assert.ok(/^[\x20-\x7e]*$/u.test(text))
  const picture = withText(PNG, 'workflow', text)
  assert.deepEqual(JSON.parse((await readPictureText(new Blob([picture]))).workflow), graph)
  assert.equal(crc(new TextEncoder().encode('IEND')), 0xae426082)
})

const prompt = (text) => ({
  1: { class_type: 'Encode', inputs: { text, clip: ['9', 0] }, _meta: { title: 'A "quoted"\n title' } },
  2: { class_type: 'Encode', inputs: { text: 'no', clip: ['9', 0] } },
  '3:4': { class_type: 'Sample', inputs: { seed: 5, steps: 20, positive: ['1', 0], negative: ['2', 0] } }
})

/** Runs Python over a script: what it prints, or its exit. */
function python(script, ...more) {
  const path = join(mkdtempSync(join(tmpdir(), 'easel-')), 'script.py')
  writeFileSync(path, script)
  return spawnSync('python3', ['-c', `import runpy, sys, json; sys.argv = [${JSON.stringify(path)}, *sys.argv[1:]]; m = runpy.run_path(${JSON.stringify(path)}, run_name="x"); print(json.dumps(m["changed"](m["arguments"](), 2)))`, ...more], { encoding: 'utf8' })
}

test('the script sends the prompt with what its arguments say', () => {
  const script = pythonScript(prompt('a cat'), SCHEMA, { name: 'My "graph"\\', server: 'http://127.0.0.1:1' })
  const { stdout, stderr } = python(script, '--seed', '40', '--text', 'ein Hund 🐶', '--negative', 'x', '--set', '3:4.steps=3')
  assert.equal(stderr, '')
  const sent = JSON.parse(stdout)
  assert.deepEqual(sent['3:4'].inputs, { seed: 42, steps: 3, positive: ['1', 0], negative: ['2', 0] })
  assert.deepEqual([sent['1'].inputs.text, sent['2'].inputs.text], ['ein Hund 🐶', 'x'])
  assert.equal(python(script, '--set', 'nothing').status, 1)
})

test('property: any text in a graph arrives as it is', { timeout: 60_000 }, () => {
  const hard = ['"""', 'r"""\\', '\\', '%d %', "'''", '\u2028\u0000\ud800', '{x}', '</script>', '\\u0041']
  fc.assert(fc.property(fc.oneof(fc.constantFrom(...hard), fc.string({ unit: 'grapheme', maxLength: 40 })), fc.string({ maxLength: 20 }), (text, name) => {
    const { stdout, stderr } = python(pythonScript(prompt(text), SCHEMA, { name, server: 'http://127.0.0.1:1' }))
    assert.equal(stderr, '')
    assert.equal(JSON.parse(stdout)['1'].inputs.text, text)
  }), { numRuns: 12, examples: hard.map((text) => [text, text]) })
})

test('a file may be called by any name', () => {
  assert.deepEqual(['a/b: c', '', '🧀', 'Käse 1.5', 'x'.repeat(300)].map(fileName), ['ab_c', 'graph', 'graph', 'Käse_1.5', 'x'.repeat(60)])
})
