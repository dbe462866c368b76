/**
 * Expressions in number widgets: `=[KSampler].steps * 2`. A small grammar of ours, no `eval`; `graph/expression.py` is its
 * twin, and both read `tests/conversion/expressions.json`. docs/expressions.md is the grammar for people.
 *
 *     sum       = product (("+" | "-") product)*
 *     product   = sign (("*" | "/" | "%") sign)*
 *     sign      = ("-" | "+") sign | value
 *     value     = number | "(" sum ")" | function "(" sum ("," sum)* ")" | reference
 *     function  = "min" | "max" | "round"
 *     reference = "[" ("#" id | title) "]" "." (name | "[" name "]")
 *
 * @typedef {{node: string, widget: string, at: number}} Reference `node` is `#` and an id, or a title.
 * @typedef {{op: 'number', value: number} | {op: 'reference', reference: Reference}
 *   | {op: '+' | '-' | '*' | '/' | '%' | 'negate' | 'min' | 'max' | 'round', count: number, at: number}} Step
 *   An operation takes the last `count` values: a program needs no recursion, however long.
 * @typedef {(reference: Reference) => number} Read Throws an ExpressionError.
 */
import { t } from '../language/t.js'

/** Letters of an expression, at most. */
const LONGEST = 500
/** Brackets, signs and functions within one another, at most. */
const DEEPEST = 50

/** How many values each takes. @type {Readonly<Record<string, number>>} */
const FUNCTIONS = { min: 50, max: 50, round: 2 }
/** @type {Readonly<Record<string, string>>} */
const SIGNS = { '×': '*', '÷': '/', '−': '-' }
const NUMBER = /^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/u
const NAME = /^[A-Za-z_][A-Za-z0-9_]*/u

/** What is wrong, as a sentence, and where: the count of letters before it. */
export class ExpressionError extends Error {
  /** @param {string} message @param {number} at */
  constructor(message, at) {
    super(message)
    this.at = at
  }
}

/** @param {string} source without the `=` @returns {readonly Step[]} */
export function parse(source) {
  const letters = Array.from(source)
  if (letters.length > LONGEST) throw new ExpressionError(t('An expression has {longest} letters at most.', { longest: LONGEST }), LONGEST)
  const parser = new Parser(letters)
  parser.sum(0)
  parser.end()
  return parser.steps
}

class Parser {
  at = 0
  /** @type {Step[]} */
  steps = []

  /** @param {readonly string[]} letters */
  constructor(letters) {
    this.letters = letters
  }

  /** The next letter that is no space, its sign in ASCII; '' at the end. */
  next() {
    while (/^[ \t\r\n\u00a0]$/u.test(this.letters[this.at] ?? '')) this.at++
    const letter = this.letters[this.at] ?? ''
    return SIGNS[letter] ?? letter
  }

  end() {
    const letter = this.next()
    if (letter) throw new ExpressionError(t('“{letter}” is not expected here.', { letter }), this.at)
  }

  /** @param {number} depth */
  sum(depth) {
    this.product(depth)
    for (let sign = this.next(); sign === '+' || sign === '-'; sign = this.next()) {
      const at = this.at++
      this.product(depth)
      this.steps.push({ op: sign, count: 2, at })
    }
  }

  /** @param {number} depth */
  product(depth) {
    this.sign(depth)
    for (let sign = this.next(); sign === '*' || sign === '/' || sign === '%'; sign = this.next()) {
      const at = this.at++
      this.sign(depth)
      this.steps.push({ op: sign, count: 2, at })
    }
  }

  /** @param {number} depth */
  sign(depth) {
    if (depth > DEEPEST) throw new ExpressionError(t('This is nested too deeply.'), this.at)
    const letter = this.next()
    if (letter !== '-' && letter !== '+') {
      this.value(depth)
      return
    }
    const at = this.at++
    this.sign(depth + 1)
    if (letter === '-') this.steps.push({ op: 'negate', count: 1, at })
  }

  /** @param {number} depth */
  value(depth) {
    const letter = this.next()
    const at = this.at
    if (!letter) throw new ExpressionError(t('A value is missing at the end.'), at)
    if (letter === '[') return this.reference()
    if (letter === '(') {
      this.at++
      this.sum(depth + 1)
      this.close(at)
      return
    }
    const rest = this.letters.slice(at, at + LONGEST).join('')
    const digits = NUMBER.exec(rest)?.[0]
    if (digits) {
      this.at += digits.length
      const value = Number(digits)
      if (!Number.isFinite(value)) throw new ExpressionError(t('This number is too large.'), at)
      this.steps.push({ op: 'number', value })
      return
    }
    const name = NAME.exec(rest)?.[0]
    if (!name) throw new ExpressionError(t('“{letter}” is not expected here.', { letter }), at)
    this.call(name, depth)
  }

