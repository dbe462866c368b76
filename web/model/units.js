/** What a number counts, told by its declaration or by a name that means one thing: shown after it, and read past when typed. */

/** @type {readonly (readonly [unit: string, names: RegExp, integer: boolean | null])[]} */
const KNOWN = [
  ['px', /(?:^|_)(?:width|height|tile_size|overlap|padding|feather|feathering|blur_radius|crop_[wh])$|^(?:x|y|left|top|right|bottom|expand)$/u, true],
  ['×', /^(?:scale_by|upscale_by|scale_factor|upscale_factor|multiplier)$/u, false],
  ['°', /(?:^|_)(?:angle|rotation|degrees)$/u, null],
  ['fps', /^(?:fps|frame_rate)$/u, null],
  ['s', /(?:^|_)(?:seconds|duration)$/u, null]
]

/** @param {string} name of the input @param {boolean} integer */
export function unitOf(name, integer) {
  return KNOWN.find(([, names, only]) => (only === null || only === integer) && names.test(name))?.[0] ?? ''
}

/** With the space that stands before words, not before signs. @param {string} unit */
export const afterNumber = (unit) => (/^\p{L}/u.test(unit) ? ` ${unit}` : unit)
