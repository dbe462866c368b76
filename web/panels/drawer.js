/** One drawer at the left of the canvas: a panel of the rail at a time, opened and closed by its button or its key. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { h } from './dom.js'

/**
 * @typedef {object} Panel
 * @property {string} id
 * @property {string} title
 * @property {'wide' | 'full'} [size]  more room than the usual column: twice as wide, or all of the stage
 * @property {(body: HTMLElement, close: () => void) => (() => void) | void} fill  builds it; may return what ends it
 */

/**
 * What has the focus as a panel opens. A field would bring up the keyboard of a phone, over half of the panel: there it is
 * the panel itself.
 *
 * @param {HTMLElement} body @returns {HTMLElement | null}
 */
export function startOf(body) {
  const first = body.querySelector('[data-first] [tabindex="0"]') ?? body.querySelector('input, [tabindex="0"], button')
  const typed = first instanceof HTMLInputElement && (first.type === 'text' || first.type === 'search')
  return first instanceof HTMLElement && !(typed && matchMedia('(pointer: coarse)').matches) ? first : null
}

export class Drawer {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host
    /** @type {string | null} */
    this.current = null
    /** @type {HTMLElement | null} */
    this.element = null
    /** @type {(() => void) | void} */
    this.end = undefined
    /** @type {Set<() => void>} */
    this.listeners = new Set()
    /** @type {HTMLElement | null} */
    this.before = null
  }

  /** @param {() => void} listener */
  listen(listener) {
    this.listeners.add(listener)
  }

  /** @param {Panel} panel */
  toggle(panel) {
    if (this.current === panel.id) this.close()
    else this.open(panel)
  }

  /** @param {Panel} panel */
  open(panel) {
    if (this.current === panel.id) return
    this.close()
    this.before = /** @type {HTMLElement | null} */ (document.activeElement)
    const body = h('div.panel')
    this.element = h('section.drawer', { 'aria-label': panel.title, id: panel.id, tabindex: -1, 'data-size': panel.size },
      h('header', {}, h('h2', {}, panel.title), h('button.round', { type: 'button', 'aria-label': t('Close'), 'data-keys': 'Escape', 'data-tip': t('Close'), onclick: () => this.close() }, icon('close'))),
      body)
    this.element.addEventListener('keydown', event => {
      if (event.key === 'Escape' && !event.defaultPrevented) {
        event.stopPropagation()
        this.close()
      }
    })
    this.host.append(this.element)
    this.current = panel.id
    this.end = panel.fill(body, () => this.close())
    ;(startOf(body) ?? this.element).focus({ preventScroll: true })
    this.listeners.forEach(listener => listener())
  }

  close() {
    if (!this.element) return
    this.end?.()
    const hadFocus = this.element.contains(document.activeElement)
    this.element.remove()
    this.element = null
    this.current = null
    if (hadFocus) this.before?.focus({ preventScroll: true })
    this.listeners.forEach(listener => listener())
  }
}
