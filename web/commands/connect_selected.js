/**
 * Links among the selected nodes without aiming at a socket: each node feeds the next one to its right, where an input that
 * fits is free.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('./core.js').Command} Command
 */
import { t } from '../language/t.js'
import { connect } from './connect.js'
import { selectedNodes } from './context.js'
import { bestPair } from './links.js'

/** @param {Context} context */
export function connectSelected(context) {
  const nodes = selectedNodes(context).sort((a, b) => a.pos[0] - b.pos[0] || a.pos[1] - b.pos[1])
  const made = context.store.transact(t('Connect'), () => nodes.slice(1).flatMap((to, index) => {
    const from = nodes[index]
    const ends = from && bestPair(context, from, to)
    const held = ends && ends.into.index >= 0 && context.graph.linkInto(to, ends.into.index)
    return ends && !held ? connect(context, ends.out, ends.into) ?? [] : []
  }))
  if (!made.length) context.notify(t('Nothing was linked: no output of these nodes fits a free input of the next one to the right'))
}

/** @type {readonly Command[]} */
export const CONNECT_COMMANDS = [
  { id: 'connect_selected', label: t('Link the selected nodes'), keys: ['Alt+L'], enabled: (context) => selectedNodes(context).length > 1, run: connectSelected }
]
