/**
 * Words that are hidden in a picture's last bits: of its transparency, a bit a pixel, or of its three colours. Read column by
 * column: a name of what follows, its length in bits, and the words as they are or packed.
 *
 * @typedef {object} Pixels
 * @property {number} width
 * @property {number} height
 * @property {(from: number, columns: number) => Uint8ClampedArray} read  red, green, blue, alpha, row by row
 */
import { text, unpack } from './bytes.js'

const NAMES = /** @type {const} */ (['stealth_pnginfo', 'stealth_pngcomp', 'stealth_rgbinfo', 'stealth_rgbcomp'])
const NAME_BYTES = 15
/** Packed; unpacked it is bounded too. */
const LARGEST = 2 ** 20
const LARGEST_TEXT = 16 * 2 ** 20

/** @param {Pixels} pixels @returns {Promise<string | null>} null where nothing is hidden that makes sense */
export async function readStealth(pixels) {
  for (const [colours, names] of /** @type {[boolean, readonly string[]][]} */ ([[false, NAMES.slice(0, 2)], [true, NAMES.slice(2)]])) {
    const bits = colours ? 3 : 1
    if (pixels.width * pixels.height * bits < (NAME_BYTES + 4) * 8) continue
    const head = bytesOf(pixels, colours, NAME_BYTES + 4)
    const name = text(head.subarray(0, NAME_BYTES))
    if (!names.includes(name)) continue
    const length = Math.floor(new DataView(head.buffer, head.byteOffset).getUint32(NAME_BYTES) / 8)
    if (length < 1 || length > LARGEST || (NAME_BYTES + 4 + length) * 8 > pixels.width * pixels.height * bits) return null
    const body = bytesOf(pixels, colours, NAME_BYTES + 4 + length).slice(NAME_BYTES + 4)
    try {
      return text(name.endsWith('comp') ? await unpack(body, 'gzip', LARGEST_TEXT) : body)
    } catch {
      return null // damaged, or a bomb
    }
  }
  return null
}

/** @param {Pixels} pixels @param {boolean} colours @param {number} count */
function bytesOf(pixels, colours, count) {
  const { width, height } = pixels
  const columns = Math.min(width, Math.ceil((count * 8) / (height * (colours ? 3 : 1))))
  const data = pixels.read(0, columns)
  const bytes = new Uint8Array(count)
  let bit = 0
  for (let x = 0; x < columns && bit < count * 8; x += 1) {
    for (let y = 0; y < height && bit < count * 8; y += 1) {
      const at = (y * columns + x) * 4
      for (let channel = colours ? 0 : 3; channel < (colours ? 3 : 4) && bit < count * 8; channel += 1, bit += 1) {
        const index = bit >> 3
        bytes[index] = /** @type {number} */ (bytes[index]) | ((/** @type {number} */ (data[at + channel]) & 1) << (7 - (bit & 7)))
      }
    }
  }
  return bytes
}

/** A picture's pixels, without their colours being fitted to a screen; null where the browser cannot say. @param {Blob} file @returns {Promise<Pixels | null>} */
export async function pixelsOf(file) {
  try {
    const image = await createImageBitmap(file, { premultiplyAlpha: 'none', colorSpaceConversion: 'none' })
    if (image.width * image.height > MOST_PIXELS) return null
    const canvas = new OffscreenCanvas(image.width, image.height)
    const context = canvas.getContext('2d', { willReadFrequently: true })
    if (!context) return null
    context.drawImage(image, 0, 0)
    return { width: canvas.width, height: canvas.height, read: (from, columns) => context.getImageData(from, 0, columns, canvas.height).data }
  } catch {
    return null
  }
}

/** NovelAI's largest pictures have three million. */
const MOST_PIXELS = 32_000_000
