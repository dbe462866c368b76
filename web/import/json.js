/** JSON of files from outside, and whether it is a graph. Runs in the worker too: no words of the page here. */
import { isObject } from '../model/json.js'

/** Files of other tools write NaN, which JSON has not. @param {string | undefined} text @returns {any | null} null for what is no JSON */
export function parseJson(text) {
  if (!text) return null
  try {
    return JSON.parse(text)
  } catch {
    try {
      return JSON.parse(text.replace(/(?<=[[:,\s])(?:NaN|-?Infinity)(?=[\],}\s])/gu, 'null'))
    } catch {
      return null
    }
  }
}

/**
 * Is this JSON an API-format prompt? True where every entry has a class, and there is one.
 *
 * @param {unknown} json @returns {json is import('./from_prompt.js').Prompt}
 */
export function isPrompt(json) {
  const entries = isObject(json) ? Object.values(json) : []
  return entries.length > 0 && entries.every((entry) => isObject(entry) && typeof entry.class_type === 'string')
}

/**
 * The graph in what was read: itself, the one that it carries beside other things, or one written as a text within JSON.
 *
 * @param {unknown} json @param {number} [deep]  texts within texts @returns {Record<string, unknown> | null}
 */
export function graphOf(json, deep = 5) {
  if (deep === 0) return null
  if (typeof json === 'string') return /^\s*\{/u.test(json) ? graphOf(parseJson(json), deep - 1) : null
  if (!isObject(json)) return null
  if (Array.isArray(json.nodes) || isPrompt(json)) return json
  const { extra, extraMetadata, ...others } = json // sites add these to a prompt
  if (isPrompt(others)) return others
  if (isPrompt(json.output)) return json.output // a pair, as the incumbent's page builds it
  return graphOf(json.workflow, deep - 1) ?? graphOf(json.prompt, deep - 1)
}
