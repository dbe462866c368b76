/** The mask editor's tools and options as HTML. It writes the settings and asks for what concerns the whole mask. */
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { fill, h } from '../panels/dom.js'
import { clampSize, COLOURS, LARGEST } from './settings.js'

/** @type {readonly {name: import('./settings.js').ToolName, label: string, key: string, sign: string}[]} */
export const TOOLS = [
  { name: 'brush', label: t('Brush'), key: 'B', sign: 'brush' },
  { name: 'eraser', label: t('Eraser'), key: 'E', sign: 'eraser' },
  { name: 'bucket', label: t('Fill what is alike'), key: 'G', sign: 'bucket' },
  { name: 'lasso', label: t('Lasso'), key: 'L', sign: 'lasso' },
  { name: 'rectangle', label: t('Rectangle'), key: 'R', sign: 'marquee' }
]

/** @typedef {'invert' | 'clear' | 'grow' | 'shrink' | 'feather'} WholeName */

/**
 * @param {object} parts
 * @param {import('./settings.js').MaskSettings} parts.settings
 * @param {() => void} parts.changed a setting
 * @param {() => void} parts.look the mask's colour or strength
 * @param {(name: WholeName) => void} parts.whole
 */
export function createControls({ settings, changed, look, whole }) {
  const buttons = TOOLS.map(({ name, label, key, sign }) => h('button', {
    type: 'button', 'aria-label': label, 'data-tip': label, 'data-keys': key, dataset: { tool: name },
    onclick: () => {
      settings.tool = name
      changed()
    }
  }, icon(sign)))
  const tools = h('div.tools', { role: 'toolbar', 'aria-label': t('Tools') }, buttons)

  /** @type {(() => void)[]} */
  const followers = []
  /**
   * @param {string} label @param {string} tip @param {{min: number, max: number, step?: number, unit: string, get: () => number, set: (value: number) => void, log?: boolean, after?: () => void}} range
   */
  const slider = (label, tip, { min, max, step = 1, unit, get, set, log = false, after = changed }) => {
    const toShare = (/** @type {number} */ value) => (log ? (Math.log(value / min) / Math.log(max / min)) * 1000 : value)
    const toValue = (/** @type {number} */ share) => (log ? min * (max / min) ** (share / 1000) : share)
    const input = h('input', { type: 'range', min: log ? 0 : min, max: log ? 1000 : max, step: log ? 1 : step, 'aria-label': label })
    const output = h('output.number')
    input.addEventListener('input', () => {
      set(toValue(Number(input.value)))
      after()
      follow()
    })
    const follow = () => {
      const value = get()
      if (Math.abs(Number(input.value) - toShare(value)) > 0.5) input.value = String(Math.round(toShare(value)))
      output.textContent = `${Math.round(value)}${unit}`
      input.setAttribute('aria-valuetext', output.textContent)
    }
    followers.push(follow)
    return h('label.option', { 'data-tip': tip }, h('span', {}, label), output, input)
  }

  const brush = h('section', { 'aria-label': t('Brush') },
    slider(t('Size'), t('Across, in pixels of the picture. [ and ] or Alt and the wheel change it too.'), {
      min: 1, max: LARGEST, unit: ' px', log: true, get: () => settings.size, set: (value) => { settings.size = clampSize(value) }
    }),
    slider(t('Hardness'), t('How sharp the edge is.'), {
      min: 0, max: 100, unit: '%', get: () => settings.hardness * 100, set: (value) => { settings.hardness = value / 100 }
    }),
    slider(t('Opacity'), t('How much of a pixel one stroke selects.'), {
      min: 1, max: 100, unit: '%', get: () => settings.opacity * 100, set: (value) => { settings.opacity = value / 100 }
    }))
  const everywhere = h('input', { type: 'checkbox', checked: settings.everywhere })
  everywhere.addEventListener('change', () => {
    settings.everywhere = everywhere.checked
    changed()
  })
  const bucket = h('section', { 'aria-label': t('Fill what is alike') },
    slider(t('Tolerance'), t('How far a colour may be from the one that you click.'), {
      min: 0, max: 255, unit: '', get: () => settings.tolerance, set: (value) => { settings.tolerance = value }
    }),
    h('label.check', {}, everywhere, t('What is not connected too')))
  const outline = h('p.note', {}, t('Drag round what you want. The right button lets go of it instead.'))

  const colours = COLOURS.map((colour) => h('button.colour', {
    type: 'button', 'aria-label': t('Show the mask in {colour}', { colour }), style: `--colour: ${colour}`,
    onclick: () => {
      settings.colour = colour
      look()
      changed()
    }
  }))
  const shown = h('section', { 'aria-label': t('How the mask is shown') },
    h('h3', {}, t('Shown as')),
    h('div.colours', {}, colours),
    slider(t('Strength'), t('How strongly the mask is shown over the picture. It changes nothing of it.'), {
      min: 5, max: 100, unit: '%', get: () => settings.shown * 100, set: (value) => { settings.shown = value / 100 }, after: () => { look(); changed() }
    }))

  const act = (/** @type {WholeName} */ name, /** @type {string} */ label, /** @type {string} */ tip, /** @type {string} */ keys = '') =>
    h('button.plain', { type: 'button', 'data-tip': tip, ...(keys ? { 'data-keys': keys } : {}), onclick: () => whole(name) }, label)
  const all = h('section', { 'aria-label': t('The whole mask') },
    h('h3', {}, t('The whole mask')),
    h('div.pair', {}, act('invert', t('Invert'), t('Select what was not selected'), 'Ctrl+I'), act('clear', t('Clear'), t('Select nothing'), 'Delete')),
    slider(t('Outline by'), t('By how many pixels the outline is moved or softened.'), {
      min: 1, max: 100, unit: ' px', get: () => settings.amount, set: (value) => { settings.amount = value }
    }),
    h('div.pair', {}, act('grow', t('Grow'), t('Move the outline out')), act('shrink', t('Shrink'), t('Move the outline in')), act('feather', t('Soften'), t('Make the edge soft'))))

  const options = h('div.options.scrolls')
  /** @type {unknown} */
  let shownFor = null
  /** Show what the settings are now. */
  const follow = () => {
    for (const each of followers) each()
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.tool === settings.tool))
    colours.forEach((button, index) => button.setAttribute('aria-pressed', String(COLOURS[index] === settings.colour)))
    if (shownFor === settings.tool) return
    shownFor = settings.tool
    const own = settings.tool === 'bucket' ? bucket : settings.tool === 'brush' || settings.tool === 'eraser' ? brush : outline
    fill(options, h('h3', {}, TOOLS.find(({ name }) => name === settings.tool)?.label), own, all, shown)
  }
  return { tools, options, follow }
}
