/**
 * May a link of one type go into an input of another? The same question as `graph/accepts.py` answers, from the same table
 * of cases. Unions meet where they share a member, `*` takes and gives all, and combos meet where they share a value.
 *
 * @typedef {string | readonly unknown[]} Type A name, `*`, `A,B`, or the values of a combo.
 */

/** @param {Type} input @param {Type} output */
export function accepts(input, output) {
  if (isList(input) && isList(output)) {
    // A folder that is empty now says nothing of what it will hold.
    return input.length === 0 || output.length === 0 || input.some((value) => output.includes(value))
  }
  const taken = namesOf(input)
  return namesOf(output).some((name) => name !== '' && (name === '*' || taken.includes(name))) || taken.includes('*')
}

/** @param {Type} type @returns {type is readonly unknown[]} */
const isList = (type) => Array.isArray(type)

/** @param {Type} type @returns {string[]} */
const namesOf = (type) => (typeof type === 'string' ? type.split(',').map((name) => name.trim()) : ['COMBO'])
