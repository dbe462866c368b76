/** Notices stand in the corner of the canvas where they cover no node; where there is none, over the details; else where they cover the fewest. */

const CORNERS = /** @type {const} */ (['top-right', 'bottom-right', 'top-left', 'bottom-left'])
const MARGIN = 14
/** In a corner, as the style sheet has it. */
const WIDTH = 340
/** What lies over the canvas besides. */
const OTHERS = '.minimap:not(.bare, .off), .heat:not([hidden]), .drawer:not([hidden])'

/**
 * @param {HTMLElement} host  of the notices
 * @param {import('../tools/editor.js').Editor} editor
 * @param {HTMLElement} stage
 * @param {HTMLElement} side  the details beside it
 */
export function keepToastsClear(host, editor, stage, side) {
  let wanted = false
  function later() {
    if (wanted || !host.childElementCount) return
    wanted = true
    requestAnimationFrame(() => {
      wanted = false
      place()
    })
  }

  function place() {
    if (!host.childElementCount) return
    const box = stage.getBoundingClientRect()
    const size = { w: Math.min(WIDTH, box.width - 2 * MARGIN), h: host.offsetHeight }
    const others = [...stage.querySelectorAll(OTHERS)].map(element => element.getBoundingClientRect())
    const counts = CORNERS.map(corner => {
      const x = corner.endsWith('left') ? MARGIN : box.width - MARGIN - size.w
      const y = corner.startsWith('top') ? MARGIN : box.height - MARGIN - size.h
      const from = editor.toCanvas({ x, y })
      const under = editor.scene.nodesIn({ x: from.x, y: from.y, w: size.w / editor.camera.zoom, h: size.h / editor.camera.zoom }).length
      const over = others.filter(other => other.left - box.left < x + size.w && other.right - box.left > x && other.top - box.top < y + size.h && other.bottom - box.top > y).length
      return { corner, count: under + 3 * over }
    })
    const now = counts.find(({ corner }) => corner === host.dataset.corner)
    // It stays where it is while nothing is under it: what moves by itself is in the way.
    if (now?.count === 0) return
    const best = counts.reduce((least, each) => (each.count < least.count ? each : least))
    // Where the work is everywhere, the details make room at their lower end.
    const beside = best.count > 0 && !side.hidden && side.offsetWidth > 200 ? side.getBoundingClientRect() : null
    host.dataset.corner = beside ? 'side' : best.corner
    host.style.bottom = beside ? `${innerHeight - beside.bottom + MARGIN}px` : ''
    host.style.width = beside ? `${beside.width - 2 * MARGIN}px` : ''
  }

  new MutationObserver(place).observe(host, { childList: true })
  editor.on('camera', later)
}
