/** Above the choices of a list that is read from the server: what it is doing, and a button that asks again. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { h, setText } from '../panels/dom.js'
import { keptChoices, lastChoices, readChoices } from './remote_choices.js'

/**
 * @param {import('../model/widget_specs.js').RemoteSource} source
 * @param {object} hooks
 * @param {(choices: readonly unknown[], asked: boolean) => void} hooks.read  `asked`: by the button
 * @returns {{ element: HTMLElement, start: () => void, stop: () => void }}
 */
export function remoteBar(source, { read }) {
  const word = h('span.word')
  const label = h('span', {}, t('Read the list again'))
  const button = h('button', { type: 'button', onclick: () => void load(true) }, icon('redo', 14), label)
  const element = h('div.remote', { role: 'status' }, word, button)
  /** @type {AbortController | null} */
  let asking = null

  /** @param {boolean} asked */
  async function load(asked) {
    asking?.abort()
    const mine = (asking = new AbortController())
    tell(t('Reading the list from the server…'), 'busy')
    try {
      const choices = await readChoices(source, mine.signal, { again: tries => tell(t('No answer yet: try {number}…', { number: tries + 1 }), 'busy') })
      tell(choices.length ? '' : t('The server\'s list is empty.'), '')
      read(choices, asked)
    } catch (error) {
      if (!mine.signal.aborted) tell(/** @type {Error} */ (error).message, 'failed')
    }
  }

  /** @param {string} text @param {'busy' | 'failed' | ''} state */
  function tell(text, state) {
    setText(word, text)
    setText(label, state === 'failed' ? t('Try again') : t('Read the list again'))
    button.hidden = state === 'busy' || (state === '' && !source.button)
    element.classList.toggle('failed', state === 'failed')
    element.hidden = !text && button.hidden
  }

  return {
    element,
    start: () => {
      const found = keptChoices(source)
      const last = found ?? lastChoices(source)
      tell('', '')
      if (last.length) read(last, false)
      if (!found) void load(false)
    },
    stop: () => asking?.abort(),
  }
}
