/** The language of the page: chosen in the settings, told where a file of it is broken. Another one needs a new page. */
import { wantedLanguages } from '../language/read.js'
import { read, t } from '../language/t.js'
import { storedLocally } from './settings.js'

/**
 * @param {object} parts
 * @param {import('./settings.js').Settings} parts.settings
 * @param {import('./document.js').OpenGraph} parts.graph
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 */
export function followLanguage({ settings, graph, client, toasts }) {
  for (const { file, message } of read.troubles) {
    toasts.show({ key: `language-${file}`, tone: 'error', text: t('The language file {file} cannot be used; without it the page stays English.', { file }), detail: message })
  }
  const wanted = () => wantedLanguages(settings.values.language, navigator.languages).join()
  const shown = wanted()
  let leaving = false
  settings.listen(async () => {
    if (leaving || wanted() === shown) return undefined
    // Where the browser keeps nothing, the next page would read the old setting again.
    if (storedLocally('language') !== settings.values.language) {
      return toasts.show({ key: 'language', tone: 'warning', text: t('The language cannot be changed: this browser keeps no settings of this page.') })
    }
    leaving = true
    graph.flush()
    // Leaving cuts off what is on its way; and without the server there would be no page to come back to.
    const taken = await client.saveSetting('Easel.language', settings.values.language).then(() => true, () => false)
    if (taken) return location.reload()
    leaving = false
    return toasts.show({ key: 'language', tone: 'warning', text: t('The server does not answer. The language changes when the page is loaded again.') })
  })
}