  /** @param {string} name @param {number} depth */
  call(name, depth) {
    const at = this.at
    const most = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
    if (most === undefined) throw new ExpressionError(t('There is no “{name}”: write min, max, round, or a widget as [Node].name.', { name }), at)
    this.at += name.length
    const open = this.next() === '(' ? this.at++ : -1
    if (open < 0) throw new ExpressionError(t('“(” is missing after {name}.', { name }), this.at)
    this.sum(depth + 1)
    let count = 1
    for (; this.next() === ','; count++) {
      this.at++
      this.sum(depth + 1)
    }
    this.close(open)
    if (count > most) throw new ExpressionError(t('{name} takes {most} values at most.', { name, most }), at)
    this.steps.push({ op: /** @type {'min' | 'max' | 'round'} */ (name), count, at })
  }

  /** @param {number} open */
  close(open) {
    if (this.next() !== ')') throw new ExpressionError(t('The “(” here is not closed.'), open)
    this.at++
  }

  reference() {
    const at = this.at
    const node = this.quoted()
    if (!node) throw new ExpressionError(t('Say which node: [#3].steps or [Title].steps.'), at)
    if (this.next() !== '.') throw new ExpressionError(t('“.” and the name of a widget are missing after [{node}].', { node }), this.at)
    this.at++
    const quoted = this.next() === '['
    const widget = quoted ? this.quoted() : NAME.exec(this.letters.slice(this.at).join(''))?.[0]
    if (!widget) throw new ExpressionError(t('The name of a widget is missing after the “.”.'), this.at)
    if (!quoted) this.at += widget.length
    this.steps.push({ op: 'reference', reference: { node, widget, at } })
  }

  /** What stands in [ ]; `\` makes the next letter a plain one. */
  quoted() {
    const open = this.at++
    let text = ''
    for (;;) {
      const letter = this.letters[this.at++]
      if (letter === undefined) throw new ExpressionError(t('The “[” here is not closed.'), open)
      if (letter === ']') return text.trim()
      text += letter === '\\' ? (this.letters[this.at++] ?? '') : letter
    }
  }
}

/** @param {readonly Step[]} steps @param {Read} read @returns {number} */
export function evaluate(steps, read) {
  /** @type {number[]} */
  const stack = []
  for (const step of steps) {
    if (step.op === 'number') stack.push(step.value)
    else if (step.op === 'reference') stack.push(read(step.reference))
    else {
      const value = compute(step, stack.splice(-step.count)) + 0 // no negative zero
      if (!Number.isFinite(value)) throw new ExpressionError(t('This becomes too large.'), step.at)
      stack.push(value)
    }
  }
  return stack[0] ?? 0
}

/** @param {Exclude<Step, {op: 'number' | 'reference'}>} step @param {readonly number[]} values */
function compute({ op, at }, values) {
  const [first = 0, second = 1] = values
  switch (op) {
    case '+':
      return first + second
    case '-':
      return first - second
    case '*':
      return first * second
    case '/':
    case '%':
      if (second === 0) throw new ExpressionError(t('This divides by zero.'), at)
      return op === '/' ? first / second : first % second
    case 'negate':
      return -first
    case 'round':
      if (!(second > 0)) throw new ExpressionError(t('round needs a step greater than zero.'), at)
      return halfAway(first / second) * second
    case 'min':
      return Math.min(...values)
    case 'max':
      return Math.max(...values)
  }
}

/** Halves away from zero. @param {number} value */
function halfAway(value) {
  const whole = Math.trunc(value)
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole
}

/** All that an expression reads. @param {readonly Step[]} steps @returns {Reference[]} */
export const references = (steps) => steps.flatMap((step) => (step.op === 'reference' ? [step.reference] : []))

/** The same expression with a node called otherwise. One that cannot be read stays. @param {string} source @param {string} from @param {string} to */
export function renamed(source, from, to) {
  const letters = Array.from(source)
  try {
    for (const { node, at } of references(parse(source)).reverse()) {
      if (node !== from) continue
      let end = at + 1
      while (letters[end] !== ']') end += letters[end] === '\\' ? 2 : 1
      letters.splice(at + 1, end - at - 1, ...escaped(to))
    }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
  }
  return letters.join('')
}

/** @param {string} text */
const escaped = (text) => text.replace(/[\\\]]/gu, '\\$&')

/** How an expression names a widget. @param {string} node `#` and an id, or a title @param {string} widget */
export function writeReference(node, widget) {
  return `[${escaped(node)}].${NAME.exec(widget)?.[0] === widget ? widget : `[${escaped(widget)}]`}`
}
