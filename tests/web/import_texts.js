/** For `test_web_imports.py`: the node types that a server has and texts of other programs in, prompts out. */
import { readFileSync } from 'node:fs'
import { fromInfoText } from '../../web/import/a1111.js'
import { build } from '../../web/import/build.js'
import { fromMetadata } from '../../web/import/invokeai.js'
import { fromComment } from '../../web/import/novelai.js'
import { Schema } from '../../web/model/schema.js'
import { Store } from '../../web/model/store.js'
import { load, save, toPrompt } from '../../web/model/workflow.js'

const { types, texts } = JSON.parse(readFileSync(0, 'utf8'))
const schema = new Schema(types)
const atHand = { schema, embeddings: [], byHash: () => undefined }
const readers = { a1111: fromInfoText, invokeai: fromMetadata, novelai: fromComment }

process.stdout.write(JSON.stringify(texts.map(({ reader, text }) => {
  const { workflow, left } = build(readers[reader](text), atHand)
  const store = new Store()
  store.load(load(workflow).records)
  return { left, prompt: toPrompt(JSON.parse(JSON.stringify(save(store))), schema, { random: () => 0, now: new Date(0) }).output }
})))
