/**
 * Commands of subgraphs: made, entered, left, unpacked; and of wires without lines.
 *
 * @typedef {import('./core.js').Full} Full
 * @typedef {import('./registry.js').Command<Full>} Command
 */
import { t } from '../language/t.js'
import { selectedNodes } from './context.js'
import { isGroupNode, unpackGroup } from './group_unpack.js'
import { makeUnique } from './subgraph_copy.js'
import { makeSubgraph } from './subgraph_make.js'
import { moveIn } from './subgraph_move_in.js'
import { moveOut } from './subgraph_move_out.js'
import { unpack } from './subgraph_unpack.js'
import { sendByName } from './wires.js'

/** The selected instances of subgraphs. @param {Full} context */
const instances = (context) => selectedNodes(context).filter((node) => context.graph.definition(node.type))
/** Selected nodes of the kind that came before subgraphs. @param {Full} context */
const groups = (context) => selectedNodes(context).filter((node) => isGroupNode(context, node))
/** @param {Full} context */
const some = (context) => instances(context).length > 0
/** The one selected instance that others are selected beside: they can go into it. @param {Full} context */
const taker = (context) => (context.selection.size > 1 && instances(context).length === 1 ? instances(context)[0] : undefined)
/** @param {Full} context */
const inside = ({ places }) => places.path.length > 0

/** @type {readonly Command[]} */
export const SUBGRAPH_COMMANDS = [
  {
    id: 'make_subgraph', label: t('Make a subgraph'), keys: ['Ctrl+Shift+E'], enabled: (context) => selectedNodes(context).length > 0,
    run: (context) => makeSubgraph(context, context.selection)
  },
  {
    id: 'unpack_subgraph', label: t('Unpack the subgraph'), keys: [], enabled: (context) => some(context) || groups(context).length > 0,
    run: (context) => context.store.transact(t('Unpack'), () => {
      const old = groups(context)
      context.select([...instances(context).flatMap((node) => unpack(context, node)), ...old.flatMap((node) => unpackGroup(context, node))])
    })
  },
  {
    id: 'enter_subgraph', label: t('Open the subgraph'), keys: ['Alt+Enter'], enabled: (context) => instances(context).length === 1,
    run: (context) => context.places.enter(instances(context)[0]?.id ?? '')
  },
  { id: 'leave_subgraph', label: t('Go out of the subgraph'), keys: ['Alt+Backspace'], enabled: inside, run: ({ places }) => places.leave() },
  { id: 'leave_all', label: t('Go to the whole graph'), keys: [], enabled: inside, run: ({ places }) => places.leave(Infinity) },
  {
    id: 'move_into_subgraph', label: t('Move into the subgraph'), keys: [], enabled: (context) => taker(context) !== undefined,
    run: (context) => {
      const instance = taker(context)
      if (instance) moveIn(context, [...context.selection].filter((id) => id !== instance.id), instance)
    }
  },
  {
    id: 'move_out_of_subgraph', label: t('Move out of the subgraph'), keys: [], enabled: (context) => inside(context) && selectedNodes(context).length > 0,
    run: (context) => {
      const instance = context.store.node(context.places.path.at(-1) ?? '')
      const came = instance ? moveOut(context, context.selection, instance) : []
      if (!came.length) return
      context.places.leave()
      context.select(came)
    }
  },
  {
    id: 'unique_subgraph', label: t('Make this subgraph unique'), keys: [], enabled: (context) => instances(context).length === 1,
    run: (context) => instances(context).forEach((node) => makeUnique(context, node))
  },
  {
    id: 'send_by_name', label: t('Send by name'), keys: [], enabled: (context) => selectedNodes(context).length === 1,
    run: (context) => {
      const node = selectedNodes(context)[0]
      const output = node && context.types.get(node.type)?.outputs[0]
      if (!node || !output) {
        context.notify(t('This node gives nothing that could be sent'))
        return
      }
      const rect = context.rectOf(node)
      const id = sendByName(context, { node: node.id, side: 'out', index: 0, name: output.name, type: output.type }, { x: rect.x + rect.w, y: node.pos[1] + 18 })
      if (id !== null) context.editWidget(id, 'Constant', { select: true })
    }
  }
]
