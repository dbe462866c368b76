/**
 * A sweep's grid: pictures under their values, as they come. The arrows walk it, Enter shows a cell large, Space chooses it to
 * be compared; further axes are pages.
 */
import { viewUrl } from '../api/client.js'
import { picturesOf, textsOf } from '../app/results.js'
import { icon } from '../icons/icons.js'
import { many, numberText, t } from '../language/t.js'
import { fill, h } from '../panels/dom.js'
import { openMenu } from '../panels/menu.js'
import { kindOf } from '../view/media.js'
import { withChanges } from './changes.js'
import { anchorOf } from './choices.js'
import { stateWord } from './panel.js'
import { labelsAt } from './plan.js'

/** CSS px of a cell's side. */
const [SMALLEST, LARGEST] = [72, 640]
/** How much larger a step is. */
const STEP = 1.25

/**
 * @typedef {object} GridParts
 * @property {import('./runs.js').Run} run
 * @property {import('./runs.js').Runs} runs
 * @property {(id: string) => string} titleOf of a node, by its id in prompts
 * @property {(pictures: import('../panels/lightbox.js').Picture[], start: number, options?: { compare?: boolean, with?: number }) => void} large
 * @property {(acts: readonly import('./bench.js').Act[]) => void} use
 * @property {(workflow: any, name: string) => void} openGraph
 * @property {() => void} stop
 * @property {() => void} again puts the same sweep together once more
 * @property {(parts: { run: import('./runs.js').Run, output: string, page: readonly number[] }) => Promise<void>} savePicture
 */

