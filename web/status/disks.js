/** Folders on one disk share a line. @param {readonly import('./known.js').Room[]} room */
export function disks(room) {
  /** @type {{ names: string[], free: number, total: number }[]} */
  const found = []
  for (const { where, free, total } of room) {
    if (!total) continue
    const known = found.find(each => each.total === total && each.free === free)
    if (known) known.names.push(where)
    else found.push({ names: [where], free, total })
  }
  return found
}
