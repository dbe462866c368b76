/** The help pages of nodes, as the server has them, and their example graphs put on the canvas. */
import { pasteText } from '../commands/clipboard.js'
import { workflowFromPrompt } from '../import/from_prompt.js'
import { isPrompt } from '../import/json.js'
import { language, t } from '../language/t.js'

/** @typedef {{ words?: string, markdown: string, example: any, pictures: string | null, origin: { pack: string | null } }} HelpPage */

/**
 * @param {import('../api/client.js').Client} client
 * @param {string} type @returns {Promise<HelpPage | null>} null where the server knows none
 */
export async function helpPage(client, type) {
  try {
    return await client.json(`/easel/nodes/${encodeURIComponent(type)}/help?${new URLSearchParams({ language })}`)
  } catch {
    return null // what the declaration says is shown all the same
  }
}

/** As one step, in the middle of what is seen. @param {import('../tools/editor.js').Editor} editor @param {unknown} graph  in either file format @returns {boolean} */
export function insertExample(editor, graph) {
  const workflow = isPrompt(graph) ? workflowFromPrompt(/** @type {any} */ (graph), editor.schema) : graph
  const point = editor.toCanvas({ x: editor.viewSize.w / 2, y: editor.viewSize.h / 2 })
  const pasted = pasteText(editor, JSON.stringify(workflow), { point, label: t('Insert an example') })
  editor.focus()
  return Boolean(pasted)
}
