/** What has become of the last change, in a few quiet words: on the server, on its way, or kept here and why. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { fill, h, setText } from './dom.js'

/** @type {Record<import('../app/autosave.js').SaveState, { icon: string, tone?: string, words: () => string, tip: () => string }>} */
const STATES = {
  '': { icon: 'check', words: () => '', tip: () => '' },
  saved: { icon: 'check', words: () => t('Saved'), tip: () => t('Every change is on the server, as a version of this graph.') },
  saving: { icon: 'upload', words: () => t('Saving…'), tip: () => t('The last change is on its way to the server.') },
  away: { icon: 'warning', tone: 'warning', words: () => t('Kept in this browser'), tip: () => t('The server does not answer. Changes are kept in this browser and sent when it is back.') },
  full: { icon: 'warning', tone: 'warning', words: () => t('The server’s disk is full'), tip: () => t('Changes are kept in this browser and sent when there is room again.') },
  refused: { icon: 'warning', tone: 'warning', words: () => t('Kept in this browser'), tip: () => '' },
  conflict: { icon: 'branch', tone: 'warning', words: () => t('Changed elsewhere'), tip: () => t('Both are kept. Decide which one goes on.') },
}

/** @param {HTMLElement} host @param {{ graph: import('../app/document.js').OpenGraph }} parts */
export function createSaveState(host, { graph }) {
  const words = h('span')
  const sign = h('span.sign', { 'aria-hidden': 'true' })
  const button = h('button.save-state', { type: 'button', onclick: act }, sign, words)
  const live = h('div.save-live', { role: 'status' }, button)
  host.append(live)
  /** @type {string | null} */
  let drawn = null

  function act() {
    const { tab, autosave, conflicts } = graph
    if (tab.branch) conflicts.ask(tab)
    else autosave.hurry()
  }

  function draw() {
    const { tab, autosave, writer } = graph
    const state = autosave.stateOf(tab)
    const lost = !writer.hasRoom && (state === 'away' || state === 'full' || state === 'refused')
    const key = `${state} ${lost}`
    if (key === drawn) return
    drawn = key
    const said = STATES[state]
    const tone = lost ? 'error' : said.tone ?? ''
    live.hidden = !state
    live.dataset.state = state
    live.dataset.tone = tone
    // That all is well is no news.
    live.setAttribute('aria-live', tone ? 'polite' : 'off')
    fill(sign, icon(lost ? 'error' : said.icon, 14))
    setText(words, lost ? t('Not kept') : said.words())
    button.dataset.tip = lost ? t('Neither the server nor this browser takes the changes. Download the graph as a file.') : state === 'refused' ? autosave.refused.get(tab) ?? '' : said.tip()
    // Narrow bars show the sign alone.
    button.setAttribute('aria-label', words.textContent ?? '')
  }

  graph.autosave.listen(draw)
  graph.listen(draw)
  draw()
}
