/**
 * Text put into a PNG, before its pictures' data: the same chunk that the server writes into results, so that a picture of a
 * graph opens as that graph.
 */

const SIGNATURE_LENGTH = 8
/** Length, name, fields and checksum of the first chunk. */
const HEADER_LENGTH = 25

/** @type {Uint32Array | null} */
let table = null

/** The checksum of PNG. @param {Uint8Array} bytes */
export function crc(bytes) {
  if (!table) {
    table = new Uint32Array(256)
    for (let byte = 0; byte < 256; byte++) {
      let value = byte
      for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
      table[byte] = value
    }
  }
  let value = 0xffffffff
  for (const byte of bytes) value = /** @type {number} */ (table[(value ^ byte) & 255]) ^ (value >>> 8)
  return (value ^ 0xffffffff) >>> 0
}

/** JSON in letters that every reader of tEXt knows: others are written as `\uXXXX`. @param {unknown} value */
export const asciiJson = value => JSON.stringify(value).replaceAll(/[\u007f-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`) // by halves of pairs, as JSON has them

/** @param {Uint8Array} png @param {string} keyword @param {string} text in ASCII @returns {Uint8Array<ArrayBuffer>} */
export function withText(png, keyword, text) {
  const data = new TextEncoder().encode(`tEXt${keyword}\0${text}`)
  const chunk = new Uint8Array(data.length + 8)
  const view = new DataView(chunk.buffer)
  view.setUint32(0, data.length - 4)
  chunk.set(data, 4)
  view.setUint32(4 + data.length, crc(data))
  const at = SIGNATURE_LENGTH + HEADER_LENGTH
  const result = new Uint8Array(png.length + chunk.length)
  result.set(png.subarray(0, at))
  result.set(chunk, at)
  result.set(png.subarray(at), at + chunk.length)
  return result
}
