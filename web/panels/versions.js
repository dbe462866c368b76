/**
 * The versions of the open graph, as the server keeps them by itself: what changed in each, compared with what is open, named,
 * restored as one step, opened as a graph of its own.
 *
 * @typedef {import('../api/documents.js').VersionInfo} VersionInfo
 * @typedef {import('../app/document.js').OpenGraph} OpenGraph
 */
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { diffGraphs } from '../model/graph_diff.js'
import { describe, summary } from '../model/graph_diff_words.js'
import { isObject } from '../model/json.js'
import { replaceDocument } from '../model/replace_document.js'
import { load } from '../model/workflow.js'
import { askText, openDialog } from './dialog.js'
import { diffViewOf } from './diff_view.js'
import { fill, h } from './dom.js'
import { openMenu } from './menu.js'
import { ago, clockTime, dayOf, exactTime } from './times.js'

const PAGE = 100
const NAMED_CHANGES = 2
const MINUTE = 60_000
const LONGEST_LABEL = 200
const SENT_PATIENCE = 15_000

/** Why a version came to be, where that says something. @type {Record<string, () => string>} */
const REASONS = { save: () => t('Saved'), restore: () => t('Restored'), conflict: () => t('Changed elsewhere'), open: () => t('Opened') }

/**
 * @param {object} parts
 * @param {OpenGraph} parts.graph
 * @param {import('../app/names.js').Names} parts.names
 * @param {import('./toasts.js').Toasts} parts.toasts
 * @param {HTMLElement} parts.stage
 * @returns {import('./drawer.js').Panel}
 */
