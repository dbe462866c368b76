/** The panel of what the server and its worker say: the lines as they come, by level and words, to be copied. */
import { icon } from '../icons/icons.js'
import { language, many, numberText, t } from '../language/t.js'
import { clipboard } from '../commands/system_clipboard.js'
import { fill, h, setText } from './dom.js'

/** Lines that are drawn; more are found by their words. */
const SHOWN = 1500
const KEPT = 5000
/** Px from the end within which new lines are followed. */
const NEAR = 24

/** @typedef {{ seq: number, t: string, level: 'debug' | 'info' | 'warning' | 'error', from: 'server' | 'worker', m: string }} Line */

/** The levels that a choice lets through. @type {Record<string, readonly Line['level'][]>} */
const LEVELS = { all: ['debug', 'info', 'warning', 'error'], warning: ['warning', 'error'], error: ['error'] }

/**
 * @param {object} parts
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('./toasts.js').Toasts} parts.toasts
 * @param {() => void} parts.report  of a problem
 * @returns {import('./drawer.js').Panel}
 */
export function logPanel({ client, toasts, report }) {
  let wraps = true
  let level = 'all'
  return {
    id: 'log',
    title: t('Log'),
    size: 'wide',
    fill(body) {
      /** @type {Line[]} */
      let lines = []
      /** What came while it was paused. */
      let missed = 0
      let paused = false
      let ended = false
      const search = h('input.field', { type: 'search', placeholder: t('Search the log'), 'aria-label': t('Search the log'), oninput: () => draw() })
      const levels = h('select.field', { 'aria-label': t('Which lines'), onchange: () => { level = levels.value; draw() } },
        [['all', t('All lines')], ['warning', t('Warnings and errors')], ['error', t('Errors')]].map(([value, label]) => h('option', { value }, label)))
      levels.value = level
      const sources = h('select.field', { 'aria-label': t('Whose lines'), onchange: () => draw() },
        [['', t('Server and worker')], ['server', t('Server')], ['worker', t('Worker')]].map(([value, label]) => h('option', { value }, label)))
      const pauseButton = h('button', { type: 'button', onclick: () => setPaused(!paused) })
      const wrapButton = h('button', { type: 'button', 'data-tip': t('Long lines are broken, or run on'), onclick: () => { wraps = !wraps; drawTools() } }, t('Wrap'))
      const copyButton = h('button', { type: 'button', 'data-tip': t('Copy what is shown'), onclick: () => void copy() }, icon('copy', 14), t('Copy'))
      const list = h('div.lines', { role: 'log', 'aria-live': 'off', 'aria-label': t('Lines of the log'), tabindex: 0 })
      const told = h('p.told', { role: 'status' })
      const scroller = h('div.scrolls.log', {}, list)
      body.append(h('div.tools.log-tools', {}, search, levels, sources, pauseButton, wrapButton, copyButton), scroller, h('div.foot.log-foot', {}, told, h('button.link', { type: 'button', onclick: report }, t('Report a problem'))))

      /** Those that are wanted. @param {readonly Line[]} [of] */
      function found(of = lines) {
        const words = search.value.toLowerCase().split(/\s+/u).filter(Boolean)
        const wanted = LEVELS[level] ?? []
        return of.filter(line => wanted.includes(line.level) && (!sources.value || line.from === sources.value) && words.every(word => line.m.toLowerCase().includes(word)))
      }

      function draw() {
        const all = found()
        const shown = all.slice(-SHOWN)
        fill(list, shown.map(row), shown.length ? null : h('p.none', {}, lines.length ? t('No line is like that.') : t('Nothing has been said yet.')))
        if (!paused) toEnd()
        tell(all.length)
      }

      /** A worker that says much says it several times a second: what is there stays. @param {readonly Line[]} fresh */
      function append(fresh) {
        if (list.querySelector('.none')) return draw()
        list.append(...found(fresh).map(row))
        while (list.childElementCount > SHOWN) list.firstElementChild?.remove()
        toEnd()
        tell(found().length)
      }

      /** @param {number} count */
      function tell(count) {
        const parts = [many(count, 'one line', '{count} lines')]
        if (count > SHOWN) parts.push(t('the last {count} are shown', { count: numberText(SHOWN) }))
        if (missed) parts.push(many(missed, 'one new line', '{count} new lines'))
        setText(told, parts.join(' · '))
      }

      /** @param {Line} line */
      function row(line) {
        return h('div.line', { 'data-level': line.level, 'data-from': line.from },
          h('time', { datetime: line.t }, clock(line.t)), line.level === 'warning' || line.level === 'error' ? icon(line.level, 12) : h('i'),
          h('span', {}, line.from === 'worker' ? h('b', {}, t('worker'), ' ') : null, line.m.trimEnd()))
      }

      /** Where the list was scrolled to, and how tall it was, when that was last looked at. */
      let top = 0
      let tall = 0
      function measure() {
        top = scroller.scrollTop
        tall = scroller.scrollHeight
      }

      function toEnd() {
        scroller.scrollTop = scroller.scrollHeight
        measure()
      }

      function drawTools() {
        fill(pauseButton, icon(paused ? 'play' : 'pause', 14), paused ? t('Follow') : t('Pause'))
        pauseButton.setAttribute('aria-pressed', String(paused))
        wrapButton.setAttribute('aria-pressed', String(wraps))
        scroller.toggleAttribute('data-wraps', wraps)
      }

      /** @param {boolean} to */
      function setPaused(to) {
        paused = to
        missed = 0
        drawTools()
        if (!paused) draw()
      }

      async function copy() {
        const text = found().map(line => `${line.t} ${line.level} ${line.from}: ${line.m.trimEnd()}`).join('\n')
        await clipboard().writeText(text).then(
          () => toasts.show({ key: 'log', tone: 'done', text: t('Copied.') }),
          () => toasts.show({ key: 'log', tone: 'warning', text: t('The browser did not let the page use the clipboard') }))
      }

      async function read() {
        lines = []
        try {
          await subscribe(true) // first, so that nothing is said between the two
          /** @type {{ entries: Line[] }} */
          const { entries } = await client.json('/easel/log')
          if (ended) return
          const last = entries.at(-1)?.seq ?? 0
          lines = [...entries, ...lines.filter(line => line.seq > last)]
          draw()
        } catch (error) {
          if (!ended) fill(list, h('p.none', {}, /** @type {Error} */ (error).message), h('button.link', { type: 'button', onclick: () => void read() }, t('Try again')))
        }
      }

      /** @param {boolean} enabled */
      const subscribe = enabled => client.send('PATCH', '/internal/logs/subscribe', { clientId: client.clientId, enabled })

      /** @param {Line[]} more */
      function add(more) {
        const last = lines.at(-1)?.seq ?? 0
        const fresh = more.filter(line => line.seq > last)
        if (!fresh.length) return
        lines = [...lines, ...fresh].slice(-KEPT)
        if (paused) {
          missed += fresh.length
          tell(found().length)
        } else append(fresh)
      }

      scroller.addEventListener('scroll', () => {
        const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR
        // A list that became taller or shorter under the reader is no wish to stop; going up in it is one.
        const wentUp = scroller.scrollTop < top && scroller.scrollHeight === tall
        measure()
        if (!atEnd && !paused && wentUp) setPaused(true)
        else if (atEnd && paused && missed) setPaused(false)
      })
      // Lines take their true height when they come into view, and another one when the panel's width changes.
      const sized = new ResizeObserver(() => { if (!paused) toEnd() })
      sized.observe(list)
      sized.observe(scroller)
      const ends = [
        client.onEvent(({ type, data }) => { if (type === 'logs') add(data?.entries ?? []) }),
        client.onState(state => { if (state === 'open') void read() }), // another server may have begun anew
      ]
      drawTools()
      void read()
      return () => {
        ended = true
        sized.disconnect()
        ends.forEach(end => end())
        void subscribe(false).catch(() => undefined)
      }
    },
  }
}

const clocks = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })

/** @param {string} time */
const clock = time => clocks.format(new Date(time))
