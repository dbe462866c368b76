/**
 * Nodes and frames in a colour of the palette, one of their own, or none.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('./core.js').Command} Command
 * @typedef {import('../model/node_colours.js').NodeColour} NodeColour
 * @typedef {import('../model/types.js').RecordId} RecordId
 */
import { t } from '../language/t.js'
import { NODE_COLOURS } from '../model/node_colours.js'

/** @param {Context} context @param {Iterable<RecordId>} ids @param {NodeColour | string | null} colour of the palette, `#rrggbb`, or null for none */
export function setColour({ store }, ids, colour) {
  const { head, body, frame } = typeof colour === 'object' && colour ? colour : { head: colour, body: colour, frame: colour }
  store.transact(colour ? t('Colour') : t('Remove the colour'), () => {
    for (const id of ids) {
      const record = store.get(id)
      if (record?.kind === 'node') store.update(id, { color: head, bgcolor: body })
      else if (record?.kind === 'group') store.update(id, { color: frame })
    }
  })
}

/** @param {Context} context @param {NodeColour | null} colour */
function allHave({ store, selection }, colour) {
  const coloured = [...selection].flatMap((id) => {
    const record = store.get(id)
    return record?.kind === 'node' ? record.color === (colour?.head ?? null) : record?.kind === 'group' ? record.color === (colour?.frame ?? null) : []
  })
  return coloured.length > 0 && coloured.every(Boolean)
}

/** @param {Context} context */
const canHave = ({ store, selection }) => [...selection].some((id) => store.node(id) || store.group(id))

/** @type {readonly Command[]} */
export const COLOUR_COMMANDS = [
  {
    id: 'colour_none', label: t('No colour'), keys: [], enabled: canHave, checked: (context) => allHave(context, null),
    run: (context) => setColour(context, context.selection, null)
  },
  ...NODE_COLOURS.map((colour) => /** @type {Command} */ ({
    id: `colour_${colour.id}`, label: t('Colour: {name}', { name: colour.title.toLowerCase() }), keys: [], enabled: canHave,
    checked: (context) => allHave(context, colour), run: (context) => setColour(context, context.selection, colour)
  })),
  { id: 'colour_own', label: t('Colour: another one'), keys: [], enabled: canHave, run: (context) => context.emit('own-colour', { ids: [...context.selection] }) },
  {
    id: 'colour', label: t('Colour'), keys: [], enabled: canHave, hidden: true,
    run: (context, args) => setColour(context, args?.ids ?? context.selection, typeof args?.colour === 'string' ? args.colour : null)
  }
]
