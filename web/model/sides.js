/**
 * The two sides of a subgraph, seen from inside: where its inputs come in and where its outputs go out. The file has them as
 * boxes with the ids -10 and -20; here they are nodes as any other to those who lay out, point and link, made from the
 * definition and kept by nobody. Each ends with an empty socket: a link to it adds an input or an output.
 *
 * @typedef {import('./types.js').GraphRecord} GraphRecord
 * @typedef {import('./types.js').Json} Json
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 * @typedef {import('./types.js').Slot} Slot
 * @typedef {{inputs: NodeRecord, outputs: NodeRecord}} Sides
 */
import { t } from '../language/t.js'
import { asList, asObject, asText, isFinite } from './json.js'

/** Their ids in files, in the place of a node's in links. */
export const INPUT_SIDE = -10
export const OUTPUT_SIDE = -20

export const INPUTS_TYPE = '#inputs'
const OUTPUTS_TYPE = '#outputs'

const WIDTH = 160
/** Of a box without a place, from what lies in the graph. */
const APART = 120

/** @type {WeakMap<GraphRecord, Sides>} */
const cache = new WeakMap()

/**
 * @param {GraphRecord} definition
 * @param {() => readonly NodeRecord[]} nodes of the graph, asked only where the file gives a side no place
 * @returns {Sides}
 */
export function sidesOf(definition, nodes) {
  const known = cache.get(definition)
  if (known) return known
  const box = (/** @type {string} */ field) => {
    const [x, y, w] = asList(asObject(definition.raw?.[field])?.bounding)
    return isFinite(x) && isFinite(y) ? { x, y, w: isFinite(w) ? w : WIDTH } : null
  }
  const [left, right] = [box('inputNode'), box('outputNode')]
  const around = left && right ? null : extent(nodes())
  const sides = {
    inputs: side(definition, INPUT_SIDE, left ?? { x: (around?.left ?? 0) - APART - WIDTH, y: around?.top ?? 0, w: WIDTH }),
    outputs: side(definition, OUTPUT_SIDE, right ?? { x: (around?.right ?? 0) + APART, y: around?.top ?? 0, w: WIDTH })
  }
  cache.set(definition, sides)
  return sides
}

/** @param {GraphRecord} definition @param {number} key @param {{x: number, y: number, w: number}} box @returns {NodeRecord} */
function side(definition, key, { x, y, w }) {
  const first = key === INPUT_SIDE
  const ports = [...(first ? definition.inputs : definition.outputs).map(portSlot), EMPTY]
  return {
    id: `node:${definition.key}/${key}`, kind: 'node', graph: definition.key, key, z: -1, type: first ? INPUTS_TYPE : OUTPUTS_TYPE,
    pos: [x, y], size: [Math.max(w, WIDTH), 0], title: first ? t('Inputs') : t('Outputs'), mode: 0, collapsed: false, pinned: true,
    color: null, bgcolor: null, inputs: first ? [] : ports, outputs: first ? ports : [], values: null, properties: {}, raw: null
  }
}

/** @type {Slot} */
const EMPTY = { name: '', type: '*', widget: null, raw: null }

/** @param {Json} port @returns {Slot} */
const portSlot = (port) => ({ name: asText(port.name) ?? '', type: asText(port.type) || '*', widget: null, raw: port })

/** @param {readonly NodeRecord[]} nodes */
function extent(nodes) {
  if (!nodes.length) return null
  return {
    left: Math.min(...nodes.map(({ pos }) => pos[0])), top: Math.min(...nodes.map(({ pos }) => pos[1])),
    right: Math.max(...nodes.map(({ pos, size }) => pos[0] + size[0]))
  }
}

/** @param {Pick<NodeRecord, 'type'>} node */
export const isSide = (node) => node.type === INPUTS_TYPE || node.type === OUTPUTS_TYPE

/** What a record's id says of a side: its graph, and which; null for any other. @param {string} id */
export function readSide(id) {
  const [, graph, key] = /^node:(.+)\/(-10|-20)$/u.exec(id) ?? []
  return graph === undefined ? null : { graph, key: Number(key) }
}
