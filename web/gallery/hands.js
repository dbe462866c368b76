/** Mouse, fingers and keys on the wall: one press chooses, two open; a finger's tap opens, its rest begins to gather. */
import { FILE_TYPE, fillDrag } from '../panels/carry.js'
import { isTyping } from '../panels/dom.js'
import { fileValue } from '../view/node_pictures.js'
import { viewUrl } from '../api/client.js'
import { walk } from './places.js'

/** How long a finger rests to choose, in ms, and how far it may stray, CSS px. */
const REST = 400
const STILL = 10

/**
 * @param {object} parts
 * @param {import('./grid.js').Grid} parts.grid
 * @param {import('./pictures.js').Pictures} parts.pictures
 * @param {import('./selection.js').Selection} parts.selection
 * @param {import('./deeds.js').Deeds} parts.deeds
 * @param {ReturnType<typeof import('./verbs.js').createVerbs>} parts.verbs
 * @param {HTMLElement | null} parts.drawer
 * @param {HTMLInputElement} parts.field
 * @param {(by: number) => void} parts.resize
 * @param {() => void} parts.toggleAbout
 */
export function installHands({ grid, pictures, selection, deeds, verbs, drawer, field, resize, toggleAbout }) {
  const { list, element } = grid

  list.addEventListener('click', event => {
    const tile = grid.tileAt(event.target)
    if (!tile || tile.id === null) {
      if (!selection.gathering) selection.clear()
      return
    }
    const touch = /** @type {PointerEvent} */ (event).pointerType === 'touch'
    if (event.shiftKey) selection.reach(pictures.ids, tile.id)
    else if (event.ctrlKey || event.metaKey || selection.gathering) selection.toggle(tile.id)
    else if (touch) {
      selection.active = selection.anchor = tile.id
      void verbs.open(tile.id)
    } else selection.only(tile.id)
  })
  list.addEventListener('dblclick', event => {
    const tile = grid.tileAt(event.target)
    if (tile?.id && !event.ctrlKey && !event.metaKey && !event.shiftKey && !selection.gathering) void verbs.open(tile.id)
  })
  list.addEventListener('contextmenu', event => {
    const tile = grid.tileAt(event.target)
    if (!tile?.id) return
    event.preventDefault()
    if (held) return // a finger's rest chooses
    if (!selection.ids.has(tile.id)) selection.only(tile.id)
    verbs.menu(verbs.chosen(), { x: event.clientX, y: event.clientY })
  })

  /** A finger that rests. @type {{ id: number, x: number, y: number, timer: ReturnType<typeof setTimeout> } | null} */
  let held = null
  let rested = false
  list.addEventListener('pointerdown', event => {
    const tile = grid.tileAt(event.target)
    rested = false
    if (event.pointerType !== 'touch' || !event.isPrimary || !tile?.id) return
    const { id } = tile
    held = { id: event.pointerId, x: event.clientX, y: event.clientY, timer: setTimeout(() => {
      rested = true
      selection.gathering = true
      selection.toggle(id)
      navigator.vibrate?.(10)
    }, REST) }
  })
  const end = () => {
    if (held) clearTimeout(held.timer)
    // The menu of a long press comes before the finger leaves.
    setTimeout(() => { held = null })
  }
  list.addEventListener('pointermove', event => {
    if (held?.id === event.pointerId && Math.hypot(event.clientX - held.x, event.clientY - held.y) > STILL) end()
  })
  list.addEventListener('pointerup', end)
  list.addEventListener('pointercancel', end)
  list.addEventListener('click', event => {
    if (!rested) return
    rested = false
    event.stopImmediatePropagation() // the finger whose rest chose it, let go
  }, true)

  // What is dragged out goes to the canvas, which the gallery lies over: it moves out of the way.
  list.addEventListener('dragstart', event => {
    const tile = grid.tileAt(event.target)
    if (!tile?.item || tile.item.since !== null) return event.preventDefault()
    const { filename, subfolder, type } = tile.item
    const file = { filename, subfolder, type }
    fillDrag(event, { file, url: viewUrl(file), value: fileValue(file) })
    setTimeout(() => drawer?.classList.add('away'))
    return undefined
  })
  list.addEventListener('dragend', () => drawer?.classList.remove('away'))
  for (const type of /** @type {const} */ (['dragover', 'drop'])) {
    drawer?.addEventListener(type, event => {
      if (!event.dataTransfer?.types.includes(FILE_TYPE)) return
      event.stopPropagation() // let go over the gallery, it is not taken
    })
  }

  element.addEventListener('wheel', event => {
    if (!event.ctrlKey) return
    event.preventDefault()
    resize(Math.exp(-event.deltaY * 0.004))
  }, { passive: false })

  /** @param {number} index @param {boolean} reach */
  function go(index, reach) {
    const id = pictures.ids[index]
    if (id === undefined) return
    if (reach) selection.reach(pictures.ids, id)
    else if (selection.gathering) selection.active = id
    else selection.only(id)
    grid.reveal(index)
  }

  /** @type {Record<string, () => void>} */
  const keys = {
    Enter: () => { if (selection.active !== null) void verbs.open(selection.active) },
    ' ': () => { if (selection.active !== null) selection.toggle(selection.active) },
    Delete: () => run('trash', 'delete'), Backspace: () => run('trash', 'delete'),
    f: () => run('favourite'), g: () => run('graph'), c: () => run('compare'), i: toggleAbout,
    '/': () => field.focus(), '+': () => resize(1.2), '=': () => resize(1.2), '-': () => resize(1 / 1.2),
  }

  /** @param {...string} ids */
  function run(...ids) {
    const chosen = verbs.chosen()
    if (chosen.length) verbs.verbs(chosen).find(({ id }) => ids.includes(id))?.run()
  }

  list.addEventListener('keydown', event => {
    const index = selection.active === null ? -1 : pictures.indexOf(selection.active)
    const next = event.altKey || event.metaKey ? null : walk(grid.places, index, event.key, element.clientHeight)
    if (next !== null) {
      event.preventDefault()
      event.stopPropagation()
      return go(next, event.shiftKey)
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    if (event.ctrlKey || event.metaKey) {
      if (key === 'a') selection.all(pictures.ids)
      else return undefined
    } else if (/^[0-5]$/u.test(key) && !event.altKey) {
      if (selection.active !== null && !pictures.query?.trash) void deeds.rate(verbs.chosen(), { rating: Number(key) })
    } else if (keys[key] && !event.altKey) keys[key]()
    else return undefined
    event.preventDefault()
    event.stopPropagation()
    return undefined
  })
  drawer?.addEventListener('keydown', event => {
    if (event.key === 'Escape' && selection.ids.size && !isTyping(event.target)) {
      event.preventDefault()
      selection.clear()
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z' && !event.shiftKey && !isTyping(event.target)) {
      event.preventDefault()
      event.stopPropagation()
      void deeds.undo()
    } else if (event.target === field && (event.key === 'ArrowDown' || event.key === 'Enter') && !event.isComposing) {
      event.preventDefault()
      list.focus({ preventScroll: true })
      if (selection.active === null || pictures.indexOf(selection.active) < 0) go(0, false)
    }
  }, true)
}
