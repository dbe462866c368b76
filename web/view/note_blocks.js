/**
 * A note's Markdown as blocks of styled words: what a canvas can draw.
 *
 * @typedef {import('marked').Token} Token
 * @typedef {import('marked').Tokens.List} List
 * @typedef {import('marked').Tokens.Table} Table
 *
 * @typedef {object} Run Words of one style. A text of '\n' ends the line.
 * @property {string} text
 * @property {boolean} bold
 * @property {boolean} italic
 * @property {boolean} code
 * @property {boolean} strike
 * @property {string | null} href
 *
 * @typedef {object} Block
 * @property {'text' | 'heading' | 'code' | 'rule' | 'row'} kind
 * @property {number} depth Of a heading, 1 to 6.
 * @property {number} indent Lists that it stands in.
 * @property {number} quote Quotes that it stands in.
 * @property {string} marker Before the first line of a list's item.
 * @property {boolean} close It follows what is before it without a gap.
 * @property {Run[]} runs
 * @property {Run[][]} cells Of a table's row.
 */

/** Blocks of one note, at most. */
const MOST = 600
/** Lists and quotes in each other, at most. */
const DEEPEST = 8

/** @type {Omit<Run, 'text'>} */
const PLAIN = { bold: false, italic: false, code: false, strike: false, href: null }
/** @type {Omit<Block, 'kind' | 'indent' | 'quote'>} */
const BARE = { depth: 0, marker: '', close: false, runs: [], cells: [] }

/** @typedef {{indent: number, quote: number, marker: string, close: boolean, blocks: Block[]}} Place */

/** @param {readonly Token[]} tokens @returns {Block[]} */
export function blocksOf(tokens) {
  /** @type {Block[]} */
  const blocks = []
  for (const token of tokens) read(token, { indent: 0, quote: 0, marker: '', close: false, blocks })
  return blocks
}

/** @param {Token} token @param {Place} place */
function read(token, place) {
  const { blocks, indent, quote, marker, close } = place
  if (blocks.length >= MOST) return
  const here = { ...BARE, indent, quote, marker, close }
  const tokens = 'tokens' in token && token.tokens ? token.tokens : null
  switch (token.type) {
    case 'heading':
      blocks.push({ ...here, kind: 'heading', depth: token.depth, runs: runsOf(tokens ?? [], { ...PLAIN, bold: true }) })
      return
    case 'paragraph':
    case 'text':
      blocks.push({ ...here, kind: 'text', runs: tokens ? runsOf(tokens, PLAIN) : [run(token.raw, PLAIN)] })
      return
    case 'code':
      for (const [index, line] of token.text.split('\n').entries()) {
        if (blocks.length < MOST) blocks.push({ ...here, kind: 'code', close: index > 0, marker: index ? '' : marker, runs: [run(line, { ...PLAIN, code: true }, false)] })
      }
      return
    case 'hr':
      blocks.push({ ...here, kind: 'rule' })
      return
    case 'blockquote':
      for (const inner of tokens ?? []) read(inner, { ...place, quote: Math.min(quote + 1, DEEPEST) })
      return
    case 'list':
      readList(/** @type {List} */ (token), place)
      return
    case 'table':
      readTable(/** @type {Table} */ (token), here, blocks)
      return
    case 'html':
      if (withoutTags(token.raw)) blocks.push({ ...here, kind: 'text', runs: [run(withoutTags(token.raw), PLAIN)] })
      return
    default: // definitions of links and empty lines show nothing
  }
}

/** @param {List} list @param {Place} place */
function readList(list, place) {
  list.items.forEach((item, index) => {
    const number = (typeof list.start === 'number' ? list.start : 1) + index
    const marker = item.task ? (item.checked ? '☑' : '☐') : list.ordered ? `${number}.` : '•'
    const inner = item.tokens.filter(({ type }) => type !== 'checkbox' && type !== 'space')
    const indent = Math.min(place.indent + 1, DEEPEST)
    if (!inner.length) read({ type: 'text', raw: '', text: '', tokens: [] }, { ...place, indent, marker, close: index > 0 })
    inner.forEach((token, at) => {
      const close = (index > 0 || place.indent > 0 || at > 0) && (!list.loose || token.type === 'list')
      read(token, { ...place, indent, marker: at ? '' : marker, close })
    })
  })
}

/** @param {Table} table @param {Omit<Block, 'kind'>} here @param {Block[]} blocks */
function readTable(table, here, blocks) {
  blocks.push({ ...here, kind: 'row', depth: 1, cells: table.header.map(({ tokens }) => runsOf(tokens, { ...PLAIN, bold: true })) })
  for (const row of table.rows.slice(0, MOST - blocks.length)) {
    blocks.push({ ...here, kind: 'row', close: true, marker: '', cells: row.map(({ tokens }) => runsOf(tokens, PLAIN)) })
  }
}

/** @param {readonly Token[]} tokens @param {Omit<Run, 'text'>} style @returns {Run[]} */
function runsOf(tokens, style) {
  return tokens.flatMap((token) => {
    const inner = (/** @type {Partial<Run>} */ more) => runsOf('tokens' in token && token.tokens ? token.tokens : [], { ...style, ...more })
    switch (token.type) {
      case 'strong':
        return inner({ bold: true })
      case 'em':
        return inner({ italic: true })
      case 'del':
        return inner({ strike: true })
      case 'link':
        return inner({ href: safe(token.href) })
      case 'image':
        return [run(token.text || token.href, { ...style, href: safe(token.href) })]
      case 'codespan':
        return [run(token.text, { ...style, code: true }, false)]
      case 'br':
        return [run('\n', style)]
      case 'html':
        return /^<br\s*\/?>/iu.test(token.raw) ? [run('\n', style)] : []
      case 'checkbox':
        return []
      default:
        return 'tokens' in token && token.tokens?.length ? inner({}) : [run('text' in token ? token.text : token.raw, style)]
    }
  })
}

/** @param {string} text @param {Omit<Run, 'text'>} style @param {boolean} [flow] a single line end is a blank @returns {Run} */
const run = (text, style, flow = true) => ({ text: text === '\n' || !flow ? decode(text) : decode(text).replaceAll('\n', ' '), ...style })

const ENTITIES = /** @type {Readonly<Record<string, string>>} */ ({ '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&nbsp;': '\u00a0' })

/** @param {string} text */
const decode = (text) => (text.includes('&') ? text.replace(/&(?:amp|lt|gt|quot|#39|nbsp);/gu, (name) => ENTITIES[name] ?? name) : text)

/** @param {string} html */
const withoutTags = (html) => html.replaceAll(/<(script|style)[^]*?<\/\1>|<!--[^]*?-->|<[^>]*>/giu, '').trim()

/** An address that may be opened; null for any other, such as one that would run a script. @param {string} href @returns {string | null} */
export function safe(href) {
  try {
    const url = new URL(href)
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null
  } catch {
    return null
  }
}

/** Where a note leads to, each address once. @param {readonly Block[]} blocks @returns {{href: string, text: string}[]} */
export function linksOf(blocks) {
  /** @type {Map<string, string>} */
  const found = new Map()
  for (const { runs, cells } of blocks) {
    for (const { href, text } of [...runs, ...cells.flat()]) if (href) found.set(href, (found.get(href) ?? '') + text)
  }
  return [...found].map(([href, text]) => ({ href, text }))
}
