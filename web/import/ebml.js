/** The tags of WEBM and Matroska files. */
import { text } from './bytes.js'

const SEGMENT = 0x18538067
const TAGS = 0x1254c367
const TAG = 0x7373
const SIMPLE_TAG = 0x67c8
const TAG_NAME = 0x45a3
const TAG_STRING = 0x4487
/** Elements that are looked at: a file of nothing but empty ones must end. */
const MOST = 200_000

/** @param {import('./bytes.js').Bytes} bytes @param {import('./texts.js').Found} found */
export async function readEbml(bytes, found) {
  for (let at = 0, looked = 0; looked < MOST; looked += 1) {
    const element = header(await bytes.take(at, 12))
    if (!element) return
    const start = at + element.head
    if (element.id === SEGMENT) at = start
    else if (element.size === null) return // a stream that was never closed holds its tags nowhere one could find
    else {
      if (element.id === TAGS && found.fits(element.size)) readTags(await bytes.take(start, element.size), found)
      at = start + element.size
    }
  }
}

/** @param {Uint8Array<ArrayBuffer>} data @param {import('./texts.js').Found} found */
function readTags(data, found) {
  for (const tag of children(data)) {
    if (tag.id !== TAG) continue
    for (const simple of children(tag.data)) {
      if (simple.id !== SIMPLE_TAG) continue
      const parts = new Map(children(simple.data).map(({ id, data: value }) => [id, value]))
      const [name, value] = [parts.get(TAG_NAME), parts.get(TAG_STRING)]
      if (name && value) found.add(text(name).toLowerCase(), text(value).replace(/\0+$/u, ''))
    }
  }
}

/** @param {Uint8Array<ArrayBuffer>} data */
function children(data) {
  const all = []
  for (let at = 0; ; ) {
    const element = header(data.subarray(at, at + 12))
    if (!element || element.size === null) return all
    const start = at + element.head
    all.push({ id: element.id, data: data.subarray(start, start + element.size) })
    at = start + element.size
  }
}

/** An id and a size, each of a length that its first bits tell. @param {Uint8Array} head */
function header(head) {
  const idLength = Math.clz32(head[0] ?? 0) - 23
  const sizeLength = Math.clz32(head[idLength] ?? 0) - 23
  if (idLength > 4 || sizeLength > 8 || idLength + sizeLength > head.length) return null
  let id = 0
  for (let at = 0; at < idLength; at += 1) id = id * 256 + /** @type {number} */ (head[at])
  let size = /** @type {number} */ (head[idLength]) & (0xff >> sizeLength)
  let open = size === 0xff >> sizeLength
  for (let at = 1; at < sizeLength; at += 1) {
    size = size * 256 + /** @type {number} */ (head[idLength + at])
    open &&= head[idLength + at] === 0xff
  }
  return { id, head: idLength + sizeLength, size: open ? null : size }
}
