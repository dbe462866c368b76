/** May a link of type `output` go into an input of type `input`? Unions meet where they share a member; `*` takes all. */

/** @param {string} input @param {string} output */
export function accepts(input, output) {
  if (input === output || isAny(input) || isAny(output)) return true
  if (!input.includes(',') && !output.includes(',')) return input.toUpperCase() === output.toUpperCase()
  const offered = new Set(output.split(',').map(tidy))
  return offered.has('*') || input.split(',').some((type) => tidy(type) === '*' || offered.has(tidy(type)))
}

/** @param {string} type */
const isAny = (type) => type === '*' || type === ''

/** @param {string} type */
const tidy = (type) => type.trim().toUpperCase()
