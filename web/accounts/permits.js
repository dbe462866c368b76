/**
 * Controls that a person may not use are still there, and say why: `data-needs="run"` (or write, admin) on a control, and the
 * commands below, whose buttons follow. Nothing of it is done for those who may do everything.
 *
 * @typedef {import('./me.js').Scope} Scope
 */

/** What commands need. @type {readonly (readonly [Scope, RegExp])[]} */
const COMMANDS = [
  ['run', /^(?:run|run_.*|interrupt|sweep|sweep_widget|app_share)$/u],
  ['write', /^(?:save|save_as|publish_subgraph|rename_graph|picture_mask|picture_paste)$/u],
  ['admin', /^(?:pause_queue|log|people|audit)$/u],
]

/** @param {string} id  of a command @returns {Scope | null} */
export const needOf = id => COMMANDS.find(([, pattern]) => pattern.test(id))?.[0] ?? null

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('./me.js').Me} parts.me
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 */
export function followPermits({ editor, me, toasts }) {
  let follows = false
  me.listen(() => {
    if (follows || (me.may('run') && me.may('write') && me.may('admin'))) return
    follows = true
    follow()
  })

  function follow() {
    for (const command of editor.commands.all()) {
      const need = needOf(command.id)
      if (!need) continue
      const { run } = command
      command.run = (context, args) => (me.may(need) ? run(context, args) : void toasts.show({ key: 'permits', tone: 'warning', text: me.whyNot(need) }))
    }
    mark(document.body)
    new MutationObserver(changes => {
      for (const { addedNodes } of changes) for (const node of addedNodes) if (node instanceof HTMLElement) mark(node)
    }).observe(document.body, { childList: true, subtree: true })
    // They keep the keyboard, so that the reason is found by it too; a press does nothing.
    for (const type of ['click', 'pointerdown', 'change']) addEventListener(type, refuse, true)
  }

  /** @param {Event} event */
  function refuse(event) {
    const control = event.target instanceof Element ? event.target.closest('[data-refused]') : null
    if (!control) return
    event.preventDefault()
    event.stopImmediatePropagation()
  }

  /** @param {HTMLElement} within */
  function mark(within) {
    for (const control of [within, .../** @type {NodeListOf<HTMLElement>} */ (within.querySelectorAll('[data-needs], [data-command]'))]) {
      const need = /** @type {Scope | undefined} */ (control.dataset.needs) ?? needOf(control.dataset.command ?? '')
      if (!need || me.may(need)) continue
      control.dataset.refused = me.whyNot(need)
      if (!(control instanceof HTMLLabelElement)) control.setAttribute('aria-disabled', 'true')
      if (control instanceof HTMLInputElement && control.type === 'file') control.disabled = true
      else if (control instanceof HTMLInputElement || control instanceof HTMLTextAreaElement) control.readOnly = true
      else if (control instanceof HTMLSelectElement) control.disabled = true
    }
  }
}