export function versionsPanel({ graph, names, toasts, stage }) {
  const { editor, documents } = graph
  const view = diffViewOf({ editor, names, stage })
  /** What is between two versions, by their contents. @type {Map<string, string>} */
  const told = new Map()
  const titleOf = (/** @type {import('../model/types.js').NodeRecord} */ node) => names.titleOf(node)

  return {
    id: 'versions',
    title: t('Versions'),
    fill(body, close) {
      const list = h('div.body.scrolls.versions')
      const note = h('div.choosing', { role: 'status' })
      body.append(note, list, h('div.tools', {},
        h('button', { type: 'button', 'data-needs': 'write', 'data-tip': t('Give the graph as it is now a name: versions with a name stay for good'), onclick: () => void nameNow() }, icon('star'), t('Name this state'))))

      /** @type {VersionInfo[] | null} */
      let versions = null
      /** @type {number | null} */
      let next = null
      let failure = ''
      let shownId = graph.id
      let shownSent = graph.tab.sent
      let ended = false
      /** The first of two that are compared with each other. @type {VersionInfo | null} */
      let first = null
      const watcher = new IntersectionObserver(entries => {
        for (const { target, isIntersecting } of entries) if (isIntersecting && target instanceof HTMLElement) void tellChanges(target)
      }, { root: list })

      /** @param {{ more?: boolean }} [how] */
      async function read({ more = false } = {}) {
        const id = graph.id
        try {
          const found = await documents.versions(id, { limit: PAGE, ...(more && next ? { before: next } : {}) })
          if (ended || id !== graph.id) return
          versions = more ? [...(versions ?? []), ...found.versions] : found.versions
          next = found.next
          failure = ''
        } catch (error) {
          if (ended || id !== graph.id) return
          const absent = /** @type {{ status?: number }} */ (error).status === 404 // nothing was sent yet
          versions = absent ? [] : versions
          failure = absent ? '' : /** @type {Error} */ (error).message
        }
        draw()
      }

      function draw() {
        const at = focusedVersion()
        watcher.disconnect()
        fill(note, first ? [h('p', {}, t('Choose the version to compare with that of {time}.', { time: timeOf(first) })),
          h('button.link', { type: 'button', onclick: () => { first = null; draw() } }, t('Cancel'))] : null)
        /** @type {Map<string, HTMLElement[]>} */
        const days = new Map()
        versions?.forEach((version, index) => {
          const day = dayOf(version.time)
          const rows = days.get(day) ?? []
          rows.push(row(version, index))
          days.set(day, rows)
        })
        fill(list,
          failure ? h('p.none', { role: 'alert' }, failure, ' ', h('button.link', { type: 'button', onclick: () => void read() }, t('Try again'))) : null,
          versions === null && !failure ? h('p.none', {}, t('Reading the versions…')) : null,
          versions?.length === 0 ? h('p.none', {}, t('No versions yet: each change of this graph is kept here by itself.')) : null,
          [...days].map(([day, rows]) => [h('h3', {}, day), h('div', { role: 'list', 'aria-label': t('Versions: {day}', { day }) }, rows)]),
          next === null ? null : h('button.plain.more', { type: 'button', onclick: () => void read({ more: true }) }, t('Show older versions')))
        list.querySelectorAll('.version').forEach(element => watcher.observe(element))
        if (at !== null) rowOf(at)?.focus({ preventScroll: true })
      }

      /** @param {VersionInfo} version @param {number} index */
      function row(version, index) {
        const { version: number, time, label, reason, thumbnail, nodes } = version
        const why = REASONS[reason]?.()
        const newest = index === 0
        return h('div.version', { role: 'listitem', class: first?.version === number ? 'version chosen' : 'version', dataset: { version: String(number) } },
          h('button.open', {
            type: 'button', onclick: () => void choose(version), onkeydown: (/** @type {KeyboardEvent} */ event) => onKey(event, version),
            'aria-keyshortcuts': 'F2', 'data-tip': t('{time}. Compare it with what is open', { time: exactTime(time) }),
          },
            h('span.thumb', {}, thumbnail ? h('img', { src: documents.thumbnailUrl(shownId, number), alt: '', loading: 'lazy', draggable: 'false' }) : icon('nodes', 20)),
            h('span.words', {},
              h('span.title', {}, label ? h('strong', {}, label) : newest ? t('Newest') : ago(time)),
              h('span.small', {}, [label || newest ? ago(time) : clockTime(time), why, many(nodes, '{count} node', '{count} nodes')].filter(Boolean).join(' · ')),
              h('span.small.changes', {}))),
          h('button.act', { type: 'button', 'aria-label': t('More about the version of {time}', { time: timeOf(version) }), 'aria-haspopup': 'menu', 'data-tip': t('More'), onclick: (/** @type {Event} */ event) => menu(version, /** @type {HTMLElement} */ (event.currentTarget)) }, icon('more')))
      }

      /** The sentence of what changed since the version before, once its row is seen. @param {HTMLElement} element */
      async function tellChanges(element) {
        watcher.unobserve(element)
        const index = versions?.findIndex(({ version }) => String(version) === element.dataset.version) ?? -1
        const [version, before] = [versions?.[index], versions?.[index + 1]]
        const place = element.querySelector('.changes')
        if (!version || !place) return
        if (!before) {
          if (next === null) place.textContent = t('The first version')
          return
        }
        const key = `${before.hash} ${version.hash}`
        let words = told.get(key)
        if (words === undefined) {
          const id = graph.id
          const pair = await Promise.all([documents.version(id, before.version), documents.version(id, version.version)]).catch(() => null)
          if (!pair) return
          words = summary(diffGraphs(pair[0].workflow, pair[1].workflow, editor.schema), titleOf, NAMED_CHANGES)
          told.set(key, words)
        }
        place.textContent = words
        if (place instanceof HTMLElement) place.dataset.tip = words
      }

      /** @param {VersionInfo} version @returns {Promise<any | null>} its graph */
      async function contentOf(version) {
        try {
          const { workflow } = await documents.version(shownId, version.version)
          if (isObject(workflow) && Array.isArray(workflow.nodes)) return workflow
          throw new Error(t('What the server kept of it is no graph.'))
        } catch (error) {
          toasts.show({ key: 'version', tone: 'error', text: t('The version of {time} could not be read.', { time: timeOf(version) }), detail: /** @type {Error} */ (error).message })
          void read()
          return null
        }
      }

      /** @param {VersionInfo} version */
      async function choose(version) {
        if (first && first.version !== version.version) return compareTwo(first, version)
        const workflow = await contentOf(version)
        if (!workflow) return
        close()
        view.open({ before: workflow, name: version.label ? t('“{label}”, {time}', { label: version.label, time: timeOf(version) }) : t('the version of {time}', { time: timeOf(version) }), restore: () => restore(version, workflow), branch: () => branch(version, workflow) })
      }

      /** @param {VersionInfo} one @param {VersionInfo} other */
      async function compareTwo(one, other) {
        first = null
        draw()
        const [older, newer] = one.version < other.version ? [one, other] : [other, one]
        const [before, after] = [await contentOf(older), await contentOf(newer)]
        if (!before || !after) return
        const lines = describe(diffGraphs(before, after, editor.schema), titleOf)
        const dialog = openDialog(t('From {older} to {newer}', { older: timeOf(older), newer: timeOf(newer) }), [
          lines.length ? h('ul.differences', {}, ...lines.map(line => h('li', {}, line))) : h('p', {}, t('Both are the same.')),
          h('div.buttons', {}, h('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Close')),
            h('button.primary', { type: 'button', 'data-tip': t('Opens the newer one as a graph of its own'), onclick: () => {
              dialog.close()
              branch(newer, after)
              view.open({ before, name: t('the version of {time}', { time: timeOf(older) }) })
            } }, t('Show on the canvas'))),
        ], { wide: true })
      }

      /** @param {VersionInfo} version @param {any} workflow */
      function restore(version, workflow) {
        graph.flush() // what is there now is a version as well
        replaceDocument(editor.store, load(workflow).records, t('Restore the version of {time}', { time: timeOf(version) }))
        toasts.show({ key: 'version', tone: 'done', text: t('The graph is as it was {time}.', { time: ago(version.time) }), action: { label: t('Undo'), run: () => void editor.store.undo() } })
      }

      /** @param {VersionInfo} version @param {any} workflow */
      function branch(version, workflow) {
        const origin = `${shownId}:${version.version}`
        graph.open(workflow, { name: version.label ? `${graph.title} – ${version.label}` : t('{name} of {time}', { name: graph.title, time: timeOf(version) }), dirty: true, origin })
      }

      /** @param {VersionInfo} version @param {HTMLElement} anchor */
      function menu(version, anchor) {
        const having = (/** @type {(workflow: any) => void} */ work) => () => void contentOf(version).then(workflow => { if (workflow) work(workflow) })
        openMenu([
          { label: t('Compare with what is open'), icon: 'compare', run: () => void choose(version) },
          { label: t('Compare with another version'), icon: 'compare', enabled: (versions?.length ?? 0) > 1, run: () => { first = version; draw() } },
          'line',
          { label: t('Restore'), icon: 'undo', run: having(workflow => { restore(version, workflow); close() }) },
          { label: t('Open as a new tab'), icon: 'branch', run: having(workflow => { branch(version, workflow); close() }) },
          'line',
          { needs: 'write', label: version.label ? t('Rename') : t('Give it a name'), icon: 'pencil', keys: 'F2', run: () => void name(version) },
          ...(version.label ? [{ needs: 'write', label: t('Take its name away'), icon: 'close', run: () => void label(version, null) }] : []),
        ], anchor.getBoundingClientRect(), { label: t('The version of {time}', { time: timeOf(version) }) })
      }

      /** @param {VersionInfo} version */
      async function name(version) {
        const answer = await askText({ title: t('Name the version of {time}', { time: timeOf(version) }), label: t('Name'), value: version.label ?? '', verb: t('Name it'), check: tooLong })
        if (answer !== null) await label(version, answer)
      }

      /** @param {VersionInfo} version @param {string | null} words */
      async function label(version, words) {
        try {
          await documents.label(shownId, version.version, words)
        } catch (error) {
          toasts.show({ key: 'version', tone: 'error', text: t('The version could not be named.'), detail: /** @type {Error} */ (error).message })
        }
        await read()
      }

      async function nameNow() {
        const answer = await askText({ title: t('Name this state'), label: t('Name'), value: '', verb: t('Name it'), check: tooLong })
        if (answer === null) return
        const { tab } = graph
        if (!versions?.length && tab.turn <= tab.sent) {
          tab.turn += 1 // one that was only looked at has no version yet
          graph.writer.keep()
        }
        graph.flush()
        if (!(await whenSent(graph, tab))) {
          toasts.show({ key: 'version', tone: 'error', text: t('The version could not be named.'), detail: t('The server does not answer. Try again when it does.') })
          return
        }
        const [newest] = (await documents.versions(tab.id, { limit: 1 }).catch(() => ({ versions: [] }))).versions
        if (newest) await label(newest, answer)
      }

      /** @param {KeyboardEvent} event @param {VersionInfo} version */
      function onKey(event, version) {
        const buttons = [...list.querySelectorAll('.version .open')]
        const at = buttons.indexOf(/** @type {Element} */ (event.currentTarget))
        /** @type {Record<string, number>} */
        const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }
        const to = steps[event.key]
        if (to !== undefined) /** @type {HTMLElement | undefined} */ (buttons[Math.max(0, Math.min(to, buttons.length - 1))])?.focus()
        else if (event.key === 'F2') void name(version)
        else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) menu(version, /** @type {HTMLElement} */ (event.currentTarget))
        else return
        event.preventDefault()
        event.stopPropagation()
      }

      const focusedVersion = () => {
        const row = document.activeElement?.closest('.version')
        return row instanceof HTMLElement && list.contains(row) ? row.dataset.version ?? null : null
      }
      const rowOf = (/** @type {string} */ version) => /** @type {HTMLElement | null} */ (list.querySelector(`.version[data-version="${version}"] .open`))

      const off = graph.listen(() => {
        if (graph.id === shownId && graph.tab.sent === shownSent) return
        if (graph.id !== shownId) {
          versions = null
          first = null
        }
        shownId = graph.id
        shownSent = graph.tab.sent
        void read()
      })
      const timer = setInterval(draw, MINUTE)
      graph.flush()
      void read()
      return () => {
        ended = true
        off()
        clearInterval(timer)
        watcher.disconnect()
      }
    },
  }
}

/** @param {VersionInfo} version */
const timeOf = ({ time }) => {
  const today = dayOf(time) === dayOf(Date.now())
  return today ? clockTime(time) : `${dayOf(time)}, ${clockTime(time)}`
}

/** @param {string} label */
const tooLong = label => (label.length > LONGEST_LABEL ? t('A name has at most {count} letters.', { count: LONGEST_LABEL }) : null)

/** Resolves when the server has the tab as it is. @param {OpenGraph} graph @param {OpenGraph['tab']} tab @returns {Promise<boolean>} */
function whenSent(graph, tab) {
  const done = () => tab.sent >= tab.turn
  if (done()) return Promise.resolve(true)
  return new Promise(resolve => {
    const end = (/** @type {boolean} */ sent) => {
      clearTimeout(timer)
      off()
      resolve(sent)
    }
    const off = graph.listen(() => { if (done()) end(true) })
    const timer = setTimeout(() => end(false), SENT_PATIENCE)
  })
}
