/**
 * The mask editor: the picture with the mask over it, as large as the page. What it makes is handed to `save`; the picture
 * itself is never changed, and strokes that are not saved are never lost without a question.
 */
import { askAside } from '../api/aside.js'
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { confirm } from '../panels/dialog.js'
import { h, isTyping, setText } from '../panels/dom.js'
import { createControls, TOOLS } from './controls.js'
import { invert, Mask } from './mask.js'
import { keepSettings, readSettings, stepSize } from './settings.js'
import { reached, reshape } from './shape.js'
import { Surface } from './surface.js'

/** So many pixels take less time than a worker's start. */
const FEW = 512 * 512

/** What is done to the outline: its step's name, and what is said meanwhile. */
const OUTLINES = /** @type {const} */ ({
  grow: [t('Grow'), t('Growing the mask…')], shrink: [t('Shrink'), t('Shrinking the mask…')], feather: [t('Soften'), t('Softening the mask…')]
})

/**
 * @param {object} parts
 * @param {ImageBitmap} parts.picture
 * @param {Uint8ClampedArray} parts.selected the mask as it is now
 * @param {string} parts.name of the picture
 * @param {(mask: Mask) => Promise<void>} parts.save rejects with an Error whose message can be shown
 * @returns {Promise<void>} when it is closed
 */
