/** Converts workflows for `test_web_conversion.py`: a JSON list of files in, a list of prompts out. */
import { readFileSync } from 'node:fs'
import { Schema } from '../../web/model/schema.js'
import { Store } from '../../web/model/store.js'
import { load, save, toPrompt } from '../../web/model/workflow.js'

const { nodes, workflows, random, now } = JSON.parse(readFileSync(0, 'utf8'))
const schema = new Schema(nodes)
const convert = (workflow) => toPrompt(workflow, schema, { random: () => random, now: new Date(now) }).output

/** As the editor saves it, untouched. */
const reopened = (workflow) => {
  const store = new Store()
  store.load(load(workflow).records)
  return JSON.parse(JSON.stringify(save(store)))
}

process.stdout.write(JSON.stringify(workflows.map((workflow) => [convert(workflow), convert(reopened(workflow))])))
