/**
 * A panel of the drawer whose content is loaded when it is first opened.
 *
 * @typedef {import('./drawer.js').Panel} Panel
 */
import { t } from '../language/t.js'
import { startOf } from './drawer.js'

/** @param {string} id @param {string} title @param {() => Promise<Panel>} load @param {Panel['size']} [size] @returns {Panel} */
export function lazyPanel(id, title, load, size) {
  /** @type {Panel | null} */
  let panel = null
  return {
    id, title, size,
    fill(body, close) {
      if (panel) return panel.fill(body, close)
      /** @type {(() => void) | void} */
      let end
      let closed = false
      void load().then(found => {
        panel = found
        if (closed) return
        end = found.fill(body, close)
        // The drawer looked for something to focus while there was nothing.
        if (body.closest('.drawer')?.contains(document.activeElement)) startOf(body)?.focus({ preventScroll: true })
      }, () => {
        if (!closed) body.replaceChildren(t('This panel could not be loaded: the server does not answer. Close it and try again.'))
      })
      return () => {
        closed = true
        end?.()
      }
    },
  }
}
