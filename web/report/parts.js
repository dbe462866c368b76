/**
 * The files of a report: the server's, or, where none answers, what the page knows by itself.
 *
 * @typedef {{ name: string, text: string, wordless?: string, on: boolean }} Part
 *   `wordless`: the graph without the texts in it
 */
import { language } from '../language/t.js'
import { heard } from './heard.js'
import { hiddenValue, withoutKeys, withoutWords } from './hidden.js'

/**
 * @typedef {object} Parts
 * @property {import('../tools/editor.js').Editor} editor
 * @property {import('../api/client.js').Client} client
 * @property {import('../app/document.js').OpenGraph} graph
 * @property {import('../app/settings.js').Settings} settings
 * @property {import('../app/troubles.js').Troubles} troubles
 * @property {() => 'dark' | 'light'} theme
 * @property {() => unknown} status  what the page shows of the server
 */

/** @param {Parts} parts @returns {Promise<{ parts: Part[], alone: string }>} `alone`: why the server had no part in it */
export async function makeParts(parts) {
  const workflow = parts.editor.save()
  const client = pageFacts(parts)
  const schema = parts.editor.schema
  try {
    const answer = await parts.client.send('POST', '/easel/report', { workflow, client })
    return { alone: '', parts: answer.parts.map((/** @type {{ name: string, text: string }} */ { name, text }) => part(name, text, schema)) }
  } catch (error) {
    const lines = (/** @type {unknown} */ value) => JSON.stringify(hiddenValue(value), null, 1)
    return {
      alone: /** @type {Error} */ (error).message,
      parts: [part('page.json', lines(client), schema), part('settings.json', lines(parts.settings.values), schema), part('graph.json', lines(withoutKeys(workflow, schema)), schema)],
    }
  }
}

/** @param {string} name @param {string} text @param {import('../model/schema.js').Schema} schema @returns {Part} */
function part(name, text, schema) {
  if (name !== 'graph.json') return { name, text, on: true }
  return { name, text, on: true, wordless: JSON.stringify(withoutWords(JSON.parse(text), schema), null, 1) }
}

/** What the page says of itself and of the browser. @param {Parts} parts */
function pageFacts({ editor, client, graph, troubles, theme, status }) {
  const { session } = editor
  return {
    made: new Date().toISOString(),
    page: document.documentElement.dataset.web ?? '',
    browser: navigator.userAgent,
    languages: [language, ...navigator.languages],
    window: { width: innerWidth, height: innerHeight, pixel_ratio: devicePixelRatio, touch: navigator.maxTouchPoints },
    theme: theme(),
    online: navigator.onLine,
    connection: client.socket.state,
    server: status(),
    graph: { title: graph.title, records: editor.store.size, tabs: graph.tabs.list.length },
    run: session.run,
    problems: troubles.list().map(({ tone, record, faults, detail }) => ({ tone, node: record?.type ?? null, said: faults.map(({ message }) => message), detail })),
    errors: heard,
  }
}
