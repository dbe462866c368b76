/** The command that makes a report of a problem; what went wrong in the page is remembered for it from the start. */
import { t } from '../language/t.js'
import { listenForErrors } from './heard.js'

/**
 * @param {Parameters<typeof import('./dialog.js').openReport>[0] & { later: () => Promise<typeof import('../app/later.js')> }} parts
 */
export function installReport({ later, ...parts }) {
  listenForErrors()
  parts.editor.commands.register({ id: 'report', label: t('Report a problem'), keys: [], run: () => void later().then(found => found.openReport(parts), () => parts.toasts.show({ key: 'report', tone: 'error', text: t('What makes the report could not be loaded: the server does not answer. Try again when it is back.') })) })
}