export function openMaskDialog({ picture, selected, name, save }) {
  const settings = readSettings()
  const mask = new Mask(picture.width, picture.height, selected)
  const percent = h('span.number.percent')
  const told = h('p.told', { role: 'alert', hidden: true })

  const doing = h('span')
  const working = h('div.working', { role: 'status', hidden: true }, doing,
    h('button.plain', { type: 'button', 'data-tip': t('Leave the mask as it was'), 'data-keys': 'Escape', onclick: () => work?.abort() }, t('Stop')))

  const undo = tool('undo', t('Undo'), 'Ctrl+Z', () => back())
  const redo = tool('redo', t('Redo'), 'Ctrl+Shift+Z', () => forth())
  const saveButton = h('button.primary', { type: 'button', 'data-keys': 'Ctrl+S', 'data-tip': t('Save the mask beside the picture'), onclick: () => void keep() }, t('Save'))
  const surface = new Surface({ picture, mask, settings, changed: follow })
  const controls = createControls({
    settings, whole,
    changed: () => {
      if (settings.tool !== 'bucket') surface.forgetPixels()
      surface.repaint()
      follow()
    },
    look: () => surface.sheet.setLook(settings.colour, settings.shown)
  })
  const element = h('dialog.mask-editor', { 'aria-label': t('Edit the mask') },
    h('header', {},
      h('h2', {}, t('Edit the mask')), h('span.name', {}, `${name} · ${picture.width} × ${picture.height}`),
      h('div.group', {}, undo, redo),
      h('div.group', {}, tool('zoomOut', t('Zoom out'), '-', () => surface.zoom(1 / 1.5)), percent, tool('zoomIn', t('Zoom in'), '+', () => surface.zoom(1.5)),
        tool('fit', t('Fit to the window'), '0', () => surface.fit())),
      h('div.group.end', {}, h('button.plain', { type: 'button', onclick: () => void leave() }, t('Cancel')), saveButton)),
    told, controls.tools, surface.element, controls.options,
    working,
    h('p.hint', {}, t('Right button erases · Shift+click draws a line · [ and ] size · Wheel zooms · Space moves')))

  let saving = false
  /** The change of the outline that a worker is making. @type {AbortController | null} */
  let work = null
  function follow() {
    controls.follow()
    setText(percent, `${Math.round(surface.view.scale * 100)}%`)
    step(undo, t('Undo'), surface.history.undoLabel, work !== null)
    step(redo, t('Redo'), surface.history.redoLabel, work !== null)
    saveButton.disabled = saving || work !== null
  }

  /** @param {import('./controls.js').WholeName} what */
  function whole(what) {
    if (saving || work) return
    surface.callOff()
    if (what === 'invert') surface.change(t('Invert'), mask.rect, () => invert(mask))
    else if (what === 'clear') {
      const bounds = mask.bounds()
      if (bounds) surface.change(t('Clear'), bounds, () => mask.fill(bounds, 0))
    } else void outline(what)
  }

  /** @param {keyof typeof OUTLINES} what */
  async function outline(what) {
    const region = reached(mask, settings.amount)
    if (!region) return
    const [label, said] = OUTLINES[what]
    const put = (/** @type {import('./mask.js').Region} */ made) => surface.change(label, made, () => mask.write(made, made.data))
    if (region.w * region.h <= FEW) return put(reshape(what, region, settings.amount))
    const mine = (work = new AbortController())
    tell(null)
    setText(doing, said)
    busy(true)
    try {
      /** @type {import('./mask.js').Region | null} the region is a copy, which is given away */
      const made = await askAside('mask/worker.js', { what, region, by: settings.amount }, mine.signal, [region.data.buffer])
      if (made) put(made)
    } catch (error) {
      tell(t('The mask stays as it was: the program for it could not be loaded ({reason}). Is the server still there? Try again.', { reason: /** @type {Error} */ (error).message }))
    } finally {
      work = null
      busy(false)
    }
  }

  /** @param {boolean} is */
  function busy(is) {
    working.hidden = !is
    surface.setBusy(is)
    follow()
  }

  /** @param {string | null} text */
  function tell(text) {
    told.textContent = text
    told.hidden = text === null
  }

  function back() {
    if (!work) surface.undo()
  }

  function forth() {
    if (!work) surface.redo()
  }

  async function keep() {
    if (saving || work) return
    surface.callOff()
    saving = true
    setText(saveButton, t('Saving…'))
    follow()
    try {
      await save(mask)
      surface.history.markSaved()
      element.close()
    } catch (error) {
      tell(t('The mask was not saved. {reason} What you painted is still here: try again.', { reason: /** @type {Error} */ (error).message }))
    } finally {
      saving = false
      setText(saveButton, t('Save'))
      follow()
    }
  }

  async function leave() {
    if (saving) return
    const sure = !surface.history.dirty || (await confirm({
      title: t('Leave without saving?'), text: t('What you painted on this mask is not saved, and would be lost.'), verb: t('Leave'), danger: true
    }))
    if (sure) element.close()
  }

  /** @type {Record<string, () => void>} */
  const keys = {
    'ctrl+z': back, 'ctrl+shift+z': forth, 'ctrl+y': forth, 'ctrl+i': () => whole('invert'),
    'ctrl+s': () => void keep(), 'ctrl+enter': () => void keep(), delete: () => whole('clear'), backspace: () => whole('clear'),
    '+': () => surface.zoom(1.5), '=': () => surface.zoom(1.5), '-': () => surface.zoom(1 / 1.5), 0: () => surface.fit(), '.': () => surface.fit(),
    1: () => surface.full(), '[': () => size(-1), ']': () => size(1),
    ...Object.fromEntries(TOOLS.map((each) => [each.key.toLowerCase(), () => {
      settings.tool = each.name
      surface.repaint()
      follow()
    }]))
  }
  function size(/** @type {number} */ steps) {
    settings.size = stepSize(settings.size, steps)
    surface.repaint()
    follow()
  }

  element.addEventListener('keydown', (event) => {
    event.stopPropagation() // the graph's shortcuts rest meanwhile
    if (event.key === 'Escape') {
      event.preventDefault()
      if (work) work.abort()
      else if (!surface.callOff()) void leave()
      return
    }
    const ranged = event.target instanceof HTMLInputElement && event.target.type !== 'text'
    if (isTyping(event.target) && !ranged) return
    if (event.key === ' ' && !(event.target instanceof HTMLButtonElement) && !ranged) {
      event.preventDefault()
      return surface.setSpace(true)
    }
    const held = `${event.ctrlKey || event.metaKey ? 'ctrl+' : ''}${event.shiftKey && event.key.length === 1 && /[a-z]/iu.test(event.key) ? 'shift+' : ''}`
    const run = keys[held + event.key.toLowerCase()]
    if (!run || event.altKey) return
    event.preventDefault()
    run()
  })
  element.addEventListener('keyup', (event) => {
    event.stopPropagation()
    if (event.key === ' ') surface.setSpace(false)
  })
  element.addEventListener('cancel', (event) => event.preventDefault())
  const warn = (/** @type {BeforeUnloadEvent} */ event) => {
    if (surface.history.dirty) event.preventDefault()
  }
  addEventListener('beforeunload', warn)

  document.body.append(element)
  element.showModal()
  surface.sheet.setLook(settings.colour, settings.shown)
  surface.element.focus({ preventScroll: true })
  follow()
  return new Promise((resolve) => {
    element.addEventListener('close', () => {
      work?.abort()
      removeEventListener('beforeunload', warn)
      keepSettings(settings)
      surface.dispose()
      picture.close()
      element.remove()
      resolve()
    })
  })
}

/** @param {string} sign @param {string} label @param {string} keys @param {() => void} run */
function tool(sign, label, keys, run) {
  return h('button.round', { type: 'button', 'aria-label': label, 'data-tip': label, 'data-keys': keys, onclick: run }, icon(sign))
}

/** @param {HTMLButtonElement} button @param {string} verb @param {string | null} label @param {boolean} rests */
function step(button, verb, label, rests) {
  button.disabled = label === null || rests
  button.dataset.tip = label === null ? verb : t('{verb}: {step}', { verb, step: label.toLowerCase() })
}
