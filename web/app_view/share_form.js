/**
 * The open graph as a link runs it: its prompt, frozen, and which of its constants each input of the form fills.
 *
 * Which they are is found by trying: another value is given to the widget, and what differs in the prompt is what the widget
 * sets. So subgraphs, their promoted widgets and primitives need no rules of their own here.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../app/targets.js').Prompt} Prompt
 */
import { upstream } from '../app/targets.js'
import { t } from '../language/t.js'
import { asList, isObject } from '../model/json.js'
import { definitionsOf } from '../model/scopes.js'
import { toPrompt } from '../model/workflow.js'
import { withValue } from '../model/widget_values.js'
import { describeInput } from './describe.js'
import { findInput, findNode } from './references.js'

/** @param {Editor} editor @param {import('./app_data.js').App} app */
export function sharedForm(editor, app) {
  const json = editor.save()
  const prompt = promptOf(editor, json)
  const outputs = app.outputs.flatMap(output => {
    const found = findNode(editor, output)
    return found && prompt[found.promptId] ? [{ node: found.promptId, label: output.label }] : []
  })
  const needed = new Set(upstream(prompt, outputs.map(({ node }) => node)))
  const kept = Object.fromEntries(Object.entries(prompt).filter(([id]) => needed.has(id)))
  /** @type {string[]} */
  const notes = []
  const items = app.items.flatMap(/** @returns {object[]} */ item => {
    if (item.kind !== 'input') return [{ kind: item.kind, text: item.text }]
    const found = findInput(editor, item)
    if (!found || found.feeder || found.widget.expression) return []
    const shown = describeInput(item, found.widget)
    const { targets, others } = targetsOf(editor, json, prompt, found)
    const reached = targets.filter(([id]) => needed.has(id))
    if (!reached.length) {
      notes.push(t('{label} takes no part in what is shown: it is left out.', { label: shown.label }))
      return []
    }
    if (others) notes.push(t('Other values are worked out from {label}: through the link they stay as they are now.', { label: shown.label }))
    // Choices in braces are made anew for each run, by the guest's page.
    if (shown.dynamic) for (const [id, name] of reached) if (kept[id]) kept[id] = { ...kept[id], inputs: { ...kept[id].inputs, [name]: found.widget.value } }
    return [{ ...shown, targets: reached }]
  })
  return { prompt: kept, form: { title: app.title, columns: app.columns, items, outputs }, notes }
}

/** What is random is the same each time. @param {Editor} editor @param {unknown} json @returns {Prompt} */
const promptOf = (editor, json) => /** @type {Prompt} */ (toPrompt(json, editor.schema, { random: () => 0, now: new Date(0) }).output)

/**
 * @param {Editor} editor @param {unknown} json @param {Prompt} prompt
 * @param {{ record: import('../model/types.js').NodeRecord, widget: import('../model/widget_values.js').Widget }} found
 * @returns {{ targets: [string, string][], others: boolean }}
 */
function targetsOf(editor, json, prompt, { record, widget }) {
  const probe = another(widget)
  const copy = structuredClone(json)
  const file = record.graph === '' ? copy : definitionsOf(/** @type {any} */ (copy)).get(record.graph)
  const node = asList(/** @type {any} */ (file)?.nodes).find(each => isObject(each) && String(each.id) === String(record.key))
  if (!isObject(node)) return { targets: [], others: false }
  node.widgets_values = withValue(editor.types.of(record), record, widget.name, probe)
  /** @type {[string, string][]} */
  const targets = []
  let others = false
  for (const [id, { inputs }] of Object.entries(promptOf(editor, copy))) {
    for (const [name, value] of Object.entries(inputs)) {
      const before = prompt[id]?.inputs[name]
      if (JSON.stringify(before) === JSON.stringify(value)) continue
      if (value === probe) targets.push([id, name])
      else if (name !== 'filename_prefix') others = true
    }
  }
  return { targets, others }
}

/** A value that the widget does not have. @param {import('../model/widget_values.js').Widget} widget */
function another({ spec, value }) {
  if (spec.kind === 'number') return value === spec.min ? spec.max : spec.min
  if (spec.kind === 'toggle') return value !== true
  if (spec.kind === 'colour') return value === '#010203' ? '#010204' : '#010203'
  return `another value ${Math.random().toString(36).slice(2)}`
}
