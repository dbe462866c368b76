/**
 * The expressions of one graph, worked out like the cells of a sheet: each when it is asked for, once, circles told. What
 * an expression reads must stand in a widget of the same graph; `graph/workflow_expressions.py` has the same rules.
 *
 * @typedef {import('./expression.js').Reference} Reference
 * @typedef {import('./schema.js').NodeType} NodeType
 *
 * @typedef {object} Cells A node as the sheet sees it.
 * @property {string} key
 * @property {string} title
 * @property {NodeType | undefined} type
 * @property {unknown} values
 * @property {Readonly<Record<string, unknown>>} expressions
 * @property {(name: string) => boolean} linked
 */
import { t } from '../language/t.js'
import { evaluate, ExpressionError, parse } from './expression.js'
import { asObject, isFinite } from './json.js'
import { fitNumber } from './numbers.js'
import { EXPRESSIONS, widgetsOf } from './widget_values.js'

/** Types that nobody reads a number of: a note may have the title of a node. */
const WITHOUT_NUMBERS = new Set(['Note', 'MarkdownNote', 'Reroute', 'SetNode', 'GetNode'])
/** Expressions that read one another, in a row, at most. */
const LONGEST_CHAIN = 100

/** @param {unknown} properties @returns {Readonly<Record<string, unknown>>} */
export const expressionsOf = (properties) => asObject(asObject(properties)?.[EXPRESSIONS]) ?? {}

export class Sheet {
  /** @type {Map<string, Cells>} */
  #byKey = new Map()
  /** @type {Map<string, Cells[]> | null} */
  #byTitle = null
  /** @type {Map<string, number | ExpressionError>} */
  #known = new Map()
  /** What is being worked out, outermost first. @type {string[]} */
  #open = []

  /** @param {Iterable<Cells>} nodes */
  constructor(nodes) {
    for (const node of nodes) this.#byKey.set(node.key, node)
  }

  /** The value of a widget with an expression, as the widget takes it. Throws an ExpressionError. @param {string} key @param {string} name @returns {number} */
  result(key, name) {
    const node = this.#byKey.get(key)
    const widget = node && widgetOf(node, name)
    if (!node || !widget) throw new ExpressionError(t('There is no widget “{name}” here.', { name }), 0)
    if (widget.spec.kind !== 'number') throw new ExpressionError(t('Only numbers take an expression.'), 0)
    return fitNumber(widget.spec, this.#raw(node, name))
  }

  /** @param {Cells} node @param {string} name */
  #raw(node, name) {
    const id = `${node.key} ${name}`
    const known = this.#known.get(id)
    if (known instanceof ExpressionError) throw known
    if (known !== undefined) return known
    if (this.#open.includes(id)) throw new ExpressionError(t('This goes in a circle.'), 0)
    if (this.#open.length >= LONGEST_CHAIN) throw new ExpressionError(t('Too many expressions read one another.'), 0)
    this.#open.push(id)
    try {
      const value = evaluate(parse(String(node.expressions[name])), (reference) => this.#read(reference))
      this.#known.set(id, value)
      return value
    } catch (error) {
      if (error instanceof ExpressionError && this.#open.length === 1) this.#known.set(id, error)
      throw error
    } finally {
      this.#open.pop()
    }
  }

  /** @param {Reference} reference @returns {number} */
  #read({ node: wanted, widget: name, at }) {
    const node = this.#find(wanted, at)
    const widget = widgetOf(node, name)
    if (!widget) throw new ExpressionError(t('“{node}” has no widget “{name}”.', { node: node.title, name }), at)
    if (node.linked(name)) throw new ExpressionError(t('“{name}” of “{node}” comes by a link: its value is not known before the run.', { name, node: node.title }), at)
    if (typeof node.expressions[name] === 'string' && widget.spec.kind === 'number') {
      try {
        return fitNumber(widget.spec, this.#raw(node, name))
      } catch (error) {
        // Where it is wrong in another widget, this one points at what it reads there.
        throw error instanceof ExpressionError ? new ExpressionError(error.message, at) : error
      }
    }
    if (typeof widget.value === 'boolean') return Number(widget.value)
    if (!isFinite(widget.value)) throw new ExpressionError(t('“{name}” of “{node}” is no number.', { name, node: node.title }), at)
    return widget.value
  }

  /** @param {string} wanted @param {number} at @returns {Cells} */
  #find(wanted, at) {
    if (wanted.startsWith('#')) {
      const node = this.#byKey.get(wanted.slice(1).trim())
      if (!node) throw new ExpressionError(t('There is no node {name}.', { name: wanted }), at)
      return node
    }
    if (!this.#byTitle) {
      this.#byTitle = new Map()
      for (const node of this.#byKey.values()) if (!WITHOUT_NUMBERS.has(node.type?.name ?? '')) this.#byTitle.set(node.title, [...(this.#byTitle.get(node.title) ?? []), node])
    }
    const [node, other] = this.#byTitle.get(wanted) ?? []
    if (!node) throw new ExpressionError(t('No node is called “{name}”.', { name: wanted }), at)
    if (other) throw new ExpressionError(t('Several nodes are called “{name}”: write [#{key}].', { name: wanted, key: node.key }), at)
    return node
  }
}

/** @param {Cells} node @param {string} name */
function widgetOf({ type, values }, name) {
  if (!type) return undefined
  const list = Array.isArray(values) ? values : asObject(values)
  if (type.name === 'PrimitiveNode') return name === 'value' ? widgetsOf(type, { values: list })[0] : undefined
  return widgetsOf(type, { values: list }).find((widget) => widget.name === name)
}
