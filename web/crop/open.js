/**
 * The box of a crop, edited over the picture that it cuts: the node's numbers follow at once, and each drag is one step.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../geometry/rect.js').Rect} Rect
 */
import { viewUrl } from '../api/client.js'
import { t } from '../language/t.js'
import { asBox, cropOf, dragged, inside } from '../model/crop.js'
import { h } from '../panels/dom.js'
import { createCropView } from './view.js'
import { sourcePicture } from './source.js'

const ASPECTS = /** @type {const} */ ([['free', t('Free')], ['own', t('As it is')], ['1', '1 : 1'], [String(4 / 3), '4 : 3'], [String(3 / 2), '3 : 2'], [String(16 / 9), '16 : 9'], [String(3 / 4), '3 : 4'], [String(2 / 3), '2 : 3'], [String(9 / 16), '9 : 16']])

/**
 * @param {object} parts
 * @param {Editor} parts.editor
 * @param {string} parts.node
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @returns {Promise<void>} when it is closed
 */
export async function openCrop({ editor, node, toasts }) {
  const found = cropOf(editor.widgets(node))
  if (!found) return
  const file = sourcePicture(editor, node)
  const image = file ? await load(viewUrl(file)).catch(() => null) : null
  if (file && !image) toasts.show({ key: 'crop', tone: 'warning', text: t('{name} cannot be shown.', { name: file.filename }), detail: t('The box can be set all the same, on an empty sheet.') })
  const box = { ...read() }
  // Without a picture the sheet is as large as the box may need.
  const width = image?.naturalWidth ?? Math.max(1024, box.x + box.w)
  const height = image?.naturalHeight ?? Math.max(1024, box.y + box.h)

  /** @returns {Rect} what the node says */
  function read() {
    const names = /** @type {import('../model/crop.js').Crop} */ (found)
    const value = (/** @type {string} */ name) => editor.widget(node, name)?.value
    const whole = (/** @type {unknown} */ number) => (typeof number === 'number' && Number.isFinite(number) ? Math.round(number) : 0)
    const { x, y, w, h: tall } = 'box' in names ? asBox(value(names.box)) ?? { x: 0, y: 0, w: 1, h: 1 } : { x: value(names.x), y: value(names.y), w: value(names.w), h: value(names.h) }
    return { x: whole(x), y: whole(y), w: Math.max(1, whole(w)), h: Math.max(1, whole(tall)) }
  }

  /** @param {Rect} next */
  function write(next) {
    const names = /** @type {import('../model/crop.js').Crop} */ (found)
    const old = read()
    if ('box' in names) {
      const kept = editor.widget(node, names.box)?.value
      const value = { ...(typeof kept === 'object' ? kept : {}), x: next.x, y: next.y, width: next.w, height: next.h }
      if (['x', 'y', 'w', 'h'].some(side => next[/** @type {keyof Rect} */ (side)] !== old[/** @type {keyof Rect} */ (side)])) editor.setWidget(node, names.box, value)
    } else {
      for (const side of /** @type {const} */ (['x', 'y', 'w', 'h'])) if (next[side] !== old[side]) editor.setWidget(node, names[side], next[side])
    }
    follow()
  }

  /** One step. @param {Rect} next */
  function change(next) {
    editor.store.begin(t('Set the crop'))
    write(inside(next, width, height))
    editor.store.commit()
  }

  const aspect = h('select.field', { 'aria-label': t('Shape') }, ASPECTS.map(([value, label]) => h('option', { value }, label)))
  const ratio = () => (aspect.value === 'free' ? null : aspect.value === 'own' ? read().w / read().h : Number(aspect.value))
  aspect.addEventListener('change', () => {
    const share = ratio()
    if (share === null || aspect.value === 'own') return
    const now = inside(read(), width, height)
    const w = Math.min(now.w, height * share, width)
    change({ ...now, w, h: w / share })
  })
  const fields = /** @type {const} */ ([['x', t('Left')], ['y', t('Top')], ['w', t('Width')], ['h', t('Height')]]).map(([side, label]) => {
    const field = h('input.field', { type: 'number', step: 1, min: side === 'w' || side === 'h' ? 1 : 0, 'aria-label': label })
    field.addEventListener('change', () => {
      const value = Math.round(Number(field.value))
      if (Number.isFinite(value)) change({ ...read(), [side]: value })
      else follow()
    })
    return { side, field, element: h('label.number-field', {}, h('span', {}, label), field) }
  })
  const all = h('button.plain', { type: 'button', 'data-tip': t('Take the whole picture'), onclick: () => change({ x: 0, y: 0, w: width, h: height }) }, t('All of it'))

  const view = createCropView({
    image, width, height, label: t('Crop box'),
    begin: () => {
      editor.store.begin(t('Set the crop'))
      return inside(read(), width, height)
    },
    drag: (start, handle, by) => write(dragged(start, handle, by, width, height, ratio())),
    end: keep => {
      if (keep) editor.store.commit()
      else editor.store.cancel()
      follow()
    },
    nudge: (handle, by) => {
      const start = inside(read(), width, height)
      change(dragged(start, handle, by, width, height, ratio()))
    },
  })
  const hint = image ? `${width} × ${height}` : t('Nothing to see yet: connect a picture, or run once with a Preview Image on the same output.')
  const element = h('dialog.crop-box', { 'aria-label': t('Set the crop') },
    h('header', {}, h('h2', {}, t('Set the crop')), h('span.name', {}, file && image ? `${file.filename} · ${hint}` : hint),
      h('div.group', {}, fields.map(field => field.element)), h('div.group', {}, aspect, all),
      h('div.group.end', {}, h('button.primary', { type: 'button', onclick: () => element.close() }, t('Done')))),
    view.element)

  function follow() {
    const now = read()
    view.show(now)
    for (const { side, field } of fields) if (document.activeElement !== field || Number(field.value) !== now[side]) field.value = String(now[side])
  }

  element.addEventListener('keydown', event => {
    event.stopPropagation()
    if (event.key === 'Escape' && view.callOff()) event.preventDefault()
    else if ((event.ctrlKey || event.metaKey) && !event.altKey && ['z', 'y'].includes(event.key.toLowerCase()) && !(event.target instanceof HTMLInputElement)) {
      event.preventDefault()
      editor.run(event.key.toLowerCase() === 'y' || event.shiftKey ? 'redo' : 'undo')
      follow()
    }
  })
  document.body.append(element)
  element.showModal()
  view.start()
  follow()
  await new Promise(resolve => {
    element.addEventListener('close', () => {
      view.dispose()
      element.remove()
      resolve(undefined)
    })
  })
}

/** @param {string} url @returns {Promise<HTMLImageElement>} */
async function load(url) {
  const image = new Image()
  image.src = url
  await image.decode()
  return image
}
