/**
 * The files of a drop, those inside of dropped folders too.
 *
 * @typedef {{ name: string, isFile: boolean, isDirectory: boolean, file?: (done: (file: File) => void, failed: () => void) => void, createReader?: () => { readEntries: (done: (entries: Entry[]) => void, failed: () => void) => void } }} Entry
 * @typedef {{ files: File[], folders: string[], unread: string | null }} Dropped  `unread`: what could not be read
 */

/** Entries of folders that are looked at: a drop of a whole disk must end. */
const LOOKED_AT = 5000

/**
 * @param {DataTransfer} data  good until the event's end: what is needed of it is taken at once
 * @param {number} most  files of folders that are wanted; one more tells that there are more
 * @param {(file: File) => boolean} wanted  in a folder
 * @returns {Promise<Dropped>}
 */
export async function droppedFiles(data, most, wanted) {
  const items = [...data.items].filter(item => item.kind === 'file')
  const taken = items.map(item => ({ entry: /** @type {Entry | null} */ (/** @type {unknown} */ (item.webkitGetAsEntry?.() ?? null)), file: item.getAsFile() }))
  if (!taken.length) return { files: [...data.files], folders: [], unread: null }
  /** @type {Dropped} */
  const found = { files: [], folders: [], unread: null }
  for (const { entry, file } of taken) {
    if (!entry?.isDirectory) {
      if (file) found.files.push(file)
      continue
    }
    found.folders.push(entry.name)
    await walk(entry, found, most + 1, wanted)
  }
  return found
}

/** @param {Entry} folder @param {Dropped} found @param {number} most @param {(file: File) => boolean} wanted */
async function walk(folder, found, most, wanted) {
  const waiting = [folder]
  let looked = 0
  for (let next = waiting.shift(); next && found.files.length < most && looked < LOOKED_AT; next = waiting.shift()) {
    if (next.isDirectory) {
      const inside = await entriesOf(next)
      if (!inside) found.unread ??= next.name
      looked += inside?.length ?? 0
      waiting.push(...(inside ?? []).filter(({ name }) => !name.startsWith('.')).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })))
    } else {
      const { file, name } = next
      const read = /** @type {File | null} */ (await new Promise(resolve => { file ? file.call(next, resolve, () => resolve(null)) : resolve(null) }))
      if (!read) found.unread ??= name
      else if (wanted(read)) found.files.push(read)
    }
  }
}

/** A reader gives a hundred at a time. @param {Entry} folder @returns {Promise<Entry[] | null>} */
async function entriesOf(folder) {
  const reader = folder.createReader?.()
  if (!reader) return null
  /** @type {Entry[]} */
  const all = []
  for (;;) {
    const some = await new Promise(resolve => { reader.readEntries(resolve, () => resolve(null)) })
    if (!Array.isArray(some)) return null
    if (!some.length || all.length > LOOKED_AT) return all
    all.push(...some)
  }
}
