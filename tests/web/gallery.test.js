/** The gallery's wall: where tiles lie, what the keys reach, what is chosen, what is asked of the server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { between, daysOf, headsBetween, layOut, placeOf, walk } from '../../web/gallery/places.js'
import { EVERYTHING, addressOf, chipsOf } from '../../web/gallery/query.js'
import { Selection } from '../../web/gallery/selection.js'

const noon = (year, month, day) => new Date(year, month - 1, day, 12).getTime() / 1000

const walls = fc.record({
  counts: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
  width: fc.integer({ min: 200, max: 2400 }),
  tile: fc.integer({ min: 88, max: 400 }),
  days: fc.boolean()
})

function wallOf({ counts, width, tile, days }) {
  const times = counts.flatMap((count, index) => Array(count).fill(noon(2026, 3, 28) - index * 86_400))
  return { times, places: layOut(times.length, days ? daysOf(times) : [], width, tile) }
}

test('days end at midnight here, in either order, also where the clocks change', () => {
  const times = [noon(2026, 4, 1), noon(2026, 3, 29) + 11 * 3600, noon(2026, 3, 29), noon(2026, 3, 28) - 3600]
  assert.deepEqual(daysOf(times).map(({ first }) => first), [0, 1, 3])
  assert.deepEqual(daysOf([...times].reverse()).map(({ first }) => first), [0, 1, 3])
  assert.deepEqual(daysOf([]), [])
  assert.deepEqual(daysOf([5, 5, 5]), [{ first: 0, at: 5 }])
})

test('every tile has a place of its own inside of the wall', () => {
  fc.assert(fc.property(walls, (wall) => {
    const { places, times } = wallOf(wall)
    const seen = new Set()
    times.forEach((_, index) => {
      const { x, y } = placeOf(places, index)
      assert.ok(x >= 0 && y >= 0 && x + places.side <= wall.width && y + places.side <= places.height)
      seen.add(`${x} ${y}`)
    })
    assert.equal(seen.size, times.length)
  }))
})

test('what is between two heights is all that is seen there, and little more', () => {
  fc.assert(fc.property(walls, fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 50, max: 1200 }), (wall, share, height) => {
    const { places, times } = wallOf(wall)
    const top = share * places.height
    const [first, last] = between(places, top, top + height)
    times.forEach((_, index) => {
      const { y } = placeOf(places, index)
      if (y + places.side > top && y < top + height) assert.ok(index >= first && index < last, `${index} is not in ${first}..${last}`)
    })
    const rows = height / places.step + 3
    assert.ok(last - first <= rows * places.columns + places.columns)
    const [one, end] = headsBetween(places, top, top + height)
    places.sections.forEach((section, index) => {
      if (places.head && section.top + places.head > top && section.top < top + height) assert.ok(index >= one && index < end)
    })
  }))
})

test('arrows reach every tile and go back; none leads nowhere', () => {
  fc.assert(fc.property(walls, fc.nat(), (wall, at) => {
    const { places, times } = wallOf(wall)
    const index = at % times.length
    for (const key of ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'PageUp', 'PageDown', 'Home', 'End']) {
      const next = walk(places, index, key, 600)
      assert.ok(next !== null && next >= 0 && next < times.length)
    }
    const [here, down, up] = [placeOf(places, index), walk(places, index, 'ArrowDown', 600), walk(places, index, 'ArrowUp', 600)]
    if (down !== index) assert.ok(placeOf(places, down).y > here.y && placeOf(places, down).x <= here.x)
    else assert.ok(placeOf(places, times.length - 1).y === here.y)
    if (up !== index) assert.ok(placeOf(places, up).y < here.y)
    else assert.equal(placeOf(places, 0).y, here.y)
    assert.equal(walk(places, index, 'x', 600), null)
  }))
  assert.equal(walk(layOut(0, [], 500, 100), -1, 'ArrowDown', 500), null)
  assert.equal(walk(layOut(3, [], 500, 100), -1, 'ArrowDown', 500), 0)
})

test('a hundred thousand pictures are laid out within the height that browsers scroll', () => {
  const times = Uint32Array.from({ length: 100_000 }, (_, index) => noon(2026, 3, 28) - index * 400)
  for (const [width, tile] of [[390, 400], [390, 168], [1100, 400], [600, 200]]) {
    const places = layOut(times.length, daysOf(times), width, tile)
    assert.ok(places.height < 17_000_000, `${width} ${tile}: ${places.height}`)
  }
})

test('ranges, single ones and all of a list', () => {
  let changes = 0
  const selection = new Selection(() => changes++)
  const list = Uint32Array.from([9, 8, 7, 6, 5])
  selection.only(8)
  selection.reach(list, 6)
  assert.deepEqual([...selection.ids], [8, 7, 6])
  selection.reach(list, 9)
  assert.deepEqual([...selection.ids], [9, 8])
  selection.toggle(5)
  selection.toggle(9)
  assert.deepEqual([...selection.ids], [8, 5])
  selection.keep(Uint32Array.from([8]))
  assert.deepEqual([...selection.ids], [8])
  selection.all(list)
  assert.equal(selection.ids.size, 5)
  selection.clear()
  assert.ok(!selection.ids.size && changes > 5)
})

test('filters become an address and chips that take each away', () => {
  assert.equal(addressOf(EVERYTHING), 'sort=newest')
  const query = { ...EVERYTHING, text: ' fox ', models: ['a&b', 'c'], folder: '', rating: 3, favourite: true, since: '2026-03-28', until: '2026-03-28' }
  const address = new URLSearchParams(addressOf(query))
  assert.equal(address.get('q'), 'fox')
  assert.equal(address.get('models'), 'a&b\nc')
  assert.equal(address.get('folder'), '')
  assert.equal(Number(address.get('until')) - Number(address.get('since')), 86_400)
  assert.equal(address.has('tag'), false)
  const chips = chipsOf(query)
  assert.equal(chips.length, 7)
  assert.deepEqual(chips[0].without.models, ['c'])
  assert.deepEqual(chipsOf(EVERYTHING), [])
  assert.equal(new URLSearchParams(addressOf({ ...EVERYTHING, since: 'no day' })).has('since'), false)
})
