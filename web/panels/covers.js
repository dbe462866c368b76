/**
 * Does an element of the stage lie over a node? What floats there gives way then.
 *
 * @param {HTMLElement} element
 * @param {import('../tools/editor.js').Editor} editor
 */
export function coversNodes({ offsetLeft, offsetTop, offsetWidth, offsetHeight }, editor) {
  const { x, y } = editor.toCanvas({ x: offsetLeft, y: offsetTop })
  const { zoom } = editor.camera
  return editor.scene.nodesIn({ x, y, w: offsetWidth / zoom, h: offsetHeight / zoom }).length > 0
}
