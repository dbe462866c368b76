/**
 * Where tiles lie: rows of squares under headings by day. Pure numbers, so that a hundred thousand pictures take as long as ten.
 *
 * @typedef {{ first: number, count: number, at: number | null, top: number }} Section
 *   `first`: index of its first picture; `at`: seconds of a moment of its day, null where there are no days; `top`: CSS px
 * @typedef {object} Places
 * @property {Section[]} sections
 * @property {number} columns
 * @property {number} side     CSS px of a tile
 * @property {number} step     from one tile to the next
 * @property {number} left     of the first column
 * @property {number} head     height of a heading
 * @property {number} height   of all
 * @property {number} count
 */

export const GAP = 4
const HEAD = 36
const MARGIN = 12
/** CSS px: Firefox lays out nothing beyond 17.8 million. */
const HIGHEST = 16_000_000

/**
 * The days of pictures that are in order of time, whichever way. Only where a day ends is looked for.
 *
 * @param {ArrayLike<number>} times  seconds
 * @returns {{ first: number, at: number }[]}
 */
export function daysOf(times) {
  /** @type {{ first: number, at: number }[]} */
  const days = []
  const count = times.length
  /** @param {number} index */
  const timeOf = index => /** @type {number} */ (times[index])
  const falling = count > 1 && timeOf(0) > timeOf(count - 1)
  let first = 0
  while (first < count) {
    const at = timeOf(first)
    days.push({ first, at })
    const day = new Date(at * 1000)
    const edge = new Date(day.getFullYear(), day.getMonth(), day.getDate() + (falling ? 0 : 1)).getTime() / 1000
    let [low, high] = [first + 1, count]
    while (low < high) {
      const middle = (low + high) >> 1
      if (falling ? timeOf(middle) >= edge : timeOf(middle) < edge) low = middle + 1
      else high = middle
    }
    first = low
  }
  return days
}

/**
 * Tiles are about as large as wanted, and at least two beside each other; smaller where the wall would be higher than browsers scroll.
 *
 * @param {number} count @param {{ first: number, at: number }[]} days  none: no headings @param {number} width @param {number} wanted  px of a tile
 * @returns {Places}
 */
export function layOut(count, days, width, wanted) {
  const room = Math.max(64, width - 2 * MARGIN)
  let columns = Math.max(2, Math.round((room + GAP) / (wanted + GAP)))
  let places = inColumns(count, days, room, columns)
  while (places.height > HIGHEST && columns < room / 32) places = inColumns(count, days, room, ++columns)
  return places
}

/** @param {number} count @param {{ first: number, at: number }[]} days @param {number} room @param {number} columns @returns {Places} */
function inColumns(count, days, room, columns) {
  const side = Math.max(24, Math.floor((room - (columns - 1) * GAP) / columns))
  const step = side + GAP
  const head = days.length ? HEAD : 0
  const starts = days.length ? days : [{ first: 0, at: null }]
  let top = days.length ? 0 : MARGIN
  const sections = starts.map(({ first, at }, index) => {
    const next = starts[index + 1]?.first ?? count
    const section = { first, count: next - first, at, top }
    top += head + Math.ceil(section.count / columns) * step
    return section
  })
  return { sections, columns, side, step, left: MARGIN, head, height: top + MARGIN, count }
}

/** The section for which `before` is the last one that holds. @param {readonly Section[]} sections @param {(section: Section) => boolean} before */
function lastWhere(sections, before) {
  let [low, high] = [0, sections.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (before(/** @type {Section} */ (sections[middle]))) low = middle
    else high = middle - 1
  }
  return low
}

/** @param {Places} places @param {number} index @returns {{ x: number, y: number }} */
export function placeOf(places, index) {
  const section = /** @type {Section} */ (places.sections[lastWhere(places.sections, found => found.first <= index)])
  const within = index - section.first
  return { x: places.left + (within % places.columns) * places.step, y: section.top + places.head + Math.floor(within / places.columns) * places.step }
}

/**
 * The pictures between two heights: the first, and one after the last.
 *
 * @param {Places} places @param {number} top @param {number} bottom @returns {[number, number]}
 */
export function between(places, top, bottom) {
  if (!places.count) return [0, 0]
  return [rowAt(places, top), Math.min(places.count, rowAt(places, bottom) + places.columns)]
}

/** The first picture of the row at a height. @param {Places} places @param {number} y */
function rowAt(places, y) {
  const section = /** @type {Section} */ (places.sections[lastWhere(places.sections, found => found.top <= y)])
  const rows = Math.ceil(section.count / places.columns)
  const row = Math.min(rows - 1, Math.max(0, Math.floor((y - section.top - places.head) / places.step)))
  return section.first + row * places.columns
}

/** The headings between two heights. @param {Places} places @param {number} top @param {number} bottom @returns {[number, number]} */
export function headsBetween(places, top, bottom) {
  if (!places.head) return [0, 0]
  return [lastWhere(places.sections, found => found.top <= top), lastWhere(places.sections, found => found.top <= bottom) + 1]
}

/** Where a key of the arrows leads; null for other keys. @param {Places} places @param {number} index @param {string} key @param {number} height  of what is seen */
export function walk(places, index, key, height) {
  const last = places.count - 1
  if (last < 0) return null
  if (index < 0) return /^(?:Arrow|Page|Home|End)/u.test(key) ? (key === 'End' ? last : 0) : null
  const rows = Math.max(1, Math.floor(height / places.step) - 1)
  if (key === 'ArrowLeft') return Math.max(0, index - 1)
  if (key === 'ArrowRight') return Math.min(last, index + 1)
  if (key === 'ArrowUp') return rowsAway(places, index, -1)
  if (key === 'ArrowDown') return rowsAway(places, index, 1)
  if (key === 'PageUp') return rowsAway(places, index, -rows)
  if (key === 'PageDown') return rowsAway(places, index, rows)
  return key === 'Home' ? 0 : key === 'End' ? last : null
}

/** The picture so many rows away, under it as well as can be. @param {Places} places @param {number} index @param {number} rows */
function rowsAway(places, index, rows) {
  const { x, y } = placeOf(places, index)
  const column = Math.round((x - places.left) / places.step)
  const target = y + places.side / 2 + rows * places.step
  let first = rowAt(places, target)
  const here = index - column
  if (rows > 0 && first <= here) first = nextRow(places, here)
  if (rows < 0 && first >= here) first = here > 0 ? rowAt(places, placeOf(places, here - 1).y + 1) : here
  if (first === here) return index
  const end = nextRow(places, first)
  return Math.min(first + column, end === first ? places.count - 1 : end - 1)
}

/** The first picture of the row after this one; the row itself where it is the last. @param {Places} places @param {number} first */
function nextRow(places, first) {
  const section = /** @type {Section} */ (places.sections[lastWhere(places.sections, found => found.first <= first)])
  const next = Math.min(first + places.columns, section.first + section.count)
  return next < places.count ? next : first
}
