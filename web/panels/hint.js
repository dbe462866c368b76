/** The line at the bottom left: the three keys worth knowing, or what the selection can do. */
import { t } from '../language/t.js'
import { coversNodes } from './covers.js'
import { fill, h } from './dom.js'
import { keycaps } from './keycaps.js'

/** Commands, and what they do in a word. @type {readonly (readonly [string, string])[]} */
const RESTING = [['search', t('add a node')], ['run', t('run')], ['shortcuts', t('all keys')]]
/** @type {readonly (readonly [string, string])[]} */
const SELECTED = [['delete', t('delete')], ['copy', t('copy')], ['undo', t('undo')], ['select_none', t('let go')]]

/** @param {HTMLElement} host @param {import('../tools/editor.js').Editor} editor */
export function createHint(host, editor) {
  function draw() {
    const hints = editor.selection.size ? SELECTED : RESTING
    fill(host, hints.map(([command, what]) => {
      const keys = editor.commands.keysOf(command)[0]
      return keys ? h('span', {}, keycaps(keys), ` ${what}`) : null
    }))
  }
  let wanted = false
  function giveWay() {
    if (wanted) return
    wanted = true
    requestAnimationFrame(() => {
      wanted = false
      host.classList.toggle('away', coversNodes(host, editor))
    })
  }
  editor.on('selection', draw)
  editor.commands.listen(draw)
  editor.on('camera', giveWay)
  editor.store.listen(giveWay)
  draw()
  giveWay()
}
