/** Sharing graphs as files: the commands, and the look at each graph that is opened. */
import { t } from '../language/t.js'
import { SharedCheck } from './check.js'

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../app/document.js').OpenGraph} parts.graph
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {import('../packs/known.js').KnownPacks} parts.packs
 * @param {() => Promise<typeof import('../app/later.js')>} parts.later
 */
export function installSharing({ editor, graph, client, toasts, packs, later }) {
  const show = async () => (await later()).showNeeds({ editor, check, toasts })
  const check = new SharedCheck({ client, toasts, packs, open: () => void show() })
  graph.onOpen.add(workflow => void check.look(workflow))
  editor.commands.register({ id: 'share_file', label: t('Share as a file…'), keys: [], run: () => void later().then(({ shareAsFile }) => shareAsFile({ editor, graph, client, toasts })) })
  editor.commands.register({ id: 'shared_needs', label: t('What this graph needs'), keys: [], run: () => { void check.look(editor.save(), { tell: false }); void show() } })
}
