/** The record that a target belongs to; null for the bare canvas. @param {import('../model/types.js').Target} target */
export function recordOf(target) {
  switch (target.kind) {
    case 'node':
    case 'widget':
      return target.node
    case 'socket':
      return target.socket.node
    case 'link':
      return target.link
    case 'group':
      return target.group
    case 'reroute':
      return target.reroute
    default:
      return null
  }
}

/** What lies under the pointer comes into the selection, or out of it. @param {import('./editor.js').Editor} editor @param {import('./state.js').Pointer} pointer */
export function toggleAt(editor, { screen, type }) {
  const id = recordOf(editor.targetAt(screen, type))
  if (id === null) return
  editor.select(editor.selection.has(id) ? [...editor.selection].filter((other) => other !== id) : [...editor.selection, id])
}
