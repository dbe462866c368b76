/** A choice of the page's language, for panels. What is chosen loads the page anew (app/language.js). */
import { t } from '../language/t.js'
import { h } from './dom.js'

/**
 * @param {object} parts
 * @param {import('../app/settings.js').Settings} parts.settings
 * @param {import('../api/client.js').Client['languages']} parts.languages
 */
export function languageChoice({ settings, languages }) {
  const chosen = settings.values.language
  const known = [{ code: '', name: t('As the browser') }, { code: 'en', name: 'English' }]
  const choice = h('select', {
    'aria-label': t('Language'), 'data-key': 'language', 'data-tip': t('The language of this page. More languages: a file in the folder “languages” of the user folder.'),
    onchange: () => settings.set('language', choice.value),
  })
  const draw = () => {
    if (!known.some(({ code }) => code === chosen)) known.push({ code: chosen, name: chosen })
    choice.replaceChildren(...known.map(({ code, name }) => h('option', { value: code, lang: code || undefined }, name)))
    choice.value = chosen
  }
  draw()
  // Those of files come when the server has looked for them.
  void languages().then(({ languages: found }) => {
    known.splice(1, Infinity, ...found)
    draw()
  }, () => undefined)
  return choice
}
