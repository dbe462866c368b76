/**
 * The string literals of a module, without a parser of all of JavaScript: comments and regular expressions are passed
 * over, templates are told with their holes. Used by what looks after the page's words.
 *
 * @typedef {object} Literal
 * @property {string} text  as the program sees it; the holes of a template as `{0}`, `{1}`, ...
 * @property {boolean} template  a template with holes
 * @property {string[]} holes  the code in them
 * @property {number} start @property {number} end  where it stands
 * @property {string} before  the code before it, on one line, without comments
 * @property {string} after  the code after it
 * @property {number} line  from 1
 */

/** @typedef {Pick<Literal, 'text' | 'template' | 'holes' | 'start' | 'end'>} Found */

const REGEX_BEFORE = /(?:^|[=(,:;!&|?{}[+\-*%<>~^]|\b(?:return|typeof|case|in|of|delete|void|throw|new|else|await|yield))\s*$/u

/** @param {string} source @returns {Literal[]} */
export function literalsOf(source) {
  /** @type {Found[]} */
  const found = []
  const code = [...source]
  readCode(source, 0, false, found, code)
  const plain = code.join('')
  return found.sort((a, b) => a.start - b.start).map((literal) => ({
    ...literal,
    before: plain.slice(Math.max(0, literal.start - 300), literal.start).replaceAll(/\s+/gu, ' '),
    after: plain.slice(literal.end, literal.end + 80).replaceAll(/\s+/gu, ' '),
    line: source.slice(0, literal.start).split('\n').length
  }))
}

/**
 * Reads on until the end, or the brace that closes a hole of a template; comments are blanked in `code`.
 * @param {string} source @param {number} at @param {boolean} inHole @param {Found[]} found @param {string[]} code
 */
function readCode(source, at, inHole, found, code) {
  let depth = 0
  while (at < source.length) {
    const char = source[at]
    const two = source.slice(at, at + 2)
    if (two === '//') at = blank(code, at, endOf(source.indexOf('\n', at), source))
    else if (two === '/*') at = blank(code, at, endOf(source.indexOf('*/', at) + 2, source))
    else if (char === '\'' || char === '"') {
      let end = at + 1
      while (end < source.length && source[end] !== char) end += source[end] === '\\' ? 2 : 1
      found.push({ text: unescaped(source.slice(at + 1, end)), template: false, holes: [], start: at, end: end + 1 })
      at = end + 1
    } else if (char === '`') at = readTemplate(source, at, found, code)
    else if (char === '/' && REGEX_BEFORE.test(code.slice(Math.max(0, at - 40), at).join(''))) {
      let inClass = false
      for (at += 1; at < source.length && (inClass || source[at] !== '/'); at += 1) {
        if (source[at] === '\\') at += 1
        else if (source[at] === '[') inClass = true
        else if (source[at] === ']') inClass = false
      }
      at += 1
    } else {
      if (char === '{') depth += 1
      if (char === '}') {
        if (inHole && depth === 0) return at
        depth -= 1
      }
      at += 1
    }
  }
  return at
}

/** @param {string} source @param {number} start @param {Found[]} found @param {string[]} code */
function readTemplate(source, start, found, code) {
  let [text, at] = ['', start + 1]
  /** @type {string[]} */
  const holes = []
  while (at < source.length && source[at] !== '`') {
    if (source[at] === '\\') {
      text += unescaped(source.slice(at, at + 2))
      at += 2
    } else if (source.startsWith('${', at)) {
      const end = readCode(source, at + 2, true, found, code)
      text += `{${holes.length}}`
      holes.push(source.slice(at + 2, end))
      at = end + 1
    } else text += source[at++]
  }
  found.push({ text, template: holes.length > 0, holes, start, end: at + 1 })
  return at + 1
}

/** @param {string[]} code @param {number} from @param {number} to */
function blank(code, from, to) {
  for (let at = from; at < to; at += 1) if (code[at] !== '\n') code[at] = ' '
  return to
}

/** @param {number} found @param {string} source */
const endOf = (found, source) => (found < 2 ? source.length : found)

/** @param {string} text */
const unescaped = (text) => text.replaceAll(/\\(?:u\{([\da-f]+)\}|u([\da-f]{4})|x([\da-f]{2})|([^]))/giu, (_, a, b, c, char) =>
  a ?? b ?? c ? String.fromCodePoint(Number.parseInt(a ?? b ?? c, 16)) : { n: '\n', t: '\t', r: '\r', 0: '\0' }[/** @type {string} */ (char)] ?? (char === '\n' ? '' : char))
