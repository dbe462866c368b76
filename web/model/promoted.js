/**
 * Widgets that an instance of a subgraph shows in place of widgets inside it; the rules of `graph/workflow_promoted.py`.
 *
 * Its `widgets_values` hold first the values of those of its inputs that end at a widget, in the order of the definition's
 * inputs; then those of `properties.proxyWidgets`, a list of `[inner node id, widget name]`. Where that list names the id
 * `-1`, which stands for the inputs themselves, it alone gives the order. A list further out names a widget by the name that
 * the instance shows it under.
 *
 * @typedef {import('./json.js').Json} Json
 * @typedef {import('./scopes.js').Scope} Scope
 * @typedef {{node: string, name: string}} Place Inner node id and widget name.
 */
import { grownType } from './grown.js'
import { asList, asObject, asText, isObject } from './json.js'
import { INPUT_SIDE } from './sides.js'

/** The inner id under which a subgraph's own inputs are listed. */
const INPUTS = '-1'

/** The values that instances give to what is inside them; outer instances have the last word. */
export class Promotions {
  /** @type {Map<Scope, Map<string, unknown>>} */
  #given = new Map()

  /** @param {import('./schema.js').Schema} schema */
  constructor(schema) {
    this.schema = schema
  }

  /** What the instance gives to an input of its subgraph that nothing is linked to; undefined for nothing. @param {Scope} scope @param {number} slot */
  inputValue(scope, slot) {
    return this.#of(scope).get(placeKey(INPUTS, inputName(scope.file, slot)))
  }

  /** What the instance around `scope` gives to a widget of a node in it; undefined for nothing. @param {Scope} scope @param {unknown} node @param {string} name */
  widgetValue(scope, node, name) {
    return scope.parent ? this.#of(scope).get(placeKey(String(node), name)) : undefined
  }

  /** @param {Scope} scope @returns {ReadonlyMap<string, unknown>} */
  #of(scope) {
    /** @type {Scope[]} */
    const chain = []
    for (let at = /** @type {Scope | null} */ (scope); at?.parent && !this.#given.has(at); at = at.parent) chain.push(at)
    for (const inner of chain.reverse()) {
      const order = this.#order(inner)
      const given = saved(inner.instance ?? {}, order)
      const outer = inner.parent && this.#given.get(inner.parent)
      const shown = shownNames(inner.file, order)
      order.forEach((place, index) => {
        const value = outer?.get(placeKey(String(inner.instance?.id), shown[index] ?? place.name))
        if (value !== undefined) given.set(placeKey(place.node, place.name), value)
      })
      this.#given.set(inner, given)
    }
    return this.#given.get(scope) ?? new Map()
  }

  /** What the entries of the instance's `widgets_values` belong to. @param {Scope} scope @returns {Place[]} */
  #order(scope) {
    const proxies = asList(asObject(scope.instance?.properties)?.proxyWidgets)
      .filter((entry) => Array.isArray(entry) && entry.length >= 2)
      .map((entry) => ({ node: String(asList(entry)[0]), name: String(asList(entry)[1]) }))
    if (proxies.some(({ node }) => node === INPUTS)) return proxies
    const own = asList(scope.file.inputs).flatMap((_, slot) =>
      this.#endsAtWidget(scope, slot) ? [{ node: INPUTS, name: inputName(scope.file, slot) }] : []
    )
    return [...own, ...proxies]
  }

  /** Does the first link of a subgraph's input end at a widget, perhaps through further subgraphs? @param {Scope} scope @param {number} slot */
  #endsAtWidget(scope, slot) {
    for (;;) {
      const first = asList(asObject(asList(scope.file.inputs)[slot])?.linkIds)[0]
      const link = scope.links.get(String(first)) ??
        [...scope.links.values()].find((each) => Number(each.from) === INPUT_SIDE && each.fromSlot === slot)
      const reader = link && scope.nodes.get(String(link.to))
      if (!link || !reader) return false
      const inputs = asList(reader.inputs).map((input) => asObject(input) ?? {})
      // The slot may count widgets that were not saved: the link itself is sure.
      const input = inputs.find((each) => String(each.link) === String(link.key)) ?? inputs[link.toSlot]
      const name = asText(input?.name) ?? ''
      const inner = scope.inner.get(String(reader.id))
      if (!inner) {
        const type = grownType(this.schema.get(asText(reader.type) ?? ''), reader.widgets_values)
        const spec = type?.inputs.find((each) => each.name === name)
        return spec ? spec.widget !== null : inputs.some((each) => each.name === name && each.widget !== undefined)
      }
      slot = asList(inner.file.inputs).findIndex((entry) => asObject(entry)?.name === name)
      if (slot < 0) return false
      scope = inner
    }
  }
}

/** @param {Json} instance @param {readonly Place[]} order @returns {Map<string, unknown>} */
function saved(instance, order) {
  const values = instance.widgets_values
  /** @type {Map<string, unknown>} */
  const given = new Map()
  order.forEach(({ node, name }, index) => {
    const value = isObject(values) ? values[name] : asList(values)[index]
    if (value !== null && value !== undefined) given.set(placeKey(node, name), value)
  })
  return given
}

/** The names that an instance shows its widgets under: one that is taken is told by its node. @param {Json} definition @param {readonly Place[]} order @returns {string[]} */
function shownNames(definition, order) {
  const taken = new Set(asList(definition.inputs).map((_, slot) => inputName(definition, slot)))
  return order.map(({ node, name }) => {
    if (node === INPUTS) return name
    const shown = taken.has(name) ? `${node}: ${name}` : name
    taken.add(shown)
    return shown
  })
}

/** @param {string} node @param {string} name */
const placeKey = (node, name) => `${node} ${name}`

/** @param {Json} definition @param {number} slot */
export const inputName = (definition, slot) => asText(asObject(asList(definition.inputs)[slot])?.name) ?? ''
