/**
 * The type of an old group node (`workflow>Name`): the widgets of its parts in their order, as its values stand in the file.
 * Its sockets are those that the node itself has.
 *
 * @typedef {import('./json.js').Json} Json
 * @typedef {import('./schema.js').NodeType} NodeType
 * @typedef {import('./schema.js').Schema} Schema
 */
import { t } from '../language/t.js'
import { GROUP } from './group_nodes.js'
import { grownType } from './grown.js'
import { asList, asObject, asText, isObject } from './json.js'
import { promotedSpec } from './subgraph_type.js'
import { places, widgetsOf } from './widget_values.js'

/** @type {WeakMap<Json, {schema: Schema, type: NodeType}>} */
const cache = new WeakMap()

/** @param {string} name of the type @param {unknown} definitions `extra.groupNodes` of the file @param {Schema} schema @returns {NodeType | undefined} */
export function groupType(name, definitions, schema) {
  const title = GROUP.exec(name)?.[1]
  const definition = title === undefined ? null : asObject(asObject(definitions)?.[title])
  if (!definition || title === undefined) return undefined
  const kept = cache.get(definition)
  if (kept?.schema === schema) return kept.type
  const parts = asList(definition.nodes).filter(isObject).map((part, index) => ({ part, index, known: grownType(schema.get(asText(part.type) ?? ''), part.widgets_values) }))
  const type = {
    name, title, category: 'group nodes', description: t('An old group node: unpack it to change what is in it.'), module: 'workflow',
    inputs: parts.flatMap(({ part, index, known }) => {
      const values = Array.isArray(part.widgets_values) ? part.widgets_values : null
      return known ? widgetsOf(known, { values }).map((widget) => ({
        name: `${index}:${widget.name}`, type: '*', label: widget.label || widget.name, optional: true, widget: promotedSpec(widget), socketless: true,
        forced: false, tooltip: widget.tooltip, advanced: false
      })) : []
    }),
    outputs: [], output: false, deprecated: true, experimental: false, later: '', aliases: [], virtual: true, picture: false,
    places: parts.flatMap(({ index, known }) => (known ? places(known).map((place) => ({ ...place, name: `${index}:${place.name}` })) : []))
  }
  cache.set(definition, { schema, type })
  return type
}
