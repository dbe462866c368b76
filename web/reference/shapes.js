/** JSON Schema as a few lines that a person reads: `{ "prompt_id": string, "number"?: number }`. */

const DEEPEST = 3

/**
 * @param {any} schema
 * @param {Readonly<Record<string, any>>} known  shapes by name
 * @param {number} [depth]
 * @returns {string}
 */
export function shapeText(schema, known, depth = 0) {
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1)
    return depth < DEEPEST && known[name] ? shapeText(known[name], known, depth) : name
  }
  if (schema.anyOf) return schema.anyOf.map((/** @type {any} */ one) => shapeText(one, known, depth)).join(' | ')
  if (Array.isArray(schema.type)) return schema.type.join(' | ')
  if (schema.type === 'array') return `[${shapeText(schema.items, known, depth)}, …]`
  if (schema.properties) return objectText(schema, known, depth)
  if (schema.additionalProperties) return `{ …: ${shapeText(schema.additionalProperties, known, depth)} }`
  return schema.type ?? 'any'
}

/** @param {any} schema @param {Readonly<Record<string, any>>} known @param {number} depth */
function objectText(schema, known, depth) {
  if (depth >= DEEPEST) return '{ … }'
  const required = new Set(schema.required)
  const space = '  '.repeat(depth + 1)
  const lines = Object.entries(schema.properties).map(([name, one]) =>
    `${space}"${name}"${required.has(name) ? '' : '?'}: ${shapeText(one, known, depth + 1)}`)
  return `{\n${lines.join(',\n')}\n${'  '.repeat(depth)}}`
}
