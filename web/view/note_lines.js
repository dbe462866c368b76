/**
 * A note's blocks broken into lines of a width: where each piece stands, from the top left of the note's text.
 *
 * @typedef {import('./note_blocks.js').Block} Block
 * @typedef {import('./note_blocks.js').Run} Run
 * @typedef {CanvasRenderingContext2D} Context2D
 *
 * @typedef {Pick<Run, 'code' | 'strike' | 'href'> & {x: number, w: number, text: string, font: string}} Piece
 *
 * @typedef {object} Line
 * @property {number} y Its top.
 * @property {number} h
 * @property {number} x Where its text may begin.
 * @property {number} w
 * @property {Block} block
 * @property {boolean} first Of its block.
 * @property {readonly Piece[]} pieces
 *
 * @typedef {{lines: readonly Line[], whole: boolean}} Layout `whole`: all of it has room.
 */
import { fitMiddle, font, measure, wordsOf } from './text.js'

/** Sizes of letters and lines, for text of 12 pixels. */
const LINE = 18
const GAP = 7
const INDENT = 18
const QUOTE = 12
const CODE_PAD = 6
/** By a heading's depth, in parts of the text's size. */
const HEADINGS = [1, 1.55, 1.3, 1.12, 1, 1, 1]

/** @param {Context2D} ctx @param {readonly Block[]} blocks @param {{w: number, h: number}} room @param {number} size @returns {Layout} */
export function layNote(ctx, blocks, room, size) {
  const unit = size / 12
  /** @type {Line[]} */
  const lines = []
  let y = 0
  for (const block of blocks) {
    const big = block.kind === 'heading' ? HEADINGS[block.depth] ?? 1 : 1
    if (lines.length && !block.close) y += (block.kind === 'heading' ? 1.4 : 1) * GAP * unit
    const pad = block.kind === 'code' ? CODE_PAD * unit : 0
    const x = (block.indent * INDENT + block.quote * QUOTE) * unit + pad
    const w = Math.max(room.w - x - pad, 24)
    const h = LINE * unit * (big > 1 ? big * 0.95 : 1) * (block.kind === 'rule' ? 0.5 : 1)
    for (const [index, pieces] of broken(ctx, block, w, (size + 0.5) * big).entries()) {
      if (y + h > room.h) return { lines, whole: false }
      lines.push({ y, h, x, w, block, first: index === 0, pieces })
      y += h
    }
  }
  return { lines, whole: true }
}

/** @param {Context2D} ctx @param {Block} block @param {number} room @param {number} size @returns {Piece[][]} */
function broken(ctx, block, room, size) {
  if (block.kind === 'rule') return [[]]
  if (block.kind === 'row') return [rowPieces(ctx, block, room, size)]
  /** @type {Piece[][]} */
  const lines = [[]]
  let x = 0
  const turn = () => {
    lines.push([])
    x = 0
  }
  for (const run of block.runs) {
    const face = faceOf(run, size)
    ctx.font = face
    for (const word of run.text === '\n' ? ['\n'] : wordsOf(run.text) ?? []) {
      if (word === '\n') {
        turn()
        continue
      }
      if (x > 0 && x + measure(ctx, word.trimEnd()) > room) turn()
      for (const part of cutToFit(ctx, word, room)) {
        if (x > 0 && x + measure(ctx, part.trimEnd()) > room) turn()
        if (x === 0 && !part.trim() && block.kind !== 'code') continue
        const w = measure(ctx, part)
        append(lines.at(-1) ?? [], run, face, part, x, w)
        x += w
      }
    }
  }
  return lines
}

/** A word that is longer than a line, in pieces. @param {Context2D} ctx @param {string} word @param {number} room @returns {string[]} */
function cutToFit(ctx, word, room) {
  if (measure(ctx, word.trimEnd()) <= room) return [word]
  const parts = []
  let rest = word
  while (rest && measure(ctx, rest.trimEnd()) > room) {
    let letters = rest.length
    while (letters > 1 && measure(ctx, rest.slice(0, letters)) > room) letters = Math.ceil(letters * 0.8) - 1
    parts.push(rest.slice(0, Math.max(letters, 1)))
    rest = rest.slice(Math.max(letters, 1))
  }
  return rest ? [...parts, rest] : parts
}

/** Words of one style are one piece: each piece is drawn by itself. @param {Piece[]} line @param {Run} run @param {string} face @param {string} text @param {number} x @param {number} w */
function append(line, { code, strike, href }, face, text, x, w) {
  const last = line.at(-1)
  if (last && last.font === face && last.href === href && last.strike === strike && last.code === code) {
    last.text += text
    last.w += w
  } else line.push({ x, w, text, font: face, code, strike, href })
}

/** A row of a table: each cell on one line. @param {Context2D} ctx @param {Block} block @param {number} room @param {number} size @returns {Piece[]} */
function rowPieces(ctx, { cells }, room, size) {
  const w = room / Math.max(cells.length, 1)
  return cells.flatMap((runs, index) => {
    const run = runs[0]
    if (!run) return []
    const face = faceOf(run, size)
    ctx.font = face
    const text = fitMiddle(ctx, runs.map((each) => each.text).join(''), w - 8)
    return [{ x: index * w, w: measure(ctx, text), text, font: face, code: run.code, strike: run.strike, href: run.href }]
  })
}

/** @param {Run} run @param {number} size */
const faceOf = ({ bold, italic, code }, size) => `${italic ? 'italic ' : ''}${font(code ? size * 0.92 : size, bold ? 600 : 400, code)}`

/** @param {Layout} layout @param {{x: number, y: number}} point @returns {string | null} the address under a point */
export function linkAt({ lines }, { x, y }) {
  const line = lines.find((each) => y >= each.y && y < each.y + each.h)
  return line?.pieces.find((piece) => x >= line.x + piece.x && x <= line.x + piece.x + piece.w)?.href ?? null
}
