/** The fields of one widget of a sweep: a text of numbers or words, a list to choose from, a switch's two sides. */
import { t } from '../language/t.js'
import { icon } from '../icons/icons.js'
import { showNumber } from '../model/number_text.js'
import { fill, h } from '../panels/dom.js'
import { bareName } from './texts.js'

/** Lists beyond this get a field to search them. */
const LONG = 8

/**
 * @param {object} parts
 * @param {import('./draft.js').Draft} parts.draft
 * @param {import('./draft.js').Target} parts.target
 */
export function targetFields({ draft, target }) {
  const widget = draft.widget(target)
  const label = draft.label(target)
  const name = `${draft.nodeTitle(target)} › ${label}`
  return h('div.target', { 'data-target': target.id },
    h('div.named', {}, h('span.name', { 'data-tip': name }, h('span.quiet', {}, draft.nodeTitle(target), ' › '), label),
      h('button.round', { type: 'button', 'aria-label': t('Take {name} out', { name: label }), 'data-tip': t('Take it out of the sweep'), onclick: () => draft.remove(target) }, icon('close', 13))),
    widget ? fields() : null)

  function fields() {
    const spec = /** @type {import('../model/widget_values.js').Widget} */ (widget).spec
    if (target.how === 'toggle' || target.how === 'choices') return choices(spec)
    if (spec.kind === 'number') {
      const seed = spec.seed ? t('4 random, or 1, 2, 3, or 3 seeds from 100') : t('Such as 1, 2, 5 or 1..8 step 0.5 or 4 values from 1 to 8')
      return [field(seed, 1), h('small.now', {}, t('Now {value}', { value: showNumber(widget?.value, spec) }))]
    }
    const many = h('div.segments', { role: 'group', 'aria-label': t('How {name} changes', { name: label }) },
      /** @type {const} */ ([['replace', t('Search and replace'), t('The first is looked for; each takes its place')], ['texts', t('Whole texts'), t('One on each line')]]).map(([how, words, tip]) =>
        h('button', { type: 'button', 'aria-pressed': String(target.how === how), 'data-tip': tip, onclick: () => draft.set(target, { how }) }, words)))
    const text = String(widget?.value ?? '')
    return [many, target.how === 'replace' ? field(t('red, green, blue'), 1) : field(t('One text on each line'), 4), target.how === 'replace' ? h('small.now', { 'data-tip': text.slice(0, 400) }, t('In: {text}', { text: text.replaceAll(/\s+/gu, ' ').slice(0, 120) })) : null]
  }

  /** @param {string} placeholder @param {number} rows */
  function field(placeholder, rows) {
    const element = h('textarea.field', {
      rows, placeholder, spellcheck: 'false', 'aria-label': t('Values of {name}', { name }), value: target.text,
      oninput: () => {
        draft.set(target, { text: element.value })
        grow()
      },
    })
    const grow = () => {
      element.style.height = 'auto'
      element.style.height = `${Math.min(240, element.scrollHeight + 2)}px`
    }
    return element
  }

  /** @param {import('../model/schema.js').WidgetSpec} spec */
  function choices(spec) {
    /** @type {[unknown, string][]} */
    const options = spec.kind === 'toggle' ? [[false, spec.off], [true, spec.on]] : spec.kind === 'combo' ? spec.options.map(option => [option, String(option)]) : []
    const boxes = h('div.boxes.scrolls', { role: 'group', 'aria-label': t('Values of {name}', { name }) })
    const search = h('input.field', { type: 'search', placeholder: t('Search'), 'aria-label': t('Search the values of {name}', { name }), oninput: draw })
    const all = (/** @type {boolean} */ on) => {
      const shown = new Set(visible().map(([value]) => value))
      draft.set(target, { chosen: on ? [...new Set([...target.chosen, ...shown])] : target.chosen.filter(value => !shown.has(value)) })
      draw()
    }
    function visible() {
      const words = search.value.toLowerCase().split(/\s+/u).filter(Boolean)
      return options.filter(([, text]) => words.every(word => text.toLowerCase().includes(word)))
    }
    function draw() {
      const found = visible().slice(0, 400)
      fill(boxes, found.length ? found.map(([value, text]) => h('label', { 'data-tip': text }, h('input', {
        type: 'checkbox', checked: target.chosen.includes(value),
        onchange: (/** @type {any} */ event) => draft.set(target, { chosen: event.target.checked ? [...target.chosen, value] : target.chosen.filter(each => each !== value) }),
      }), h('span', {}, bareName(text) || text))) : h('p.quiet', {}, t('Nothing has these words.')))
    }
    draw()
    return [options.length > LONG ? search : null, boxes,
      options.length > 2 ? h('div.all', {}, h('button.link', { type: 'button', onclick: () => all(true) }, t('All')), h('button.link', { type: 'button', onclick: () => all(false) }, t('None'))) : null]
  }
}
