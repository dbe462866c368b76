/** A page of a sweep's grid as one picture, with its labels, in the page's own type. */
import { viewUrl } from '../api/client.js'
import { picturesOf, textsOf } from '../app/results.js'
import { t } from '../language/t.js'
import { kindOf } from '../view/media.js'

/** Pixels of a side that browsers draw, and of the whole. */
const [LONGEST, MOST] = [16000, 120e6]
const GAP = 8

/**
 * @param {{run: import('./runs.js').Run, output: string, page: readonly number[], font: string}} parts
 * @returns {Promise<Blob>}
 */
export async function gridPicture({ run, output, page, font }) {
  const { axes, cells } = run.sweep
  const [across, down, ...others] = axes
  const columns = across?.steps ?? []
  const rows = down?.steps ?? [{ label: '', acts: [] }]
  const shown = rows.map((_, y) => columns.map((_, x) => {
    const place = [x, ...(down ? [y] : []), ...page]
    return cells.findIndex(cell => cell.at.every((step, axis) => step === place[axis]))
  }))
  const first = (await Promise.all(shown.flat().slice(0, 1).map(cell => load(run, cell, output))))[0]
  const any = first ?? (await Promise.all(shown.flat().map(cell => load(run, cell, output)))).find(Boolean)
  const ratio = any ? any.height / any.width : 1
  const wanted = any?.width ?? 256
  any?.close()
  const label = Math.max(16, Math.round(wanted / 18))
  const side = down ? label * 9 : 0
  const top = label * 2.4 + (others.length ? label * 1.8 : 0)
  const scale = Math.min(1, (LONGEST - side) / (columns.length * (wanted + GAP)), (LONGEST - top) / (rows.length * (wanted * ratio + GAP)),
    Math.sqrt(MOST / (columns.length * (wanted + GAP) * rows.length * (wanted * ratio + GAP))))
  const [width, height] = [Math.max(32, Math.floor(wanted * scale)), Math.max(32, Math.floor(wanted * ratio * scale))]
  const canvas = document.createElement('canvas')
  canvas.width = Math.ceil(side + columns.length * (width + GAP) + GAP)
  canvas.height = Math.ceil(top + rows.length * (height + GAP) + GAP)
  const context = canvas.getContext('2d')
  if (!context) throw new Error(t('This browser cannot draw a picture of this size.'))
  context.fillStyle = '#ffffff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.fillStyle = '#1a1c20'
  context.textBaseline = 'middle'
  const size = Math.max(12, Math.round(label * Math.min(1, Math.max(0.5, scale * 1.5))))
  context.font = `600 ${size}px ${font}`
  if (others.length) context.fillText(fitted(context, others.map(({ title, steps }, index) => `${title}: ${steps[page[index] ?? 0]?.label ?? ''}`).join('   '), canvas.width - GAP * 2), GAP, label)
  context.textAlign = 'center'
  columns.forEach((step, x) => context.fillText(fitted(context, x === 0 && across ? `${across.title}: ${step.label}` : step.label, width), side + GAP + x * (width + GAP) + width / 2, top - label * 1.2))
  context.textAlign = 'left'
  for (const [y, row] of shown.entries()) {
    const yAt = top + y * (height + GAP)
    if (down) {
      context.fillStyle = '#1a1c20'
      wrapped(context, y === 0 ? `${down.title}: ${rows[y]?.label}` : rows[y]?.label ?? '', side - GAP).slice(0, 5)
        .forEach((line, index, lines) => context.fillText(line, GAP, yAt + height / 2 + (index - (lines.length - 1) / 2) * size * 1.3))
    }
    // One row at a time: large grids would not fit into memory at once.
    const bitmaps = await Promise.all(row.map(cell => load(run, cell, output)))
    bitmaps.forEach((bitmap, x) => {
      const xAt = side + GAP + x * (width + GAP)
      context.fillStyle = '#eceef2'
      context.fillRect(xAt, yAt, width, height)
      if (bitmap) {
        const fit = Math.min(width / bitmap.width, height / bitmap.height)
        context.drawImage(bitmap, xAt + (width - bitmap.width * fit) / 2, yAt + (height - bitmap.height * fit) / 2, bitmap.width * fit, bitmap.height * fit)
        bitmap.close()
      } else drawWords(context, run, row[x] ?? -1, output, xAt, yAt, width, size)
    })
  }
  return new Promise((resolve, reject) => canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error(t('This browser cannot draw a picture of this size.')))), 'image/png'))
}

/** @param {CanvasRenderingContext2D} context @param {import('./runs.js').Run} run @param {number} cell @param {string} output @param {number} x @param {number} y @param {number} width @param {number} size */
function drawWords(context, run, cell, output, x, y, width, size) {
  const { state, error } = run.cell(cell)
  const shown = run.shown(cell, output)
  const words = state === 'failed' ? error : shown ? textsOf(shown).join(' ') : t('not made')
  context.fillStyle = state === 'failed' ? '#b3261e' : '#5b6069'
  wrapped(context, words, width - GAP * 2).slice(0, 8).forEach((line, index) => context.fillText(line, x + GAP, y + size * 1.2 + index * size * 1.3))
}

/** @param {import('./runs.js').Run} run @param {number} cell @param {string} output @returns {Promise<ImageBitmap | null>} */
async function load(run, cell, output) {
  const shown = run.shown(cell, output)
  const [file] = shown ? picturesOf(shown) : []
  if (!file || kindOf(file.filename) === 'video' || kindOf(file.filename) === 'sound') return null
  const reply = await fetch(viewUrl(file, { version: run.promptId })).catch(() => null)
  return reply?.ok ? createImageBitmap(await reply.blob()).catch(() => null) : null
}

/** @param {CanvasRenderingContext2D} context @param {string} text @param {number} width */
function fitted(context, text, width) {
  if (context.measureText(text).width <= width) return text
  let letters = [...text]
  while (letters.length > 1 && context.measureText(`${letters.join('')}…`).width > width) letters = letters.slice(0, -1)
  return `${letters.join('')}…`
}

/** @param {CanvasRenderingContext2D} context @param {string} text @param {number} width @returns {string[]} */
function wrapped(context, text, width) {
  /** @type {string[]} */
  const lines = []
  let line = ''
  for (const word of text.split(/\s+/u)) {
    const longer = line ? `${line} ${word}` : word
    if (line && context.measureText(longer).width > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line].map(each => fitted(context, each, width))
}
