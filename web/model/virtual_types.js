/**
 * Node types that live in the page only: notes, the old reroute node, and the primitive that feeds widgets.
 *
 * @typedef {import('./schema.js').NodeType} NodeType
 */
import { t } from '../language/t.js'

/** @param {string} name @param {string} title @param {Partial<NodeType>} more @returns {NodeType} */
const virtual = (name, title, more) => ({
  name, title, category: 'utils', description: '', module: 'easel', inputs: [], outputs: [], output: false,
  deprecated: false, experimental: false, later: '', aliases: [], virtual: true, picture: false, ...more
})

/** @returns {import('./schema.js').InputSpec} */
const noteText = () => ({
  name: 'text', type: 'STRING', label: '', optional: false, socketless: true, forced: false, tooltip: '', advanced: false,
  widget: { kind: 'text', default: '', multiline: true, placeholder: t('A note'), dynamicPrompts: false }
})

/** @param {import('./schema.js').WidgetSpec} widget @returns {import('./schema.js').InputSpec} */
const wireNameInput = (widget) => ({
  name: 'Constant', type: 'STRING', label: t('name'), optional: false, socketless: true, forced: false, tooltip: t('The name of the wire'), advanced: false, widget
})

/** A Get node that can take one of these names. @param {readonly string[]} names */
export const getType = (names) => virtual('GetNode', t('Get'), {
  english: 'Get',
  description: t('Gives out what the Set node of its name is given.'), aliases: ['take', 'wireless', 'anywhere', 'variable'],
  inputs: [wireNameInput({ kind: 'combo', default: '', options: names, upload: null, control: false, multiple: false, remote: false })],
  outputs: [{ name: '*', type: '*', list: false, tooltip: '' }]
})

export const NOTE_TYPES = new Set(['Note', 'MarkdownNote'])

/** @type {readonly NodeType[]} */
export const VIRTUAL_TYPES = [
  virtual('Note', t('Note'), { english: 'Note', inputs: [noteText()], aliases: ['comment', 'sticky'] }),
  virtual('MarkdownNote', t('Markdown note'), { english: 'Markdown note', inputs: [{ ...noteText(), widget: { kind: 'markdown', default: '', multiline: true, placeholder: t('A note in Markdown') } }], aliases: ['comment'] }),
  virtual('Reroute', t('Reroute'), {
    english: 'Reroute',
    description: t('Passes a link on, to lay its line elsewhere.'),
    inputs: [{
      name: '', type: '*', label: '', optional: true, widget: null, socketless: false, forced: false, tooltip: '',
      advanced: false
    }],
    outputs: [{ name: '', type: '*', list: false, tooltip: '' }]
  }),
  virtual('PrimitiveNode', t('Primitive'), {
    english: 'Primitive',
    description: t('One value that feeds the widgets it is linked to.'),
    outputs: [{ name: 'connect to widget input', type: '*', list: false, tooltip: '' }]
  }),
  virtual('SetNode', t('Set'), {
    english: 'Set',
    description: t('Sends what it is given by a name, without a line: Get nodes of that name give it out, here and in the subgraphs within.'),
    aliases: ['send', 'wireless', 'anywhere', 'variable'],
    inputs: [
      { name: '*', type: '*', label: '', optional: true, widget: null, socketless: false, forced: false, tooltip: '', advanced: false },
      wireNameInput({ kind: 'text', default: '', multiline: false, placeholder: t('A name'), dynamicPrompts: false })
    ],
    outputs: [{ name: '*', type: '*', list: false, tooltip: '' }]
  }),
  getType([])
]
