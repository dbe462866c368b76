/** The words of a PNG: tEXt, zTXt, iTXt, EXIF, and the animated PNGs' `comf`. */
import { latin, tag, text, unpack, viewOf } from './bytes.js'
import { readExif } from './exif.js'

const WITH_TEXT = new Set(['tEXt', 'zTXt', 'iTXt', 'comf', 'eXIf'])

/** @param {import('./bytes.js').Bytes} bytes @param {import('./texts.js').Found} found */
export async function readPng(bytes, found) {
  for (let at = 8; ; ) {
    const head = await bytes.take(at, 8)
    if (head.length < 8) return
    const length = viewOf(head).getUint32(0)
    const type = tag(head, 4)
    if (type === 'IEND' || at + 12 + length > bytes.size) return // a chunk that says it is longer than the file
    if (WITH_TEXT.has(type) && found.fits(length)) await readChunk(type, await bytes.take(at + 8, length), found)
    at += 12 + length // with the checksum
  }
}

/** @param {string} type @param {Uint8Array<ArrayBuffer>} data @param {import('./texts.js').Found} found */
async function readChunk(type, data, found) {
  if (type === 'eXIf') return readExif(data.slice(), found)
  const cut = data.indexOf(0)
  if (cut < 1) return
  const keyword = latin(data.subarray(0, cut))
  try {
    if (type === 'tEXt' || type === 'comf') found.add(keyword, latin(data.subarray(cut + 1)))
    else if (type === 'zTXt') found.add(keyword, latin(await unpack(data.slice(cut + 2), 'deflate', found.room)))
    else {
      const packed = data[cut + 1] === 1
      const language = data.indexOf(0, cut + 3)
      const translated = language < 0 ? -1 : data.indexOf(0, language + 1)
      if (translated < 0) return
      const body = data.subarray(translated + 1)
      found.add(keyword, text(packed ? await unpack(body.slice(), 'deflate', found.room) : body))
    }
  } catch (error) {
    if (error instanceof RangeError) found.tooLarge.push(found.room + 1) // else damaged: the next chunk may be whole
  }
}
