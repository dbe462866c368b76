/** Arranges boxes off the page's thread: one problem in, its places out. */
import { arrange } from './arrange.js'

const here = /** @type {{onmessage: unknown, postMessage: (message: unknown) => void}} */ (/** @type {unknown} */ (globalThis))

/** @param {MessageEvent<import('./boxes.js').Problem>} event */
here.onmessage = ({ data }) => here.postMessage(arrange(data))
