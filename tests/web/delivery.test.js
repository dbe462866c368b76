/** What the joined page and the plain one both ask of the sources: docs/decisions/0008-the-page-is-joined.md. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const WEB = new URL('../../web/', import.meta.url)
const files = readdirSync(WEB, { recursive: true }).filter((name) => name.endsWith('.js') && !name.includes('node_modules'))
const code = (file) => readFileSync(new URL(file, WEB), 'utf8').replaceAll(/\/\*[^]*?\*\//gu, '')

test('no module asks where it lies: joined ones do not lie where their sources do', () => {
  for (const file of files) assert.ok(!code(file).includes('import.meta'), `${file}: use served() of api/served.js`)
})

test('what is loaded later is in one list, and packages', () => {
  for (const file of files) {
    for (const [, path] of code(file).matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/gu)) {
      assert.ok(path.endsWith('/later.js') || !path.startsWith('.'), `${file} imports ${path}: export it from app/later.js, and import that`)
    }
  }
})

test('packages that plain modules import lie where the import map says', () => {
  const { imports } = JSON.parse(readFileSync(new URL('importmap.json', WEB), 'utf8'))
  for (const path of Object.values(imports)) assert.ok(existsSync(new URL(path, WEB)), path)
  for (const file of files) {
    for (const [, path] of code(file).matchAll(/(?:^(?:import|export)\b[^'"\n]*\bfrom\s*|^import\s*|\bimport\(\s*)['"]([\w@][^'"]*)['"]/gmu)) {
      assert.ok(path in imports, `${file} imports ${path}: name it in web/importmap.json`)
    }
  }
})

test('workers are told by their names', () => {
  for (const file of files) {
    if (file.endsWith('api/aside.js')) continue // the one place that starts them
    assert.doesNotMatch(code(file), /new (?:Shared)?Worker\(/u, `${file}: askAside('some/worker.js', ...) of api/aside.js`)
    for (const [, name] of code(file).matchAll(/\baskAside\((?:'([^']+worker\.js)')?/gu)) {
      assert.ok(name && existsSync(new URL(name, WEB)), `${file}: askAside('some/worker.js', ...)`)
    }
  }
})