/** @param {GridParts} parts @returns {import('../panels/drawer.js').Panel} */
export function gridPanel({ run, runs, titleOf, large, use, openGraph, stop, again, savePicture }) {
  const { axes, cells, outputs } = run.sweep
  const [across, down, ...others] = axes
  return {
    id: 'sweep-grid',
    title: axes.map(({ title }) => title).join(' × ') || t('Sweep'),
    size: 'full',
    fill(body) {
      let output = outputs[0] ?? ''
      /** The pages that are shown, one for each further axis. */
      const page = others.map(() => 0)
      let size = 0
      let at = 0
      /** Cells that were chosen to be compared. @type {Set<number>} */
      const chosen = new Set()
      /** @type {Map<number, HTMLElement>} */
      const elements = new Map()

      const told = h('span.told.number', { role: 'status' })
      const stopButton = tool('stop', t('Stop'), stop)
      const compareButton = tool('compare', t('Compare'), () => compare())
      const tools = h('div.tools.grid-tools', {}, told, stopButton, compareButton, others.map(pageChoice), outputChoice(),
        h('span.zooms', {}, button('zoomOut', t('Smaller cells'), '-', () => zoom(1 / STEP)), button('zoomIn', t('Larger cells'), '+', () => zoom(STEP)), button('fit', t('All in view'), '0', () => fitAll())),
        tool('download', t('Save as a picture'), () => void save()),
        tool('redo', t('Sweep again'), again))
      const table = h('table', { role: 'grid', 'aria-label': t('Cells') })
      const scroller = h('div.scrolls.sweep-grid', {}, table)
      body.append(tools, scroller)

      /** @param {string} sign @param {string} label @param {() => void} onclick */
      function tool(sign, label, onclick) {
        return h('button', { type: 'button', 'aria-label': label, 'data-tip': label, onclick }, icon(sign, 14), h('span.verb', {}, label))
      }

      /** @param {string} sign @param {string} label @param {string} keys @param {() => void} onclick */
      function button(sign, label, keys, onclick) {
        return h('button', { type: 'button', 'aria-label': label, 'data-tip': label, 'data-keys': keys, onclick }, icon(sign, 14))
      }

      /** @param {import('./plan.js').Axis} axis @param {number} index */
      function pageChoice(axis, index) {
        const select = h('select.field', { 'aria-label': axis.title, onchange: () => {
          page[index] = Number(select.value)
          draw()
        } }, axis.steps.map(({ label }, step) => h('option', { value: String(step) }, label)))
        return h('label.page', {}, h('span', {}, axis.title), select)
      }

      function outputChoice() {
        if (outputs.length < 2) return null
        const select = h('select.field', { 'aria-label': t('What is shown'), onchange: () => {
          output = select.value
          draw()
        } }, outputs.map(id => h('option', { value: id }, titleOf(id))))
        return h('label.page', {}, h('span', {}, t('Show')), select)
      }

      /** The cell at a place of this page. @param {number} x @param {number} y */
      function cellAt(x, y) {
        const place = [x, ...(down ? [y] : []), ...page]
        return cells.findIndex(cell => cell.at.every((step, axis) => step === place[axis]))
      }

      function draw() {
        const had = table.contains(document.activeElement)
        elements.clear()
        const width = across?.steps.length ?? 0
        const rows = down?.steps ?? [{ label: '', acts: [] }]
        fill(table,
          h('thead', {}, h('tr', {}, down ? h('th.corner', { scope: 'col' }, h('span', {}, down.title), h('span', {}, across?.title ?? '')) : null,
            across?.steps.map(({ label }) => h('th', { scope: 'col', 'data-tip': `${across.title}: ${label}` }, h('span', {}, label))))),
          h('tbody', {}, rows.map(({ label }, y) => h('tr', {}, down ? h('th', { scope: 'row', 'data-tip': `${down.title}: ${label}` }, h('span', {}, label)) : null,
            Array.from({ length: width }, (_, x) => element(cellAt(x, y), x, y))))))
        at = elements.has(at) ? at : cellAt(0, 0)
        update()
        rove(had)
      }

      /** @param {number} cell @param {number} x @param {number} y */
      function element(cell, x, y) {
        const found = h('td', { role: 'gridcell', tabindex: -1, 'data-cell': cell, 'data-x': x, 'data-y': y,
          onclick: (/** @type {MouseEvent} */ event) => {
            if (event.target instanceof Element && event.target.closest('button, input, label')) return
            at = cell
            rove()
            show(cell)
          },
          onfocus: () => {
            at = cell
            rove(false)
          } })
        elements.set(cell, found)
        return found
      }

      /** @type {Map<number, string>} */
      const drawn = new Map()

      function update() {
        const { done, failed, all } = run.counts()
        told.textContent = [t('{done} of {all}', { done: numberText(done), all: numberText(all) }), failed ? many(failed, 'one failed', '{count} failed') : '', done + failed < all || run.isOver ? stateWord(run.state) : ''].filter(Boolean).join(' · ')
        stopButton.hidden = run.isOver
        compareButton.hidden = chosen.size !== 2
        for (const [cell, element] of elements) {
          const { state, error } = run.cell(cell)
          const shown = run.shown(cell, output)
          const files = shown ? picturesOf(shown) : []
          const key = JSON.stringify([output, state, error, files, shown?.text])
          element.classList.toggle('chosen', chosen.has(cell))
          if (drawn.get(cell) === key && element.childElementCount) continue
          drawn.set(cell, key)
          element.dataset.state = state
          element.setAttribute('aria-label', `${labelsAt(axes, cells[cell]?.at ?? []).join(', ')}: ${wordOf(state)}`)
          fill(element, content(cell, state, error, files, shown))
        }
      }

      /** @param {number} cell @param {string} state @param {string} error @param {import('../model/session.js').PictureRef[]} files @param {any} shown */
      function content(cell, state, error, files, shown) {
        const [file, ...more] = files
        const text = shown ? textsOf(shown).join('\n') : ''
        const label = labelsAt(axes, cells[cell]?.at ?? []).join(', ')
        const tick = h('input', { type: 'checkbox', tabindex: -1, checked: chosen.has(cell), 'aria-label': t('Compare {name}', { name: label }), onchange: () => choose(cell) })
        const more_ = h('button.round', { type: 'button', tabindex: -1, 'aria-label': t('What can be done with {name}', { name: label }), 'aria-haspopup': 'menu', onclick: (/** @type {any} */ event) => menu(cell, anchorOf(event.currentTarget)) }, icon('down', 14))
        return [
          file ? media(file) : text ? h('p.text', {}, text) : state === 'done' ? h('span.quiet', {}, t('nothing to show')) : null,
          state === 'failed' ? h('p.failed', { 'data-tip': error }, icon('error', 16), h('span', {}, error)) : null,
          state === 'running' ? h('span.busy', {}, t('running')) : null,
          state === 'missing' && !file ? h('span.quiet', {}, t('not made')) : null,
          more.length ? h('span.plays.number', {}, `1/${more.length + 1}`) : null,
          h('span.acts', {}, file ? h('label', { 'data-tip': t('Choose two to compare them') }, tick) : null, more_)]
      }

      /** @param {import('../model/session.js').PictureRef} file */
      function media(file) {
        const kind = kindOf(file.filename)
        if (kind === 'video') return h('video', { src: viewUrl(file), muted: true, loop: true, playsinline: true, preload: 'metadata' })
        if (kind === 'sound') return h('span.quiet', {}, icon('sound', 20), file.filename)
        const image = h('img', { src: viewUrl(file, { preview: 'webp;80', version: run.promptId }), alt: '', loading: 'lazy', decoding: 'async', draggable: 'false' })
        image.addEventListener('error', () => image.replaceWith(h('span.quiet', {}, t('{name} is not there any more', { name: file.filename }))))
        return image
      }

      /** @param {number} cell */
      function graphOf(cell) {
        return withChanges(run.workflow, cells[cell]?.changes ?? [])
      }

      /** @param {number} cell */
      const acts = cell => axes.flatMap(({ steps }, axis) => steps[cells[cell]?.at[axis] ?? 0]?.acts ?? [])

      /** All that can be shown large, in reading order of this page. */
      function pictures() {
        return [...elements.keys()].flatMap(cell => {
          const shown = run.shown(cell, output)
          const title = labelsAt(axes, cells[cell]?.at ?? []).join(' · ')
          return (shown ? picturesOf(shown) : []).map((file, index) => ({
            cell, index, url: viewUrl(file, { version: run.promptId }), name: file.filename, title,
            openGraph: run.workflow ? () => openGraph(graphOf(cell), title) : null,
            graph: () => Promise.resolve(run.workflow ? graphOf(cell) : null),
            acts: [{ icon: 'check', label: t('Use these values'), run: () => use(acts(cell)) }],
          }))
        })
      }

      /** @param {number} cell */
      function show(cell) {
        const list = pictures()
        const start = list.findIndex(picture => picture.cell === cell)
        if (start >= 0) large(list, start)
        else menu(cell, anchorOf(/** @type {HTMLElement} */ (elements.get(cell))))
      }

      function compare() {
        const list = pictures()
        const [first = -1, second = -1] = [...chosen].sort((a, b) => a - b).map(cell => list.findIndex(picture => picture.cell === cell))
        if (first >= 0 && second >= 0) large(list, first, { compare: true, with: second })
      }

      /** @param {number} cell */
      function choose(cell) {
        if (chosen.has(cell)) chosen.delete(cell)
        else {
          if (chosen.size > 1) chosen.delete(/** @type {number} */ ([...chosen][0]))
          chosen.add(cell)
        }
        for (const [other, element] of elements) {
          element.classList.toggle('chosen', chosen.has(other))
          const tick = element.querySelector('input')
          if (tick) tick.checked = chosen.has(other)
        }
        compareButton.hidden = chosen.size !== 2
      }

      /** @param {number} cell @param {import('../panels/float.js').Anchor} anchor */
      function menu(cell, anchor) {
        const title = labelsAt(axes, cells[cell]?.at ?? []).join(', ')
        const { error } = run.cell(cell)
        openMenu([
          { label: t('Show it large'), icon: 'larger', keys: 'Enter', enabled: Boolean(run.shown(cell, output)), run: () => show(cell) },
          { label: t('Use these values'), icon: 'check', keys: 'U', run: () => use(acts(cell)) },
          { label: t('Open its graph'), icon: 'nodes', keys: 'G', enabled: Boolean(run.workflow), run: () => openGraph(graphOf(cell), title) },
          ...(error ? [/** @type {const} */ ('line'), { label: error.slice(0, 120), icon: 'error', enabled: false }] : []),
        ], anchor, { label: title })
      }

      /** One cell is in the way of Tab. @param {boolean} [focus] */
      function rove(focus = true) {
        for (const [cell, element] of elements) element.tabIndex = cell === at ? 0 : -1
        const element = elements.get(at)
        if (focus && element && body.contains(document.activeElement)) element.focus({ preventScroll: false })
      }

      body.addEventListener('keydown', event => {
        const { target } = event
        if (target instanceof Element && (target.closest('input, select') || (target.closest('button') && (event.key === 'Enter' || event.key === ' ')))) return
        const element = elements.get(at)
        if (!element || event.ctrlKey || event.metaKey || event.altKey) return
        const [x, y] = [Number(element.dataset.x), Number(element.dataset.y)]
        const [lastX, lastY] = [(across?.steps.length ?? 1) - 1, (down?.steps.length ?? 1) - 1]
        /** @type {Record<string, () => void>} */
        const keys = {
          ArrowLeft: () => go(x - 1, y), ArrowRight: () => go(x + 1, y), ArrowUp: () => go(x, y - 1), ArrowDown: () => go(x, y + 1), Home: () => go(0, y), End: () => go(lastX, y),
          PageUp: () => go(x, 0), PageDown: () => go(x, lastY), Enter: () => show(at), ' ': () => choose(at), u: () => use(acts(at)),
          g: () => { if (run.workflow) openGraph(graphOf(at), labelsAt(axes, cells[at]?.at ?? []).join(', ')) }, c: compare,
        }
        const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]
        if (!act) return
        event.preventDefault()
        event.stopPropagation()
        act()

        function go(/** @type {number} */ toX, /** @type {number} */ toY) {
          if (toX < 0 || toY < 0 || toX > lastX || toY > lastY) return
          at = cellAt(toX, toY)
          rove()
        }
      })
      body.addEventListener('keydown', event => {
        if (event.ctrlKey || event.metaKey || event.altKey || (event.target instanceof Element && event.target.closest('select'))) return
        const step = { '+': STEP, '=': STEP, '-': 1 / STEP }[event.key]
        if (step === undefined && event.key !== '0') return
        event.preventDefault()
        event.stopPropagation()
        if (step === undefined) fitAll()
        else zoom(step)
      })
      scroller.addEventListener('wheel', event => {
        if (!event.ctrlKey && !event.metaKey) return
        event.preventDefault()
        zoom(Math.exp(-event.deltaY * 0.005))
      }, { passive: false })

      /** @param {number} to */
      function setSize(to) {
        size = Math.round(Math.max(SMALLEST, Math.min(LARGEST, to)))
        table.style.setProperty('--cell', `${size}px`)
      }

      /** @param {number} factor */
      const zoom = factor => setSize(size * factor)

      function fitAll() {
        const columns = across?.steps.length ?? 1
        const rows = down?.steps.length ?? 1
        const { clientWidth, clientHeight } = scroller
        setSize(Math.min((clientWidth - (down ? 104 : 16)) / columns - 8, Math.max(180, (clientHeight - 40) / rows - 8), 320))
      }

      async function save() {
        await savePicture({ run, output, page })
      }

      const end = runs.watch(run, update)
      if (!run.isOver) void runs.refresh(run)
      draw()
      fitAll()
      queueMicrotask(() => elements.get(at)?.focus({ preventScroll: true })) // the drawer looks for the first control
      return end
    },
  }
}

/** @param {string} state */
const wordOf = state => ({ waiting: t('waits'), running: t('running'), done: t('done'), failed: t('failed'), missing: t('not made') })[state] ?? state
