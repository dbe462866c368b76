/** All that is known of a node type in words: what it does, what it takes and gives, with its limits. */
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { categoryWords, humanise } from '../model/words.js'
import { openDialog } from './dialog.js'
import { fill, h } from './dom.js'
import { drawSample } from './node_sample.js'
import { noteView } from './note_view.js'
import { tagOf } from './search.js'

/**
 * @typedef {import('../model/schema.js').NodeType} NodeType
 * @param {NodeType} type
 * @param {object} parts
 * @param {(type: string) => string} parts.colorOf
 * @param {{ theme: import('../view/theme.js').Theme, pictures: import('../view/pictures.js').Pictures }} parts.drawing
 * @param {() => Promise<{ words?: string, example: any, pictures: string | null, origin: { pack: string | null } } | null>} parts.page  what the server has of it
 * @param {(graph: unknown) => boolean} parts.insert  puts an example on the canvas
 */
export function openNodeHelp(type, { colorOf, drawing, page, insert }) {
  const sample = h('canvas.node-sample', { role: 'img', 'aria-label': t('The node {title}', { title: type.title }) })
  drawSample(sample, type, { ...drawing, width: 300 })
  const about = h('div.about-node', {}, (type.description || t('Its author wrote nothing about it.')).split(/\n\s*\n/u).map(part => h('p', {}, part)))
  const acts = h('div.acts')
  const dialog = openDialog(type.title, [h('div.node-help', {},
    h('div.shown', {}, sample),
    h('div.told', {},
      h('p.path', {}, [categoryWords(type.category), type.name].filter(Boolean).join(' · '), ' ', tagOf(type)),
      about, acts,
      type.later ? h('p', {}, t('Not in this version yet: it needs support for {what}.', { what: type.later })) : null,
      section(t('Inputs'), type.inputs.map(input => ({
        name: humanise(input.label || input.name), type: input.type, about: input.tooltip, facts: [limits(input.widget), input.optional ? t('optional') : ''].filter(Boolean).join(', '),
      })), colorOf),
      section(t('Outputs'), type.outputs.map(output => ({ name: humanise(output.name), type: output.type, about: output.tooltip, facts: output.list ? t('a list') : '' })), colorOf)))], { wide: true })
  void page().then(found => {
    if (!found) return
    const words = found.words?.trim() ?? ''
    if (words && words !== type.description.trim() && (found.origin.pack || !type.english)) fill(about, noteView(words, { pictures: found.pictures }))
    if (found.example) acts.append(h('button.plain', { type: 'button', onclick: () => { dialog.close(); insert(found.example) } }, icon('add', 14), t('Insert its example')))
  })
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
