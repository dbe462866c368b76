/**
 * Files made of boxes (ISO base media): the EXIF of an AVIF or HEIC picture, which is an item that its tables of contents
 * name, and the tags of an MP4 or MOV film.
 */
import { tag, text, viewOf } from './bytes.js'
import { readExif } from './exif.js'

/** Tables of contents that are larger are no picture's. */
const LARGEST_TABLE = 64 * 2 ** 20
const MOST_BOXES = 100_000
const MOST_ITEMS = 100_000

/** @typedef {import('./bytes.js').Bytes} Bytes */
/** @typedef {import('./texts.js').Found} Found */
/** @typedef {{ type: string, number: number, data: Uint8Array<ArrayBuffer> }} Box */

/** @param {Bytes} bytes @param {Found} found */
export async function readBoxes(bytes, found) {
  for (let at = 0, looked = 0; looked < MOST_BOXES; looked += 1) {
    const head = await bytes.take(at, 16)
    if (head.length < 8) return
    const view = viewOf(head)
    let size = view.getUint32(0)
    let start = 8
    if (size === 1 && head.length === 16) {
      size = view.getUint32(8) * 2 ** 32 + view.getUint32(12)
      start = 16
    } else if (size === 0) size = bytes.size - at
    if (size < start) return
    const type = tag(head, 4)
    if (type === 'meta' && size <= LARGEST_TABLE) await readItems(await bytes.take(at + start, size - start), bytes, found)
    if (type === 'moov' && size <= LARGEST_TABLE) readFilm((await bytes.take(at + start, size - start)).slice(), found)
    at += size
  }
}

/** @param {Uint8Array<ArrayBuffer>} data @returns {Box[]} */
function boxes(data) {
  const view = viewOf(data)
  /** @type {Box[]} */
  const all = []
  for (let at = 0; at + 8 <= data.length && all.length < MOST_BOXES; ) {
    const size = view.getUint32(at) || data.length - at
    if (size < 8) break
    all.push({ type: tag(data, at + 4), number: view.getUint32(at + 4), data: data.subarray(at + 8, at + size) })
    at += size
  }
  return all
}

/** @param {Box[]} all @param {string} type */
const inside = (all, type) => all.find((box) => box.type === type)?.data

/** @param {Uint8Array<ArrayBuffer>} meta @param {Bytes} bytes @param {Found} found */
async function readItems(meta, bytes, found) {
  const parts = boxes(meta.slice(4)) // after its version
  const [names, places] = [inside(parts, 'iinf'), inside(parts, 'iloc')]
  const id = names && exifItem(names)
  const place = id && places ? placeOf(places, id) : null
  if (!place) return
  const { inFile, offset, length } = place
  if (!found.fits(length)) return
  const data = inFile ? await bytes.take(offset, length) : (inside(parts, 'idat') ?? new Uint8Array(0)).subarray(offset, offset + length)
  if (data.length < 8) return
  readExif(data.slice(4 + viewOf(data).getUint32(0)), found) // it says how far its byte order is off
}

/** @param {Uint8Array<ArrayBuffer>} data  of iinf @returns {number} 0 for none */
function exifItem(data) {
  const entries = boxes(data.subarray(data[0] === 0 ? 6 : 8))
  for (const { type, data: entry } of entries) {
    const version = entry[0] ?? 0
    if (type !== 'infe' || version < 2 || entry.length < 14) continue
    const view = viewOf(entry)
    if (tag(entry, version === 2 ? 8 : 10) === 'Exif') return version === 2 ? view.getUint16(4) : view.getUint32(4)
  }
  return 0
}

/** @param {Uint8Array<ArrayBuffer>} data  of iloc @param {number} wanted */
function placeOf(data, wanted) {
  const view = viewOf(data)
  const version = data[0] ?? 0
  const sizes = view.getUint16(4)
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15]
  const indexSize = version === 0 ? 0 : sizes & 15
  let at = 6
  /** @param {number} size */
  const number = (size) => {
    let value = 0
    for (let count = 0; count < size; count += 1) value = value * 256 + view.getUint8(at + count)
    at += size
    return value
  }
  const count = Math.min(number(version < 2 ? 2 : 4), MOST_ITEMS)
  for (let index = 0; index < count; index += 1) {
    const id = number(version < 2 ? 2 : 4)
    const inFile = version === 0 || (number(2) & 15) === 0
    number(2) // which file: always this one
    const base = number(baseSize)
    const extents = number(2)
    let place = null
    for (let extent = 0; extent < extents; extent += 1) {
      number(indexSize)
      const [offset, length] = [base + number(offsetSize), number(lengthSize)]
      place ??= { inFile, offset, length }
    }
    if (id === wanted) return place
  }
  return null
}

/** @param {Uint8Array<ArrayBuffer>} moov @param {Found} found */
function readFilm(moov, found) {
  const parts = boxes(moov)
  const user = boxes(inside(parts, 'udta') ?? new Uint8Array(0))
  for (const meta of [inside(parts, 'meta'), inside(user, 'meta')]) {
    if (!meta) continue
    const tables = boxes(tag(meta, 4) === 'hdlr' ? meta : meta.subarray(4)) // QuickTime's has no version
    const values = inside(tables, 'ilst')
    if (values) readTags(inside(tables, 'keys'), values, found)
  }
}

/** @param {Uint8Array<ArrayBuffer> | undefined} keys @param {Uint8Array<ArrayBuffer>} values @param {Found} found */
function readTags(keys, values, found) {
  const names = keys ? boxes(keys.subarray(8)).map((box) => text(box.data)) : []
  for (const { type, number, data } of boxes(values)) {
    const value = inside(boxes(data), 'data')
    if (!value || value.length < 8 || !found.fits(value.length)) continue
    const name = type === '\xa9cmt' ? 'comment' : names[number - 1]
    if (name) found.add(name.toLowerCase(), text(value.subarray(8)))
  }
}
