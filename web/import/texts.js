/**
 * The words that a file carries beside its picture, film or sound, by keyword, read without decoding it. Broken files are common:
 * what could be read before the damage is returned, and nothing throws.
 *
 * @typedef {Record<string, string>} Texts  keyword → text; the first of two equal keywords is kept
 */
import { Bytes, latin, tag } from './bytes.js'
import { readBoxes } from './boxes.js'
import { readEbml } from './ebml.js'
import { readExif } from './exif.js'
import { readFlac } from './flac.js'
import { readPng } from './png.js'

/** Bytes of words that are read from one file. */
export const LARGEST_TEXT = 32 * 2 ** 20

/** Where words are gathered: no keyword twice, and no more of them than one can hold. */
export class Found {
  constructor() {
    /** @type {Texts} */
    this.texts = {}
    this.room = LARGEST_TEXT
    /** Texts that were passed over, being too large: their sizes. @type {number[]} */
    this.tooLarge = []
  }

  /** Is there room for so many bytes? @param {number} size */
  fits(size) {
    if (size <= this.room) return true
    this.tooLarge.push(size)
    return false
  }

  /** @param {string} keyword @param {string} text */
  add(keyword, text) {
    if (!keyword || Object.hasOwn(this.texts, keyword) || keyword === '__proto__') return
    this.texts[keyword] = text
    this.room -= text.length
  }
}

/** @param {Blob} file @returns {Promise<Texts>} */
export async function readPictureText(file) {
  return (await readTexts(file)).texts
}

/** @param {Blob} file @returns {Promise<Found>} */
export async function readTexts(file) {
  const found = new Found()
  const bytes = new Bytes(file)
  try {
    await readerOf(await bytes.take(0, 16))?.(bytes, found)
  } catch {
    return found // cut off or damaged: what was found before counts
  }
  return found
}

/** @param {Uint8Array} head @returns {((bytes: Bytes, found: Found) => Promise<void>) | null} */
function readerOf(head) {
  if (head[0] === 0x89 && latin(head.subarray(1, 8)) === 'PNG\r\n\x1a\n') return readPng
  if (head[0] === 0xff && head[1] === 0xd8) return readJpeg
  if (tag(head) === 'RIFF' && tag(head, 8) === 'WEBP') return readWebp
  if (tag(head, 4) === 'ftyp') return readBoxes
  if (tag(head) === '\x1a\x45\xdf\xa3') return readEbml
  if (tag(head) === 'fLaC') return readFlac
  return null
}

/** Segments up to where the picture begins. @param {Bytes} bytes @param {Found} found */
async function readJpeg(bytes, found) {
  for (let at = 2; ; ) {
    const head = await bytes.take(at, 4)
    if (head.length < 4 || head[0] !== 0xff) return
    const marker = /** @type {number} */ (head[1])
    if (marker === 0xff) at += 1 // a byte that only fills
    else {
      const length = (/** @type {number} */ (head[2]) << 8) | /** @type {number} */ (head[3])
      if (marker === 0xda || marker === 0xd9 || length < 2) return
      if ((marker === 0xe1 || marker === 0xfe) && found.fits(length)) {
        const data = await bytes.take(at + 4, length - 2)
        if (marker === 0xfe) found.add('Comment', new TextDecoder().decode(data))
        else if (latin(data.subarray(0, 6)) === 'Exif\0\0') readExif(data.slice(6), found)
      }
      at += 2 + length
    }
  }
}

/** @param {Bytes} bytes @param {Found} found */
async function readWebp(bytes, found) {
  for (let at = 12; ; ) {
    const head = await bytes.take(at, 8)
    if (head.length < 8) return
    const length = new DataView(head.buffer, head.byteOffset).getUint32(4, true)
    if (tag(head) === 'EXIF' && found.fits(length)) {
      const data = await bytes.take(at + 8, length)
      readExif(data.slice(latin(data.subarray(0, 6)) === 'Exif\0\0' ? 6 : 0), found)
    }
    at += 8 + length + (length % 2)
  }
}
