/** The words that `index.html` itself holds: for who reads them before the page has begun, in English. */
import { t } from './t.js'

export function wordTheShell() {
  /** @type {readonly (readonly [string, string, string])[]} */
  const labels = [
    ['#rail', 'aria-label', t('Panels')], ['#overlay', 'aria-label', t('Canvas of nodes')], ['#side', 'aria-label', t('Details')], ['#results', 'aria-label', t('Results')]
  ]
  for (const [selector, name, words] of labels) document.querySelector(selector)?.setAttribute(name, words)
  const skip = document.querySelector('.skip')
  if (skip) skip.textContent = t('Skip to the list of nodes')
}
