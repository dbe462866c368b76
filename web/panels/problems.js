/** The panel of problems: every node that cannot run or failed, with its sentence and the way to it. */
import { humanise } from '../model/words.js'
import { icon } from '../icons/icons.js'
import { fill, h } from './dom.js'

/**
 * @param {object} parts
 * @param {import('../model/session.js').Session} parts.session
 * @param {import('../app/names.js').Names} parts.names
 * @returns {import('./drawer.js').Panel}
 */
export function problemsPanel({ session, names }) {
  return {
    id: 'problems',
    title: 'Problems',
    fill(body) {
      const list = h('div.body.scrolls', { role: 'list' })
      body.append(list)
      function draw() {
        const found = problems(session)
        fill(list, found.length ? found.map(({ id, error }) => h('div.problem', { role: 'listitem' },
          h('div.head', {}, icon('error', 15), `${names.title(id)} #${id}`),
          error.message.split('\n').map(line => h('p', {}, error.input && !line.toLowerCase().includes(error.input.toLowerCase()) ? `${humanise(error.input)}: ${line}` : line)),
          h('button.link', { type: 'button', onclick: () => names.show(id) }, 'Show me'),
          error.detail ? h('details', {}, h('summary', {}, 'Details'), h('pre', { tabindex: 0 }, error.detail)) : null))
          : h('p.none', {}, 'No problems. What the next run finds is listed here.'))
      }
      draw()
      return session.listen(draw)
    },
  }
}

/** @param {import('../model/session.js').Session} session */
export function problems(session) {
  return [...session.ids()].flatMap(id => {
    const { error } = session.status(id)
    return error ? [{ id, error }] : []
  })
}
