/** The panel of what the canvas looks like: colours, grid, links, nodes, and what floats over it. */
import { chooseFiles, saveText } from '../app/files.js'
import { allPalettes, dropPalette, keepPalette, paletteOf, readPalette, writePalette } from '../app/palettes.js'
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { themeOf } from '../view/palettes.js'
import { typeColour } from '../view/theme.js'
import { fill, h } from './dom.js'
import { languageChoice } from './language_choice.js'

/** @typedef {import('../app/settings.js').Preferences} Preferences */

/** @type {readonly (readonly [import('../app/settings.js').Switch, string, string, string?])[]} name, label, tip, command */
const SWITCHES = [
  ['dots', t('Dots of the grid'), t('The dots behind the graph')],
  ['minimap', t('Map'), t('The whole graph, small, in the corner'), 'minimap'],
  ['badges', t('Ids and sources'), t('A node’s number, and the pack that it is from')],
  ['guides', t('Lines while moving'), t('Moved nodes stand in line with their neighbours'), 'guides'],
  ['snaps', t('Keep to the grid'), t('Moved nodes keep to the grid, as with Shift'), 'snap_grid'],
  ['canvasInfo', t('Drawing times'), t('Frames a second and what a frame costs'), 'canvas_info'],
]

/** @type {readonly (readonly [import('../geometry/link_path.js').LinkShape, string, string])[]} name, label, tip */
const SHAPES = [
  ['spline', t('Curves'), t('Links as curves')], ['straight', t('Straight'), t('Links as straight lines')],
  ['elbow', t('Corners'), t('Links along the axes, with round corners')], ['hidden', t('Hidden'), t('Only the ends of links; those of a selected node are shown')],
]

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../app/settings.js').Settings} parts.settings
 * @param {import('./toasts.js').Toasts} parts.toasts
 * @param {{ current: () => 'dark' | 'light' }} parts.colours
 * @param {import('../api/client.js').Client['languages']} parts.languages
 * @param {(file: File) => Promise<string>} parts.upload  gives the name of the stored picture
 * @returns {import('./drawer.js').Panel}
 */
