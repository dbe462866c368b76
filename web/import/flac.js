/** The comments of a FLAC: `key=value` in its Vorbis block. */
import { text, viewOf } from './bytes.js'

const COMMENTS = 4

/** @param {import('./bytes.js').Bytes} bytes @param {import('./texts.js').Found} found */
export async function readFlac(bytes, found) {
  for (let at = 4; ; ) {
    const head = await bytes.take(at, 4)
    if (head.length < 4) return
    const word = viewOf(head).getUint32(0)
    const length = word & 0xffffff
    if (((word >>> 24) & 0x7f) === COMMENTS && found.fits(length)) readComments(await bytes.take(at + 4, length), found)
    if (word >>> 31) return // the last one
    at += 4 + length
  }
}

/** @param {Uint8Array<ArrayBuffer>} data @param {import('./texts.js').Found} found */
function readComments(data, found) {
  const view = viewOf(data)
  let at = 4 + view.getUint32(0, true)
  const count = view.getUint32(at, true)
  at += 4
  for (let index = 0; index < count && at + 4 <= data.length; index += 1) {
    const length = view.getUint32(at, true)
    const words = text(data.subarray(at + 4, at + 4 + length))
    const cut = words.indexOf('=')
    if (cut > 0) found.add(words.slice(0, cut).toLowerCase(), words.slice(cut + 1))
    at += 4 + length
  }
}
