/** All that is known of a node type in words: what it does, what it takes and gives, with its limits. */
import { many, t } from '../language/t.js'
import { categoryWords, humanise } from '../model/words.js'
import { openDialog } from './dialog.js'
import { h } from './dom.js'
import { drawSample } from './node_sample.js'
import { tagOf } from './search.js'

/**
 * @typedef {import('../model/schema.js').NodeType} NodeType
 * @param {NodeType} type
 * @param {object} parts
 * @param {(type: string) => string} parts.colorOf
 * @param {{ theme: import('../view/theme.js').Theme, pictures: import('../view/pictures.js').Pictures }} parts.drawing
 */
export function openNodeHelp(type, { colorOf, drawing }) {
  const sample = h('canvas.node-sample', { role: 'img', 'aria-label': t('The node {title}', { title: type.title }) })
  drawSample(sample, type, { ...drawing, width: 300 })
  const about = type.description || t('Its author wrote nothing about it.')
  openDialog(type.title, [h('div.node-help', {},
    h('div.shown', {}, sample),
    h('div.told', {},
      h('p.path', {}, [categoryWords(type.category), type.name].filter(Boolean).join(' · '), ' ', tagOf(type)),
      about.split(/\n\s*\n/u).map(part => h('p', {}, part)),
      type.later ? h('p', {}, t('Not in this version yet: it needs support for {what}.', { what: type.later })) : null,
      section(t('Inputs'), type.inputs.map(input => ({
        name: humanise(input.label || input.name), type: input.type, about: input.tooltip, facts: [limits(input.widget), input.optional ? t('optional') : ''].filter(Boolean).join(', '),
      })), colorOf),
      section(t('Outputs'), type.outputs.map(output => ({ name: humanise(output.name), type: output.type, about: output.tooltip, facts: output.list ? t('a list') : '' })), colorOf)))], { wide: true })
}

/** @param {string} title @param {readonly { name: string, type: string, about: string, facts: string }[]} rows @param {(type: string) => string} colorOf */
function section(title, rows, colorOf) {
  if (!rows.length) return null
  return [h('h3', {}, title), h('dl.explained', {}, rows.map(({ name, type, about, facts }) => {
    const mark = h('i.socket')
    mark.style.color = colorOf(type)
    return h('div', {}, h('dt', {}, mark, ' ', name || t('any'), h('span.quiet', {}, ` ${[type.toLowerCase(), facts].filter(Boolean).join(', ')}`)), about ? h('dd', {}, about) : null)
  }))]
}

/** What a widget takes. @param {import('../model/schema.js').InputSpec['widget']} widget */
function limits(widget) {
  if (widget?.kind === 'number') return Math.abs(widget.max) > 1e12 ? t('{min} or more', { min: widget.min }) : t('{min} to {max}', { min: widget.min, max: widget.max })
  if (widget?.kind !== 'combo') return ''
  return many(widget.options.length, 'one choice', '{count} choices')
}
