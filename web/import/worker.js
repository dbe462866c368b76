/** Reads large JSON off the page's thread: what is no graph never comes near it. */
import { graphOf, parseJson } from './json.js'

/** @typedef {{ graph: Record<string, unknown> | null, isJson: boolean }} Answer */

const here = /** @type {{onmessage: unknown, postMessage: (message: Answer) => void}} */ (/** @type {unknown} */ (globalThis))

/** @param {MessageEvent<Blob>} event */
here.onmessage = async ({ data }) => {
  const json = await data.text().then(parseJson, () => null)
  here.postMessage({ graph: graphOf(json), isJson: json !== null })
}