export function viewPanel({ editor, settings, toasts, colours, languages, upload }) {
  return {
    id: 'view',
    title: t('View'),
    fill(body) {
      const content = h('div.body.scrolls.view')
      body.append(content)
      const language = languageChoice({ settings, languages })

      function draw() {
        const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.key
        fill(content, drawColours(), drawLinks(), drawSwitches(), drawOpacity(), drawEdgeSpeed(), drawBackdrop(), drawLanguage())
        if (focused) /** @type {HTMLElement | null} */ (content.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus()
      }

      function drawColours() {
        const { theme } = settings.values
        const chosen = paletteOf(settings)
        return [
          h('h3', { id: 'view-colours' }, t('Colours')),
          h('div.segments', { role: 'group', 'aria-labelledby': 'view-colours' }, /** @type {const} */ ([['system', t('As the system')], ['dark', t('Dark')], ['light', t('Light')]]).map(([value, label]) =>
            h('button', { type: 'button', 'aria-pressed': String(theme === value), 'data-key': value, onclick: () => settings.set('theme', value) }, label))),
          h('div.palettes', { role: 'group', 'aria-label': t('Palette') }, allPalettes(settings).map(palette => h('div.palette', {},
            h('button.choose', { type: 'button', 'aria-pressed': String(palette.id === chosen.id), 'data-key': palette.id, onclick: () => settings.set('palette', palette.id === 'easel' ? '' : palette.id) },
              sample(palette), h('span', {}, palette.label)),
            palette.id.startsWith('own:') && h('button.act', { type: 'button', 'aria-label': t('Remove {name}', { name: palette.label }), 'data-tip': t('Remove this palette'), onclick: () => remove(palette) }, icon('trash', 14))))),
          h('div.tools', {},
            h('button', { type: 'button', 'data-tip': t('A palette of Easel or ComfyUI, as JSON'), onclick: () => void bringIn() }, icon('upload'), t('From a file')),
            h('button', { type: 'button', 'data-tip': t('This palette as a JSON file, to change or to share'), onclick: () => saveText(`${chosen.label}.palette.json`, writePalette(chosen)) }, icon('download'), t('To a file'))),
        ]
      }

      /** @param {import('../view/palettes.js').Palette} palette */
      function sample(palette) {
        const theme = themeOf(palette, colours.current())
        const mark = h('span.sample', {}, ['MODEL', 'CONDITIONING', 'IMAGE'].map(type => {
          const dot = h('i')
          dot.style.background = typeColour(theme, type)
          return dot
        }))
        Object.assign(mark.style, { background: theme.canvas, borderColor: theme.edge, boxShadow: `inset 0 -6px ${theme.accent}` })
        return mark
      }

      /** @param {import('../view/palettes.js').Palette} palette */
      function remove(palette) {
        dropPalette(settings, palette.id)
        toasts.show({ key: 'palette', text: t('Removed the palette {name}.', { name: palette.label }), action: { label: t('Undo'), run: () => keepPalette(settings, palette) } })
      }

      async function bringIn() {
        const [file] = await chooseFiles('.json,application/json')
        if (!file) return
        try {
          keepPalette(settings, readPalette(await file.text()))
        } catch (error) {
          toasts.show({ key: 'palette', tone: 'error', text: t('{name} could not be taken.', { name: file.name }), detail: /** @type {Error} */ (error).message })
        }
      }

      function drawLinks() {
        const { linkShape } = settings.values
        return [
          h('h3', { id: 'view-links' }, t('Links')),
          h('div.segments', { role: 'group', 'aria-labelledby': 'view-links' }, SHAPES.map(([shape, label, tip]) =>
            h('button', { type: 'button', 'aria-pressed': String(linkShape === shape), 'data-key': shape, 'data-tip': tip, onclick: () => settings.set('linkShape', shape) }, label))),
        ]
      }

      function drawSwitches() {
        return [h('h3', {}, t('Canvas')), SWITCHES.map(([name, label, tip, command]) => {
          const keys = command ? editor.commands.keysOf(command)[0] : undefined
          return h('label.switch', { 'data-tip': tip, 'data-keys': keys }, h('span', {}, label),
            h('input', { type: 'checkbox', role: 'switch', 'data-key': name, checked: settings.values[name], onchange: (/** @type {any} */ event) => settings.set(name, event.target.checked) }))
        })]
      }

      function drawOpacity() {
        const percent = Math.round(settings.values.nodeOpacity * 100)
        const told = h('span.number', {}, `${percent}%`)
        return h('label.slide', { 'data-tip': t('How much of the grid and the links shows through nodes') }, h('span', {}, t('Node opacity')),
          h('input', {
            type: 'range', min: 30, max: 100, step: 5, value: String(percent), 'data-key': 'opacity', 'aria-label': t('Node opacity, percent'),
            oninput: (/** @type {any} */ event) => editor.setLook({ nodeOpacity: Number(event.target.value) / 100 }),
            onchange: (/** @type {any} */ event) => settings.set('nodeOpacity', Number(event.target.value) / 100),
          }), told)
      }

      function drawEdgeSpeed() {
        const percent = Math.round(settings.values.edgeSpeed * 100)
        const told = h('span.number', {}, percent ? `${percent}%` : t('off'))
        return h('label.slide', { 'data-tip': t('How fast the view goes along with what is dragged to its edge') }, h('span', {}, t('Edge speed')),
          h('input', {
            type: 'range', min: 0, max: 300, step: 25, value: String(percent), 'data-key': 'edge', 'aria-label': t('Edge speed, percent'),
            oninput: (/** @type {any} */ event) => { told.textContent = event.target.value === '0' ? t('off') : `${event.target.value}%` },
            onchange: (/** @type {any} */ event) => settings.set('edgeSpeed', Number(event.target.value) / 100),
          }), told)
      }

      function drawBackdrop() {
        const { backdrop } = settings.values
        return [h('h3', {}, t('Picture behind the graph')),
          backdrop ? h('p.path', { 'data-tip': backdrop }, backdrop) : null,
          h('div.tools', {},
            h('button', { type: 'button', 'data-key': 'backdrop', 'data-needs': 'write', onclick: () => void chooseBackdrop() }, icon('image'), backdrop ? t('Another') : t('Choose a picture')),
            backdrop ? h('button', { type: 'button', onclick: () => settings.set('backdrop', '') }, t('None')) : null)]
      }

      function drawLanguage() {
        return [h('h3', {}, t('Language')), h('div.tools', {}, language)]
      }

      async function chooseBackdrop() {
        const [file] = await chooseFiles('image/*')
        if (!file) return
        try {
          settings.set('backdrop', await upload(file))
        } catch (error) {
          toasts.show({ key: 'backdrop', tone: 'error', text: t('{name} could not be taken.', { name: file.name }), detail: /** @type {Error} */ (error).message })
        }
      }

      draw()
      return settings.listen(draw)
    },
  }
}
