/** The page's conversion against the table that the server's reads too. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { accepts } from '../../web/model/accepts.js'
import { Schema } from '../../web/model/schema.js'
import { Store } from '../../web/model/store.js'
import { load, save, toPrompt } from '../../web/model/workflow.js'

const folder = new URL('../conversion/', import.meta.url)
const read = (name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const schema = new Schema(read('nodes.json'))
const files = readdirSync(folder).filter((name) => name.endsWith('.json') && !['nodes.json', 'accepts.json', 'expressions.json'].includes(name))

/** Draws the listed numbers, then fails: a case must say how many choices it makes. */
const drawing = (numbers = []) => {
  const left = [...numbers]
  return () => {
    assert.ok(left.length, 'more choices were made than the case lists')
    return left.shift()
  }
}

for (const { output, input, ok, case: name } of read('accepts.json')) {
  test(`accepts: ${name}`, () => assert.equal(accepts(input, output), ok))
}

for (const file of files) {
  for (const { name, workflow, prompt, error, now, random } of read(file)) {
    test(`${file}: ${name}`, () => {
      const before = JSON.stringify(workflow)
      const { output } = toPrompt(workflow, schema, { random: drawing(random), now: now ? new Date(now) : undefined })
      if (!error) assert.deepEqual(JSON.parse(JSON.stringify(output)), prompt)
      assert.equal(JSON.stringify(workflow), before, 'the workflow itself is left as it was')
    })

    test(`${file}: ${name}: loaded and saved it gives the same prompt`, () => {
      if (error) return
      const store = new Store()
      store.load(load(workflow).records)
      const again = JSON.parse(JSON.stringify(save(store)))
      const { output } = toPrompt(again, schema, { random: drawing(random), now: now ? new Date(now) : undefined })
      assert.deepEqual(JSON.parse(JSON.stringify(output)), prompt)
    })
  }
}
