/**
 * Short notices in the corner. Facts leave by themselves; what needs a person stays until it is dismissed or mended.
 *
 * @typedef {'info' | 'done' | 'warning' | 'error'} Tone
 * @typedef {{ label: string, run: () => void, tip?: string }} Action
 * @typedef {{ text: string, detail?: string, tone?: Tone, key?: string, action?: Action, actions?: Action[], stays?: boolean }} Notice
 *   `key`: a later notice with the same key replaces this one
 */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { h } from './dom.js'

const LIFETIME = 6000
const MOST = 4

/** @type {Record<Tone, string>} */
const ICONS = { info: 'info', done: 'check', warning: 'warning', error: 'error' }

export class Toasts {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host
    /** @type {Map<string, HTMLElement>} */
    this.byKey = new Map()
  }

  /** @param {Notice} notice @returns {() => void} takes it away */
  show({ text, detail, tone = 'info', key, action, actions = action ? [action] : [], stays = tone === 'error' }) {
    if (key) this.dismiss(key)
    const dismiss = () => {
      clearTimeout(timer)
      element.remove()
      if (key && this.byKey.get(key) === element) this.byKey.delete(key)
    }
    const element = h('div.toast', { dataset: { tone }, role: tone === 'error' ? 'alert' : undefined },
      icon(ICONS[tone]),
      h('div.words', {}, h('p', {}, text), detail ? h('p.detail', {}, detail) : null,
        actions.length ? h('div.acts', {}, actions.map(({ label, run, tip }) => h('button.link', { type: 'button', 'data-tip': tip, onclick: () => { dismiss(); run() } }, label))) : null),
      h('button.dismiss', { type: 'button', 'aria-label': t('Dismiss'), onclick: dismiss }, icon('close', 13)))
    this.host.append(element)
    while (this.host.childElementCount > MOST) this.host.firstElementChild?.remove()
    if (key) this.byKey.set(key, element)

    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer
    const leave = () => { timer = setTimeout(dismiss, LIFETIME) }
    if (!stays) {
      leave()
      element.addEventListener('pointerenter', () => clearTimeout(timer))
      element.addEventListener('pointerleave', leave)
    }
    return dismiss
  }

  /** @param {string} key */
  dismiss(key) {
    this.byKey.get(key)?.remove()
    this.byKey.delete(key)
  }
}
