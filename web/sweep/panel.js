/** The panel in which a sweep is put together: widgets, their values, what it comes to, and the sweeps from before. */
import { dateText, many, numberText, t } from '../language/t.js'
import { icon } from '../icons/icons.js'
import { bytesInWords } from '../model/words.js'
import { fill, h } from '../panels/dom.js'
import { duration } from '../panels/duration.js'
import { anchorOf, openChoices } from './choices.js'
import { cellCount, refusal } from './plan.js'
import { costOf, jobOf } from './start.js'
import { targetFields } from './target_fields.js'

/** Ms without a keystroke after which it is worked out what a sweep takes. */
const PAUSE = 350
const EARLIER = 20

/** Where an axis lies, by its place. */
const placeNames = () => [t('Across'), t('Down'), t('Pages'), t('Pages, second')]

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('./draft.js').Draft} parts.draft
 * @param {import('./runs.js').Runs} parts.runs
 * @param {(file: import('../model/session.js').PictureRef) => Promise<number | null>} parts.sizeOf
 * @param {(job: import('./plan.js').Job) => Promise<boolean>} parts.run sends it
 * @param {(promptId: string) => void} parts.openGrid
 * @returns {import('../panels/drawer.js').Panel}
 */
export function sweepPanel({ editor, draft, runs, sizeOf, run, openGrid }) {
  return {
    id: 'sweep',
    title: t('Sweep'),
    size: 'wide',
    fill(body) {
      const list = h('div.axes')
      const told = h('p.told', { role: 'status' })
      const wrong = h('p.wrong', { role: 'alert' })
      const go = h('button.primary', { type: 'button', 'data-needs': 'run', onclick: () => void start() })
      const keep = h('input', { type: 'checkbox', role: 'switch', checked: draft.keep })
      const keepRow = h('label.switch', { 'data-tip': t('Preview Image shows pictures that are gone when the server ends') }, h('span', {}, t('Save what previews show')), keep)
      const earlier = h('div.earlier')
      const content = h('div.body.scrolls.sweep-setup', {}, list, keepRow, earlier)
      body.append(content, h('div.foot.sweep-foot', {}, wrong, told, go))
      /** @type {import('./plan.js').Job | null} */
      let job = null
      let turn = 0
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      let timer
      let busy = false
      let shape = ''

      keep.onchange = () => {
        draft.keep = keep.checked
        draft.changed()
      }

      function add(/** @type {import('./draft.js').DraftAxis | undefined} */ axis, /** @type {HTMLElement} */ button) {
        openChoices({
          draft, anchor: anchorOf(button),
          choose: (node, widget) => {
            const target = draft.add(node, widget, axis)
            if (target) focus(target.id)
          },
        })
      }

      /** @param {number} id */
      function focus(id) {
        const field = list.querySelector(`[data-target="${id}"] :is(textarea, input:not([type='search']), [tabindex='0'])`)
        if (field instanceof HTMLElement) field.focus()
      }

      function drawAxes() {
        // What is typed changes no shape: fields stay as they are.
        const now = JSON.stringify(draft.axes.map(({ id, targets }) => [id, targets.map(({ id: each, how }) => [each, how, Boolean(draft.widget(/** @type {any} */ (targets.find(({ id: one }) => one === each))))])]))
        if (now === shape && now !== '[]') return tellAxes()
        shape = now
        const held = /** @type {HTMLElement | null} */ (document.activeElement?.closest('[data-target]'))?.dataset.target
        const button = h('button.plain.add', { type: 'button', disabled: draft.isFull, 'data-tip': draft.isFull ? t('A sweep has four axes at most') : t('Another axis: every combination is made'), onclick: () => add(undefined, button) }, icon('add', 14), draft.axes.length ? t('Add an axis') : t('Choose a widget'))
        fill(list, draft.axes.length ? draft.axes.map(drawAxis) : h('p.empty', {}, t('Give widgets several values each, and every combination is made: a labelled grid, in one job.')), button)
        if (held) focus(Number(held))
        tellAxes()
        return undefined
      }

      /** @param {import('./draft.js').DraftAxis} axis @param {number} index */
      function drawAxis(axis, index) {
        const together = h('button.link', { type: 'button', 'data-tip': t('A second widget that changes together with this one, value by value'), onclick: () => add(axis, together) }, t('Change another with it'))
        const place = placeNames()[index] ?? ''
        return h('section.axis', { 'aria-label': place, 'data-axis': axis.id },
          h('header', {}, h('b', {}, place), h('span.count.number'),
            index > 0 ? h('button.round', { type: 'button', 'aria-label': t('Move {place} up', { place }), 'data-tip': t('Change places with the axis above'), onclick: () => draft.move(axis, -1) }, icon('up', 14)) : null),
          axis.targets.map(target => targetFields({ draft, target })),
          h('p.wrong'), together)
      }

      function tellAxes() {
        draft.axes.forEach(axis => {
          const section = list.querySelector(`[data-axis="${axis.id}"]`)
          const { steps, problem } = draft.readAxis(axis)
          const empty = problem !== null && axis.targets.some(({ how, text }) => text.trim() === '' && how !== 'choices' && how !== 'toggle')
          const count = section?.querySelector('.count')
          if (count) count.textContent = problem ? '' : many(steps.length, 'one value', '{count} values')
          const wrongHere = section?.querySelector('.wrong')
          if (wrongHere) {
            wrongHere.textContent = problem ?? ''
            wrongHere.toggleAttribute('data-quiet', empty)
          }
        })
      }

      function draw() {
        drawAxes()
        keepRow.hidden = !draft.axes.length || ![...editor.store.records()].some(record => record.kind === 'node' && record.type === 'PreviewImage')
        const axes = draft.axesRead()
        job = null
        turn++
        clearTimeout(timer)
        const count = axes ? cellCount(axes) : 0
        const refused = axes ? refusal(axes) : null
        wrong.textContent = refused ?? ''
        told.textContent = axes && count && !refused ? describe(axes) : ''
        go.disabled = !axes || !count || refused !== null || busy
        fill(go, icon('play', 14), count ? many(count, 'Run one cell', 'Run {count} cells') : t('Run'))
        if (!go.disabled) timer = setTimeout(() => void work(), PAUSE)
      }

      /** @param {readonly import('./plan.js').Axis[]} axes */
      const describe = axes => (axes.length > 1 ? `${axes.map(({ steps }) => numberText(steps.length)).join(' × ')} = ${many(cellCount(axes), 'one cell', '{count} cells')}` : many(cellCount(axes), 'one cell', '{count} cells'))

      /** The whole of it, so that it can be told what it takes. */
      async function work() {
        const mine = turn
        const axes = draft.axesRead()
        const made = await jobOf(editor, draft, () => mine === turn).catch(() => null)
        if (mine !== turn || !made || !axes) return
        if (made.problem !== null) {
          wrong.textContent = made.problem
          go.disabled = true
          return
        }
        job = made.job
        const cost = await costOf(job, editor.session, sizeOf)
        if (mine !== turn) return
        const parts = [describe(axes), many(cost.nodes, 'one node runs', '{count} nodes run')]
        parts.push(cost.ms === null ? t('how long is not known until the graph has run once') : t('about {time}', { time: duration(cost.ms) }))
        if (cost.bytes !== null) parts.push(t('about {size} of files', { size: bytesInWords(cost.bytes) }))
        told.textContent = parts.join(' · ')
      }

      async function start() {
        if (busy) return
        busy = true
        go.disabled = true
        clearTimeout(timer)
        const mine = ++turn
        try {
          const made = job ? { job, problem: null } : await jobOf(editor, draft)
          if (!made) return
          if (made.problem !== null) wrong.textContent = made.problem
          else if (made.job) await run(made.job)
        } finally {
          busy = false
          if (mine === turn) draw()
        }
      }

      async function drawEarlier() {
        const found = await runs.list().catch(() => null)
        if (!found?.length) return fill(earlier)
        return fill(earlier, h('h3', {}, t('Sweeps from before')), h('ul', {}, found.slice(0, EARLIER).map(each =>
          h('li.entry', {}, h('button.open', { type: 'button', onclick: () => openGrid(each.prompt_id) }, icon('grid', 14),
            h('span.words', {}, h('span', {}, each.axes.map(({ title, count }) => `${title} × ${numberText(count)}`).join(', ')),
              h('small', {}, `${dateText(each.accepted * 1000)} · ${stateWord(each.state)}`)))))))
      }

      const ends = [draft.listen(draw), editor.store.listen(draw)]
      draw()
      void drawEarlier()
      return () => {
        turn++
        clearTimeout(timer)
        ends.forEach(end => end())
      }
    },
  }
}

/** @param {import('./runs.js').State} state */
export const stateWord = state => ({ waiting: t('waits'), running: t('runs'), done: t('done'), error: t('with errors'), interrupted: t('stopped') })[state]
