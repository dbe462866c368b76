/** Numbers as widgets hold them. */

/** A number kept within its range, on its grid. @param {import('./widget_specs.js').NumberSpec} spec @param {number} value */
export function fitNumber(spec, value) {
  if (!Number.isFinite(value)) return spec.default
  const { min, max, round, integer } = spec
  let fitted = value
  if (integer) fitted = Math.round(value)
  else if (round > 0) fitted = Number((Math.round(value / round) * round).toPrecision(15))
  else fitted = Number(value.toPrecision(15))
  return Math.min(Math.max(fitted, min), max)
}
