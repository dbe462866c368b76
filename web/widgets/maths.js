/**
 * Typed sums in number fields: numbers, + - * / %, parentheses, and units that are only read past ("128 px").
 * A small parser of ours, never `eval`; length and depth are bounded.
 */

const LONGEST = 200
const DEEPEST = 40

/**
 * @param {string} source
 * @returns {number | null} null where the text is no sum, or has no finite value
 */
export function evaluate(source) {
  if (source.length > LONGEST) return null
  const tokens = source.trim().match(/\d[\d_ ]*(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|[-+*/%()×÷−]|[^\s]+/giu)
  if (!tokens) return null
  const parser = { tokens, at: 0, depth: 0 }
  const value = sum(parser)
  // A unit may follow the last number.
  if (/^[a-zµ°%]+$/iu.test(tokens[parser.at] ?? '') && parser.at === tokens.length - 1) parser.at += 1
  return parser.at === tokens.length && Number.isFinite(value) ? value : null
}

/** @typedef {{ tokens: string[], at: number, depth: number }} Parser */

/** @param {Parser} parser @returns {number} */
function sum(parser) {
  let value = product(parser)
  for (;;) {
    const sign = parser.tokens[parser.at]
    if (sign !== '+' && sign !== '-' && sign !== '−') return value
    parser.at += 1
    const right = product(parser)
    value = sign === '+' ? value + right : value - right
  }
}

/** @param {Parser} parser @returns {number} */
function product(parser) {
  let value = factor(parser)
  for (;;) {
    const sign = parser.tokens[parser.at]
    if (!sign || !'*/%×÷'.includes(sign)) return value
    if (sign === '%' && parser.at === parser.tokens.length - 1) return value
    parser.at += 1
    const right = factor(parser)
    if (sign === '*' || sign === '×') value *= right
    else if (sign === '%') value %= right
    else value /= right
  }
}

/** @param {Parser} parser @returns {number} */
function factor(parser) {
  const token = parser.tokens[parser.at]
  if (token === undefined || parser.depth > DEEPEST) return NaN
  parser.at += 1
  if (token === '-' || token === '−' || token === '+') {
    parser.depth += 1
    const value = factor(parser)
    parser.depth -= 1
    return token === '+' ? value : -value
  }
  if (token === '(') {
    parser.depth += 1
    const value = sum(parser)
    parser.depth -= 1
    if (parser.tokens[parser.at] !== ')') return NaN
    parser.at += 1
    return value
  }
  return /^[\d.]/u.test(token) ? Number(token.replace(/[_ ]/gu, '')) : NaN
}
