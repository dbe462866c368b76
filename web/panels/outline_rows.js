/**
 * The rows of the tree of a graph: nodes in reading order, and under an open one its problems, inputs, widgets and outputs,
 * each with what a screen reader says of it.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../commands/link_choices.js').LinkChoice['own'] & { widget: string | null }} Socket
 *
 * @typedef {object} Row
 * @property {string} id
 * @property {1 | 2} level
 * @property {'node' | 'leave' | 'enter' | 'problem' | 'input' | 'output' | 'widget'} kind
 * @property {string} node
 * @property {string} name
 * @property {string} aside
 * @property {string} says  the whole row in words
 * @property {boolean | null} open  null for a row with nothing under it
 * @property {number} place  among its siblings, from 1
 * @property {number} of  how many those are
 * @property {Socket} [socket]
 * @property {string} [widget]
 */
import { socketsOf } from '../commands/links.js'
import { t } from '../language/t.js'
import { choiceText } from '../model/value_text.js'
import { humanise } from '../model/words.js'
import { stateWord } from './state_word.js'

/**
 * @param {object} parts
 * @param {Editor} parts.editor
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../app/names.js').Names} parts.names
 * @param {ReadonlySet<string>} parts.open  nodes
 * @param {string} parts.words  nodes whose title or type has none of these are left out
 * @returns {Row[]}
 */
export function outlineRows({ editor, session, names, open, words }) {
  const wanted = words.toLowerCase().split(/\s+/u).filter(Boolean)
  const nodes = editor.graph.nodes(editor.graphId)
    .filter(node => wanted.every(word => `${names.titleOf(node)} ${node.type} #${node.key}`.toLowerCase().includes(word)))
    .toSorted((left, right) => left.pos[0] - right.pos[0] || left.pos[1] - right.pos[1])
  /** @type {Row[]} */
  const rows = []
  if (editor.graphId !== '') {
    const title = t('Go out of the subgraph')
    rows.push({ id: 'leave', level: 1, kind: 'leave', node: '', name: title, aside: '', says: title, open: null, place: 1, of: nodes.length + 1 })
  }
  const before = rows.length
  nodes.forEach((node, index) => {
    const name = names.titleOf(node)
    const state = stateWord(node, session.status(names.promptId(node.id) ?? ''), session.notices(node.id))
    const isOpen = open.has(node.id)
    rows.push({
      id: node.id, level: 1, kind: 'node', node: node.id, name, aside: state || `#${node.key}`, says: [name, state, `#${node.key}`].filter(Boolean).join(', '),
      open: isOpen, place: index + 1 + before, of: nodes.length + before,
    })
    if (isOpen) rows.push(...inside({ editor, session, names }, node))
  })
  return rows
}

/** @param {{ editor: Editor, session: import('../model/session.js').Session, names: import('../app/names.js').Names }} parts @param {NodeRecord} node @returns {Row[]} */
function inside({ editor, session, names }, node) {
  /** @type {Omit<Row, 'place' | 'of' | 'level' | 'open' | 'node'>[]} */
  const rows = []
  const { error } = session.status(names.promptId(node.id) ?? '')
  const sentences = [...(error ? [error.message] : []), ...session.notices(node.id).map(notice => notice.message)]
  sentences.forEach((sentence, index) => rows.push({ id: `${node.id} ! ${index}`, kind: 'problem', name: sentence, aside: '', says: t('Problem: {sentence}', { sentence }) }))
  if (editor.commands.get('enter_subgraph') && editor.graph.definition(node.type)) {
    const title = t('Open the subgraph')
    rows.push({ id: `${node.id} enter`, kind: 'enter', name: title, aside: '', says: title })
  }
  const sockets = socketsOf(editor, node)
  const title = (/** @type {NodeRecord | undefined} */ other) => (other ? names.titleOf(other) : t('the subgraph’s edge'))
  for (const socket of sockets.filter(({ side }) => side === 'in')) {
    const link = socket.index >= 0 ? editor.graph.linkInto(node, socket.index) : undefined
    if (socket.widget && !link) continue // its value is a row of its own
    const name = humanise(socket.name)
    const aside = link ? t('from {title}', { title: title(editor.graph.source(link)) }) : t('no link')
    rows.push({ id: `${node.id} < ${socket.name}`, kind: 'input', name, aside, says: t('Input {name}, {state}', { name, state: aside }), socket })
  }
  for (const widget of editor.widgets(node.id)) {
    if (names.isLinked(node.id, widget.name)) continue
    const name = humanise(widget.label || widget.name)
    const value = typeof widget.value === 'boolean' ? (widget.value ? t('on') : t('off')) : choiceText(widget.spec, widget.value ?? '').slice(0, 80)
    rows.push({ id: `${node.id} ${widget.name}`, kind: 'widget', name, aside: value, says: t('{name}: {value}', { name, value: value || t('empty') }), widget: widget.name })
  }
  for (const socket of sockets.filter(({ side }) => side === 'out')) {
    const links = socket.index >= 0 ? editor.graph.linksFrom(node, socket.index) : []
    const name = humanise(socket.name)
    const aside = links.length ? t('to {titles}', { titles: [...new Set(links.map(link => title(editor.graph.reader(link))))].join(', ') }) : t('no link')
    rows.push({ id: `${node.id} > ${socket.index} ${socket.name}`, kind: 'output', name, aside, says: t('Output {name}, {state}', { name, state: aside }), socket })
  }
  return rows.map((row, index) => ({ ...row, node: node.id, level: 2, open: null, place: index + 1, of: rows.length }))
}
