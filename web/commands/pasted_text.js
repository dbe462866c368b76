/** Nodes in what was copied: by this page, by hand out of a file, or by ComfyUI's page. */
import { isObject } from '../model/json.js'

/** What this page copies says so. */
export const FORMAT = 'easel/nodes'

/** The graph in a text: one that was copied here, or a workflow; null for anything else. @param {string} text @returns {Record<string, unknown> | null} */
export function nodesIn(text) {
  if (!text.includes(FORMAT) && !/"nodes"\s*:/u.test(text)) return null
  // From a letter or a chat it comes with words around it.
  const json = parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1))
  if (!isObject(json)) return null
  if (json.format === FORMAT) return json
  const { nodes, subgraphs } = json
  if (!Array.isArray(nodes) || !nodes.some((node) => isObject(node) && typeof node.type === 'string')) return null
  // What ComfyUI's page copies has its subgraphs beside the nodes.
  return Array.isArray(subgraphs) && json.definitions === undefined ? { ...json, definitions: { subgraphs } } : json
}

/** The text that ComfyUI's page hides in the HTML that it copies; '' where there is none. @param {string} html */
export function hiddenText(html) {
  const [, base64 = ''] = /data-metadata="([A-Za-z\d+/=]+)"/u.exec(html) ?? []
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)))
  } catch {
    return ''
  }
}

/** @param {string} text @returns {unknown} */
function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
