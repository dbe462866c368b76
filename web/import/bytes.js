/**
 * A file's bytes, fetched a block at a time: a film of four gigabytes whose text lies at its end costs two blocks.
 * What is asked for beyond the end comes back short; readers look at the length.
 */

const BLOCK = 2 ** 18

export class Bytes {
  /** @param {Blob} blob */
  constructor(blob) {
    this.blob = blob
    this.size = blob.size
    this.start = 0
    /** @type {Uint8Array<ArrayBuffer>} */
    this.block = new Uint8Array(0)
  }

  /** @param {number} offset @param {number} length @returns {Promise<Uint8Array<ArrayBuffer>>} */
  async take(offset, length) {
    const end = Math.min(offset + length, this.size)
    if (offset < 0 || end <= offset) return new Uint8Array(0)
    if (offset < this.start || end > this.start + this.block.length) {
      const whole = Math.max(length, BLOCK)
      this.block = new Uint8Array(await this.blob.slice(offset, Math.min(offset + whole, this.size)).arrayBuffer())
      this.start = offset
    }
    return this.block.subarray(offset - this.start, end - this.start)
  }
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
export const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const latin1 = new TextDecoder('latin1')
const utf8 = new TextDecoder('utf-8')

/** Four letters, as formats name their parts. @param {Uint8Array} bytes @param {number} [at] */
export const tag = (bytes, at = 0) => latin1.decode(bytes.subarray(at, at + 4))

/** @param {Uint8Array} bytes */
export const latin = (bytes) => latin1.decode(bytes)

/** @param {Uint8Array} bytes */
export const text = (bytes) => utf8.decode(bytes)

/**
 * Unpacked, but never to more than `most` bytes: a bomb stops there.
 *
 * @param {Uint8Array<ArrayBuffer>} data @param {'deflate' | 'gzip'} form @param {number} most
 * @returns {Promise<Uint8Array<ArrayBuffer>>} throws RangeError for more, TypeError for what is damaged
 */
export async function unpack(data, form, most) {
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream(form)).getReader()
  const parts = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > most) {
      await reader.cancel().catch(() => undefined)
      throw new RangeError('more than may be unpacked')
    }
    parts.push(value)
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}
