/**
 * Node types that live in the page only: notes, the old reroute node, and the primitive that feeds widgets.
 *
 * @typedef {import('./schema.js').NodeType} NodeType
 */

/** @param {string} name @param {string} title @param {Partial<NodeType>} more @returns {NodeType} */
const virtual = (name, title, more) => ({
  name, title, category: 'utils', description: '', module: 'easel', inputs: [], outputs: [], output: false,
  deprecated: false, experimental: false, later: '', aliases: [], virtual: true, picture: false, ...more
})

/** @returns {import('./schema.js').InputSpec} */
const noteText = () => ({
  name: 'text', type: 'STRING', label: '', optional: false, socketless: true, forced: false, tooltip: '', advanced: false,
  widget: { kind: 'text', default: '', multiline: true, placeholder: 'A note', dynamicPrompts: false }
})

export const NOTE_TYPES = new Set(['Note', 'MarkdownNote'])

/** @type {readonly NodeType[]} */
export const VIRTUAL_TYPES = [
  virtual('Note', 'Note', { inputs: [noteText()], aliases: ['comment', 'sticky'] }),
  virtual('MarkdownNote', 'Markdown note', { inputs: [noteText()], aliases: ['comment'] }),
  virtual('Reroute', 'Reroute', {
    description: 'Passes a link on, to lay its line elsewhere.',
    inputs: [{
      name: '', type: '*', label: '', optional: true, widget: null, socketless: false, forced: false, tooltip: '',
      advanced: false
    }],
    outputs: [{ name: '', type: '*', list: false, tooltip: '' }]
  }),
  virtual('PrimitiveNode', 'Primitive', {
    description: 'One value that feeds the widgets it is linked to.',
    outputs: [{ name: 'connect to widget input', type: '*', list: false, tooltip: '' }]
  })
]
