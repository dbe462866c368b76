/** Notices stand in the corner of the canvas where they cover no node, or the fewest. */

const CORNERS = /** @type {const} */ (['top-right', 'bottom-right', 'top-left', 'bottom-left'])
const MARGIN = 14
/** What lies over the canvas besides. */
const OTHERS = '.minimap:not(.bare, .off), .heat:not([hidden]), .drawer:not([hidden])'

/**
 * @param {HTMLElement} host  of the notices
 * @param {import('../tools/editor.js').Editor} editor
 * @param {HTMLElement} stage
 */
export function keepToastsClear(host, editor, stage) {
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
    const size = { w: host.offsetWidth, h: host.offsetHeight }
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
    host.dataset.corner = counts.reduce((best, each) => (each.count < best.count ? each : best)).corner
  }

  new MutationObserver(place).observe(host, { childList: true })
  editor.on('camera', later)
}
