/** The line at the bottom left: the three keys worth knowing, or what the selection can do. */
import { coversNodes } from './covers.js'
import { fill, h } from './dom.js'
import { keycaps } from './keycaps.js'

/** @param {HTMLElement} host @param {import('../tools/editor.js').Editor} editor */
export function createHint(host, editor) {
  function draw() {
    /** @type {[string, string][]} */
    const hints = editor.selection.size
      ? [['Delete', 'delete'], ['Ctrl+C', 'copy'], ['Ctrl+Z', 'undo'], ['Escape', 'let go']]
      : [['Tab', 'add a node'], ['Ctrl+Enter', 'run'], ['?', 'all keys']]
    fill(host, hints.map(([keys, what]) => h('span', {}, keycaps(keys), ` ${what}`)))
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
  editor.on('camera', giveWay)
  editor.store.listen(giveWay)
  draw()
  giveWay()
}
