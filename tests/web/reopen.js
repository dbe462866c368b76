/** Opens workflows and saves them untouched, for `tests/nodes/test_templates.py`: a JSON list of files in, one out. */
import { readFileSync } from 'node:fs'
import { Store } from '../../web/model/store.js'
import { load, save } from '../../web/model/workflow.js'

const { workflows } = JSON.parse(readFileSync(0, 'utf8'))

const reopened = (workflow) => {
  const store = new Store()
  store.load(load(workflow).records)
  return save(store)
}

process.stdout.write(JSON.stringify(workflows.map(reopened)))
