/** Who is here, in the corner of the bar: a menu with what concerns them. Not there without accounts. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { fill, h } from '../panels/dom.js'
import { openMenu } from '../panels/menu.js'
import { roleWord } from './me.js'

/**
 * @param {import('./me.js').Me} me
 * @param {(command: string) => void} run
 */
export function createCorner(me, run) {
  const button = h('button.who', { type: 'button', hidden: true, 'aria-haspopup': 'menu', onclick: open })

  function open() {
    const { person } = me
    if (!person) return
    const { left, bottom, width } = button.getBoundingClientRect()
    openMenu([
      { label: `${person.name} · ${roleWord(person.role)}`, icon: 'person', enabled: false },
      'line',
      ...(person.by === 'session' ? [{ label: t('My account'), icon: 'lock', run: () => run('account') }] : []),
      ...(me.isAdmin ? [{ label: t('People'), icon: 'people', run: () => run('people') }, { label: t('What was done'), icon: 'clock', run: () => run('audit') }] : []),
      { label: t('Report a problem'), icon: 'warning', run: () => run('report') },
      ...(me.canLogOut ? [/** @type {const} */ ('line'), { label: t('Log out'), icon: 'move', run: () => run('logout') }] : []),
    ], { x: left, y: bottom + 4, width }, { label: t('Account') })
  }

  function draw() {
    const { person } = me
    button.hidden = !me.named
    if (!person) return
    fill(button, person.name ? initialOf(person.name) : icon('person', 14))
    const words = t('{name}, {role}', { name: person.name || t('The server’s token'), role: roleWord(person.role) })
    button.setAttribute('aria-label', t('Account: {words}', { words }))
    button.dataset.tip = words
  }

  me.listen(draw)
  draw()
  return button
}

/** @param {string} name */
export const initialOf = name => [...name][0]?.toLocaleUpperCase() ?? ''
