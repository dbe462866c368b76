/**
 * From a node's picture to the mask editor and back. The mask lies in the picture's alpha channel, as ComfyUI has it: what
 * is selected is transparent. It is saved as a new picture under `clipspace/`, made of the old one's colours and texts.
 *
 * @typedef {import('../model/session.js').PictureRef} PictureRef
 * @typedef {import('./mask.js').Mask} Mask
 */
import { viewUrl } from '../api/client.js'
import { t } from '../language/t.js'
import { openMaskDialog } from './editor.js'

/** A mask and its layer take six bytes a pixel, the picture four. */
const MOST_PIXELS = 80_000_000
/** ComfyUI's folder of pictures with painted masks, in the input folder. */
export const FOLDER = 'clipspace'

/**
 * @param {object} parts
 * @param {PictureRef} parts.file
 * @param {'alpha' | 'red' | 'green' | 'blue'} parts.channel where the mask is now
 * @param {(file: Blob, options: {name: string, subfolder: string, original: PictureRef}) => Promise<{name: string, subfolder: string}>} parts.upload
 * @param {(value: string) => void} parts.done gets the value that names the new picture in a widget
 * @returns {Promise<void>} when it is closed; rejects with an Error whose message can be shown where it does not open
 */
export async function editMask({ file, channel, upload, done }) {
  const { picture, selected } = await read(file, channel)
  await openMaskDialog({
    picture, selected, name: file.filename,
    save: async (mask) => {
      const answer = await upload(await encode(mask), { name: `clipspace-mask-${Date.now()}.png`, subfolder: FOLDER, original: file })
      // Where the picture is gone, servers of this kind answer as if all were well, and write nothing.
      const made = await fetch(viewUrl({ filename: answer.name, subfolder: answer.subfolder, type: 'input' }), { headers: { Range: 'bytes=0-0' } })
      if (!made.ok) throw new Error(t('{name} is not on the server any more, and the mask needs its colours. Put it back into the folder “{folder}”.', { name: file.filename, folder: file.type ?? 'output' }))
      done(`${answer.subfolder ? `${answer.subfolder}/` : ''}${answer.name} [input]`)
    }
  })
}

/** The picture without its mask, and the mask. @param {PictureRef} file @param {'alpha' | 'red' | 'green' | 'blue'} channel */
async function read(file, channel) {
  const url = viewUrl(file, { version: Date.now() })
  let picture = await fetchPicture(url, file.filename)
  if (picture.width * picture.height > MOST_PIXELS) {
    const size = `${picture.width} × ${picture.height}`
    picture.close()
    throw new Error(t('{name} is too large for the mask editor: it has {size} pixels, and at most {most} million can be painted on. Make it smaller first.', { name: file.filename, size, most: MOST_PIXELS / 1e6 }))
  }
  const pixels = pixelsOf(picture)
  const place = ['red', 'green', 'blue', 'alpha'].indexOf(channel)
  const selected = new Uint8ClampedArray(picture.width * picture.height)
  let clear = false
  for (let at = 0; at < selected.length; at++) {
    const value = /** @type {number} */ (pixels[at * 4 + place])
    selected[at] = channel === 'alpha' ? 255 - value : value
    if (pixels[at * 4 + 3] !== 255) clear = true
  }
  if (clear) {
    // A canvas does not keep the colours of what is transparent; the server does.
    picture.close()
    picture = await fetchPicture(`${url}&channel=rgb`, file.filename)
  }
  return { picture, selected }
}

/** @param {string} url @param {string} name */
async function fetchPicture(url, name) {
  const answer = await fetch(url).catch(() => null)
  if (!answer) throw new Error(t('The server does not answer. Is it still running?'))
  if (!answer.ok) throw new Error(t('{name} is not there any more, or cannot be read.', { name }))
  try {
    return await createImageBitmap(await answer.blob())
  } catch {
    throw new Error(t('{name} cannot be shown here: it is no picture that this browser can decode.', { name }))
  }
}

/** @param {ImageBitmap} picture */
function pixelsOf(picture) {
  const canvas = new OffscreenCanvas(picture.width, picture.height)
  const ctx = canvas.getContext('2d')
  if (!ctx) throw new Error(t('The browser gives no canvas of this size to draw on.'))
  ctx.drawImage(picture, 0, 0)
  return ctx.getImageData(0, 0, picture.width, picture.height).data
}

/** A picture whose alpha channel is the mask: what is selected is transparent. @param {Mask} mask */
export async function encode({ width, height, data }) {
  const canvas = new OffscreenCanvas(width, height)
  const ctx = canvas.getContext('2d')
  if (!ctx) throw new Error(t('The browser gives no canvas of this size to draw on.'))
  const rows = Math.max(1, Math.floor(1_000_000 / width))
  for (let y = 0; y < height; y += rows) {
    const image = ctx.createImageData(width, Math.min(rows, height - y))
    for (let at = 0, from = y * width; at < image.data.length; at += 4, from++) image.data[at + 3] = 255 - /** @type {number} */ (data[from])
    ctx.putImageData(image, 0, y)
  }
  return canvas.convertToBlob({ type: 'image/png' })
}
