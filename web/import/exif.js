/**
 * What tools of pictures write into EXIF: `workflow:{...}` and `prompt:{...}` in text fields of its first table, A1111's words
 * in the user's comment, in any of that field's encodings.
 */
import { latin, text, viewOf } from './bytes.js'

const ASCII = 2
const NAMES = new Map([[0x010e, 'ImageDescription'], [0x010f, 'Make'], [0x0110, 'Model'], [0x0131, 'Software'], [0x013b, 'Artist']])
const EXIF_TABLE = 0x8769
const USER_COMMENT = 0x9286
const XP_COMMENT = 0x9c9c
/** Bytes of one value, by its type. */
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]
const MOST_ENTRIES = 1000

/** @param {Uint8Array<ArrayBuffer>} data  from the byte order on @param {import('./texts.js').Found} found */
export function readExif(data, found) {
  if (data.length < 14) return
  const view = viewOf(data)
  const little = view.getUint16(0) === 0x4949
  if (view.getUint16(2, little) !== 42) return
  readTable(data, view, view.getUint32(4, little), little, found, true)
}

/** @param {Uint8Array<ArrayBuffer>} data @param {DataView} view @param {number} offset @param {boolean} little @param {import('./texts.js').Found} found @param {boolean} first */
function readTable(data, view, offset, little, found, first) {
  if (offset + 2 > data.length) return
  const count = Math.min(view.getUint16(offset, little), MOST_ENTRIES)
  for (let index = 0; index < count; index += 1) {
    const at = offset + 2 + index * 12
    if (at + 12 > data.length) return
    const name = view.getUint16(at, little)
    const type = view.getUint16(at + 2, little)
    const length = view.getUint32(at + 4, little) * (SIZES[type] ?? 0)
    const start = length <= 4 ? at + 8 : view.getUint32(at + 8, little)
    if (first && name === EXIF_TABLE) readTable(data, view, start === at + 8 ? view.getUint32(at + 8, little) : start, little, found, false)
    if (!length || start + length > data.length) continue // it lies: passed over
    const value = data.subarray(start, start + length)
    if (name === USER_COMMENT) found.add('UserComment', comment(value))
    else if (name === XP_COMMENT) found.add('UserComment', clean(new TextDecoder('utf-16le').decode(value)))
    else if (type === ASCII) addText(clean(text(value)), NAMES.get(name) ?? '', found)
  }
}

/** `workflow:{...}` says its own keyword. @param {string} words @param {string} name @param {import('./texts.js').Found} found */
function addText(words, name, found) {
  const [, keyword = '', rest = ''] = /^([a-z_]{1,40}):\s*([[{].*)$/isu.exec(words) ?? []
  if (keyword) found.add(keyword.toLowerCase(), rest)
  else found.add(name, words)
}

/** @param {Uint8Array<ArrayBuffer>} value */
function comment(value) {
  const kind = latin(value.subarray(0, 8)).replace(/[\0\s]+$/u, '')
  const body = value.subarray(8)
  if (kind === 'UNICODE') return clean(wide(body))
  if (kind === 'ASCII') return clean(text(body))
  if (kind === 'JIS') return clean(new TextDecoder('iso-2022-jp').decode(body))
  const whole = kind === '' ? body : value // some write their words from the first byte on
  return clean(whole.subarray(0, 400).includes(0) && /^(?:[^\0]\0|\0[^\0])/u.test(latin(whole.subarray(0, 2))) ? wide(whole) : text(whole))
}

/** Sixteen bits a letter. Which end comes first is rarely as the standard says: the half that is mostly zero tells. @param {Uint8Array} body */
function wide(body) {
  if (body[0] === 0xff && body[1] === 0xfe) return new TextDecoder('utf-16le').decode(body)
  let balance = 0
  for (let at = 0; at + 1 < Math.min(body.length, 20_000); at += 2) balance += Number(body[at + 1] === 0) - Number(body[at] === 0)
  return new TextDecoder(balance > 0 ? 'utf-16le' : 'utf-16be').decode(body)
}

/** Without what only fills the field. @param {string} words */
const clean = (words) => words.replace(/^\uFEFF/u, '').replace(/\0[\0\s]*$/u, '')
