/**
 * One tooltip for the whole page: any element with `data-tip` (or `data-refused`, why it cannot be used) gets it, by hover after a moment and by keyboard focus at
 * once, with the keys of `data-command` as they are now, or `data-keys`. The text is also the control's description for screen readers.
 */
import { fill, h } from './dom.js'
import { keycaps } from './keycaps.js'

const WAIT = 450

/** @param {(command: string) => string | undefined} keysOf  the first key of a command */
export function installTooltips(keysOf) {
  const tip = h('div.tooltip', { role: 'tooltip', id: 'tooltip' })
  tip.hidden = true
  document.body.append(tip)
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  /** @type {HTMLElement | null} */
  let shownFor = null

  function hide() {
    clearTimeout(timer)
    shownFor?.removeAttribute('aria-describedby')
    shownFor = null
    tip.hidden = true
  }

  /** @param {HTMLElement} target */
  function show(target) {
    if (!target.isConnected) return
    const keys = target.dataset.command ? keysOf(target.dataset.command) : target.dataset.keys
    fill(tip, target.dataset.refused ?? target.dataset.tip ?? '', keys ? keycaps(keys) : null)
    ;(target.closest('dialog') ?? document.body).append(tip) // a modal dialog lies over all else
    tip.hidden = false
    shownFor = target
    target.setAttribute('aria-describedby', 'tooltip')
    const box = target.getBoundingClientRect()
    const { width, height } = tip.getBoundingClientRect()
    const beside = target.closest('.rail') && innerWidth > 700
    const x = beside ? box.right + 8 : box.left + box.width / 2 - width / 2
    const below = box.bottom + 8 + height < innerHeight
    const y = beside ? box.top + box.height / 2 - height / 2 : below ? box.bottom + 8 : box.top - height - 8
    tip.style.left = `${Math.max(6, Math.min(x, innerWidth - width - 6))}px`
    tip.style.top = `${Math.max(6, Math.min(y, innerHeight - height - 6))}px`
  }

  /** @param {Event} event */
  function target(event) {
    const found = event.target instanceof Element ? event.target.closest('[data-tip], [data-refused]') : null
    return found instanceof HTMLElement ? found : null
  }

  addEventListener('pointerover', event => {
    const over = target(event)
    if (over === shownFor && over) return
    hide()
    if (over && event.pointerType === 'mouse') timer = setTimeout(() => show(over), WAIT)
  })
  addEventListener('pointerdown', hide, true)
  // A panel that opens with the focus in it covers nothing by a tip: only who walks to a control asks what it is.
  let walking = false
  addEventListener('keydown', event => {
    if (event.key === 'Escape') hide()
    walking = /^(?:Tab|Arrow|Home$|End$|Page|F6$)/u.test(event.key)
  }, true)
  addEventListener('focusin', event => {
    const over = target(event)
    hide()
    if (walking && over?.matches(':focus-visible')) show(over)
  })
  addEventListener('focusout', hide)
}
