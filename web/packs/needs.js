/**
 * What a pack needs: which of it is missing, what installing would fetch, and installing it with the code that only the
 * terminal shows. Nothing is fetched before somebody asks, and nothing is installed before they have seen what.
 *
 * @typedef {{ name: string, version: string, file: string, size: number | null }} Fetch
 * @typedef {{ needs: string, fetch: Fetch[] }} Plan
 */
import { numberText, t } from '../language/t.js'
import { h } from '../panels/dom.js'

/** @typedef {import('./known.js').Pack} Pack */

/**
 * @param {object} parts
 * @param {import('./known.js').KnownPacks} parts.known
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {() => void} parts.redraw
 */
export function createNeeds({ known, toasts, redraw }) {
  /** What was asked of each pack, by its name. @type {Map<string, { plan?: Plan, asking?: boolean, problem?: string }>} */
  const asked = new Map()

  /** Of this pack, another text whenever what is shown of it is another. @param {Pack} pack */
  const key = ({ name }) => JSON.stringify([asked.get(name), known.installing?.pack === name ? known.installing : null])

  /** @param {Pack} pack */
  function section(pack) {
    const { requirements = [], missing = [], own_environment: own } = pack
    const { why } = known.approving()
    if (!requirements.length && !own) return null
    const wanting = pack.trust && (missing.length > 0 || pack.state === 'uninstalled')
    return h('section', {}, h('h3', {}, t('What it needs')),
      h('ul.needs', {}, requirements.map(line => h('li', {}, h('code', {}, line), missing.includes(line) ? h('span.quiet', {}, ' ', t('not installed')) : null))),
      h('p.quiet', {}, own ? t('It runs in an environment of its own: what it installs touches no other pack.') : t('It runs in Easel’s own environment. Nothing is installed by itself.')),
      known.installing?.pack === pack.name ? progress(known.installing) : null,
      wanting && !known.installing?.busy ? (why ? h('p.quiet', {}, why) : offer(pack)) : null)
  }

  /** @param {import('./known.js').Installing} installing */
  function progress({ busy, lines, problem }) {
    const word = busy ? t('It is being installed; jobs wait until that is done.') : problem ? t('It could not be installed.') : t('It is installed.')
    return h('div.installing', { role: 'status' },
      h('p', {}, word), problem ? h('p.wrong-pack', {}, problem) : null,
      lines.length ? h('details', { open: busy }, h('summary', {}, t('What the installer says')), h('pre', { tabindex: 0 }, lines.join('\n'))) : null)
  }

  /** @param {Pack} pack */
  function offer(pack) {
    const { plan, asking, problem } = asked.get(pack.name) ?? {}
    if (!plan || plan.needs !== pack.needs) {
      return h('div.approval', {},
        problem ? h('p.wrong', { role: 'alert' }, problem) : null,
        h('button.plain', { type: 'button', 'data-key': 'plan', disabled: asking, onclick: () => void look(pack) }, asking ? t('Asking…') : t('Show what would be fetched')))
    }
    const list = plan.fetch.map(({ name, version, size }) => h('li', {}, h('code', {}, `${name} ${version}`), size ? h('span.quiet', {}, ' ', t('{size} MB', { size: numberText(Math.ceil(size / 1e6)) })) : null))
    return h('div', {},
      h('p', {}, plan.fetch.length ? t('This would be fetched and installed:') : t('Nothing has to be fetched.')),
      h('ul.needs', {}, list), form(pack, plan))
  }

  /** @param {Pack} pack @param {Plan} plan */
  function form(pack, plan) {
    const { code } = known.approving()
    const field = h('input.field.code', { type: 'text', inputmode: 'numeric', autocomplete: 'one-time-code', spellcheck: 'false', maxlength: 12, 'data-key': 'install-code', 'aria-label': t('The code on the terminal'), placeholder: t('Code') })
    const wrong = h('p.wrong', { role: 'alert' })
    const element = h('form.approval', {}, h('div.row', {}, code ? field : null, h('button.primary', { type: 'submit', 'data-key': 'install' }, t('Install'))), wrong,
      code && h('button.link', { type: 'button', 'data-key': 'install-show-code', onclick: () => void known.showCode().catch(error => { wrong.textContent = error.message }) }, t('Show the code on the terminal')))
    element.addEventListener('keydown', event => { if (event.key !== 'Escape') event.stopPropagation() })
    element.addEventListener('submit', event => {
      event.preventDefault()
      if (code && !field.value.trim()) return void field.focus()
      known.install(pack, field.value.trim(), plan.needs).catch(error => {
        if (!element.isConnected) return void toasts.show({ key: 'packs', tone: 'error', text: error.message })
        wrong.textContent = error.message
        field.select()
      })
    })
    return element
  }

  /** @param {Pack} pack */
  async function look(pack) {
    asked.set(pack.name, { asking: true })
    redraw()
    try {
      asked.set(pack.name, { plan: await known.plan(pack) })
    } catch (error) {
      asked.set(pack.name, { problem: /** @type {Error} */ (error).message })
    }
    redraw()
  }

  return { section, key }
}
