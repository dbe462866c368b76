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
