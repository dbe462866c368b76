/** Reads `[{workflow, random}, ...]` from stdin and writes the page's prompts, for `test_conversion_agreement.py`. */
import { readFileSync } from 'node:fs'
import { Schema } from '../../web/model/schema.js'
import { toPrompt } from '../../web/model/workflow.js'

const schema = new Schema(JSON.parse(readFileSync(new URL('nodes.json', import.meta.url), 'utf8')))
const prompts = JSON.parse(readFileSync(0, 'utf8')).map(({ workflow, random }) =>
  toPrompt(workflow, schema, { random: () => random, now: new Date('2026-01-02T03:04:05') }).output
)
process.stdout.write(JSON.stringify(prompts))
