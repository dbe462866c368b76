/**
 * The text that a PNG carries (tEXt, zTXt, iTXt and the animated PNGs' `comf`), read without decoding the picture.
 * Broken files are common: whatever could be read before the damage is returned, nothing throws.
 */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const LARGEST_FILE = 512 * 2 ** 20
const LARGEST_TEXT = 64 * 2 ** 20

const latin1 = new TextDecoder('latin1')
const utf8 = new TextDecoder('utf-8')

/**
 * @param {Blob} file
 * @returns {Promise<Record<string, string>>} keyword → text; the first of two equal keywords is kept
 */
export async function readPictureText(file) {
  /** @type {Record<string, string>} */
  const texts = {}
  if (file.size > LARGEST_FILE) return texts
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (SIGNATURE.some((byte, index) => bytes[index] !== byte)) return texts

  const view = new DataView(bytes.buffer)
  let offset = SIGNATURE.length
  while (offset + 12 <= bytes.length) {
    const length = view.getUint32(offset)
    const type = latin1.decode(bytes.subarray(offset + 4, offset + 8))
    const end = offset + 8 + length
    if (end > bytes.length || type === 'IEND') break
    const data = bytes.subarray(offset + 8, end)
    const entry = length <= LARGEST_TEXT ? await readChunk(type, data) : null
    if (entry && !(entry[0] in texts)) texts[entry[0]] = entry[1]
    offset = end + 4 // the checksum
  }
  return texts
}

/** @param {string} type @param {Uint8Array<ArrayBuffer>} data @returns {Promise<[string, string] | null>} */
async function readChunk(type, data) {
  const cut = data.indexOf(0)
  if (cut < 1) return null
  const keyword = latin1.decode(data.subarray(0, cut))
  try {
    if (type === 'tEXt' || type === 'comf') return [keyword, latin1.decode(data.subarray(cut + 1))]
    if (type === 'zTXt') return [keyword, latin1.decode(await inflate(data.subarray(cut + 2)))]
    if (type !== 'iTXt') return null
    const compressed = data[cut + 1] === 1
    const language = data.indexOf(0, cut + 3)
    const translated = language < 0 ? -1 : data.indexOf(0, language + 1)
    if (translated < 0) return null
    const body = data.subarray(translated + 1)
    return [keyword, utf8.decode(compressed ? await inflate(body) : body)]
  } catch {
    return null
  }
}

/**
 * A bomb stops growing at LARGEST_TEXT.
 *
 * @param {Uint8Array<ArrayBuffer>} data
 */
async function inflate(data) {
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream('deflate')).getReader()
  const parts = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > LARGEST_TEXT) throw new RangeError('text chunk too large')
    parts.push(value)
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}
