/** How the server is, for the whole page: what is known of it, the sign in the bar, the panel. Not loaded late: it is wanted when the server is gone. */
import { t } from '../language/t.js'
import { KnownStatus } from './known.js'
import { openStatus } from './panel.js'
import { createSign } from './sign.js'

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../app/queue_feed.js').QueueFeed} parts.feed
 * @param {import('../model/session.js').Session} parts.session
 * @param {() => void} parts.goOn  lets the queue go on
 */
export function installStatus({ editor, client, feed, session, goOn }) {
  const known = new KnownStatus({ client, feed, session })
  const { button, said } = createSign(known, () => void editor.run('status'))
  /** @type {(() => void) | null} */
  let close = null
  editor.commands.register({
    id: 'status', label: t('How the server is'), keys: [],
    run: () => {
      const open = button.getAttribute('aria-expanded') === 'true'
      close?.()
      close = open ? null : openStatus({ known, anchor: button, goOn, run: command => void editor.run(command) })
    },
  })
  return { known, corner: [said, button] }
}
