/**
 * An older version compared with what is open: drawn on the canvas, with a bar that says what is compared and walks through
 * what changed. It follows every edit, and ends with Escape.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/diff_steps.js').DiffStep} DiffStep
 * @typedef {import('../view/draw_diff.js').DiffPicture} DiffPicture
 *
 * @typedef {object} Compared
 * @property {unknown} before  the older graph
 * @property {string} name  of what it is, as in "the version of 12:30"
 * @property {() => void} [restore]
 * @property {() => void} [branch]  opens it in a tab of its own
 */
import { canTakeBack, takeBack } from '../commands/take_back.js'
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { diffSides, readGraph } from '../model/graph_diff.js'
import { stepsOf } from '../model/diff_steps.js'
import { summary } from '../model/graph_diff_words.js'
import { pathTo } from '../model/paths.js'
import { drawDiff } from '../view/draw_diff.js'
import { stillView } from '../view/still.js'
import { fill, h, isTyping, setText } from './dom.js'
import { openMenu } from './menu.js'

/** @type {Record<DiffStep['kind'], string>} */
const ICONS = { added: 'add', removed: 'minus', changed: 'pencil', moved: 'move' }
/** Changes that a menu lists. */
const MOST_LISTED = 200

/** @type {DiffView | null} */
let only = null

/** The one there is: two comparisons at a time would lie over each other. @param {ConstructorParameters<typeof DiffView>[0]} parts */
export const diffViewOf = parts => (only ??= new DiffView(parts))

class DiffView {
  /**
   * @param {object} parts
   * @param {Editor} parts.editor
   * @param {import('../app/names.js').Names} parts.names
   * @param {HTMLElement} parts.stage
   */
  constructor({ editor, names, stage }) {
    this.editor = editor
    this.names = names
    this.stage = stage
    /** @type {Compared | null} */
    this.compared = null
    /** @type {DiffStep[]} */
    this.steps = []
    this.at = -1
    /** @type {(() => void)[]} */
    this.ends = []
    /** @type {Map<string, import('../view/renderer.js').ViewState>} */
    this.olds = new Map()
    /** @type {DiffPicture | null} */
    this.picture = null
  }

  get isOpen() {
    return this.compared !== null
  }

  /** @param {Compared} compared */
  open(compared) {
    this.close()
    const { editor } = this
    this.compared = compared
    this.before = readGraph(compared.before, editor.schema)
    this.at = -1
    this.bar = this.#makeBar(compared)
    this.stage.append(this.bar)
    let waiting = 0
    const later = () => { waiting ||= requestAnimationFrame(() => { waiting = 0; this.#compare() }) }
    /** @param {KeyboardEvent} event */
    const onKey = event => this.#onKey(event)
    addEventListener('keydown', onKey, true)
    this.ends = [
      editor.paint((ctx, theme, view) => { if (this.picture) drawDiff(ctx, theme, view, this.picture) }),
      editor.store.listen((_diff, source) => {
        if (source === 'load') this.close() // another graph is open
        else later()
      }),
      editor.on('graph', () => this.#draw()),
      () => removeEventListener('keydown', onKey, true),
      () => cancelAnimationFrame(waiting),
    ]
    this.#compare()
    if (this.steps.length) this.go(0)
    this.bar.focus({ preventScroll: true })
  }

  close() {
    if (!this.compared) return
    this.compared = null
    this.ends.forEach(end => end())
    this.ends = []
    const hadFocus = this.bar?.contains(document.activeElement)
    this.bar?.remove()
    this.picture = null
    this.olds.clear()
    this.editor.invalidateOverlay()
    if (hadFocus) this.editor.focus()
  }

  #compare() {
    if (!this.compared || !this.before) return
    const titleOf = (/** @type {import('../model/types.js').NodeRecord} */ node) => this.#titleOf(node)
    const diff = diffSides(this.before, { graph: this.editor.graph, types: this.editor.types })
    const current = this.steps[this.at]
    // Some of it has no place on the canvas: a subgraph that is new, a name of the whole.
    this.rest = diff.empty ? '' : summary(diff, titleOf)
    this.steps = stepsOf(diff, titleOf)
    const same = current ? this.steps.findIndex(step => step.words === current.words) : -1
    this.at = same >= 0 ? same : Math.min(this.at, this.steps.length - 1)
    this.#draw()
  }

  /** A node may be there in the older graph only. @param {import('../model/types.js').NodeRecord} node */
  #titleOf(node) {
    return node.title || this.editor.types.get(node.type)?.title || this.before?.types.get(node.type)?.title || node.type
  }

  /** What is drawn on the graph that is on the canvas now. */
  #draw() {
    const { graphId } = this.editor
    const steps = this.steps.filter(({ part }) => part.after === graphId)
    const [first] = steps
    const old = first?.part.before
    const links = first?.part.links
    this.picture = {
      steps, old: old === undefined || old === null ? null : this.#old(old), current: this.steps[this.at] ?? null,
      addedLinks: new Set(links?.added.map(({ link }) => link.id)), removedLinks: new Set(links?.removed.map(({ link }) => link.id)),
    }
    this.editor.invalidateOverlay()
    this.#drawBar()
  }

  /** @param {string} graphId */
  #old(graphId) {
    const known = this.olds.get(graphId)
    if (known || !this.before) return known ?? null
    const { pictures, camera, scene } = this.editor
    const made = stillView(this.before, { graphId, pictures, camera, linkShape: scene.linkShape })
    this.olds.set(graphId, made)
    return made
  }

  /** @param {number} index  beyond the ends it goes round */
  go(index) {
    const { editor, steps } = this
    if (!steps.length) return
    this.at = (index + steps.length) % steps.length
    const step = steps[this.at]
    if (!step) return
    const path = pathTo(editor.graph, step.part.after ?? '', editor.places.path)
    if (path) editor.places.go(path)
    editor.lookAt({ x: step.at[0], y: step.at[1] })
    this.#draw()
  }

  takeBack() {
    const step = this.steps[this.at]
    if (step && canTakeBack(this.editor, step)) takeBack(this.editor, step)
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (document.querySelector('dialog[open], .floating, .drawer:focus-within')) return // they have keys of their own
    const key = event.key.toLowerCase()
    if (key === 'n') this.go(this.at + 1)
    else if (key === 'p') this.go(this.at - 1)
    else if (key === 'escape') this.close()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  /** @param {Compared} compared */
  #makeBar({ name, restore, branch }) {
    /** @param {string} glyph @param {string} label @param {string} keys @param {() => void} run */
    const round = (glyph, label, keys, run) => h('button.round', { type: 'button', 'aria-label': label, 'data-tip': label, 'data-keys': keys, onclick: run }, icon(glyph))
    this.where = h('button.where', { type: 'button', 'aria-haspopup': 'menu', 'data-tip': t('All changes'), onclick: () => this.#list() })
    this.words = h('p.words', { role: 'status' })
    this.mark = h('span.mark')
    this.previous = round('left', t('Previous change'), 'P', () => this.go(this.at - 1))
    this.next = round('right', t('Next change'), 'N', () => this.go(this.at + 1))
    this.back = h('button.plain', { type: 'button', 'data-tip': t('Make only this as it was'), onclick: () => this.takeBack() }, t('Take this change back'))
    return h('section.diff-bar', { 'aria-label': t('Changes since {name}', { name }), tabindex: -1 },
      h('header', {}, icon('compare'), h('h2', {}, t('Changes since {name}', { name })),
        round('close', t('End the comparison'), 'Escape', () => this.close())),
      h('div.step', {}, this.previous, this.where, this.next, this.mark, this.words),
      h('div.buttons', {}, this.back,
        branch ? h('button.plain', { type: 'button', 'data-tip': t('Open the older version as a graph of its own'), onclick: branch }, t('Open as a new tab')) : null,
        restore ? h('button.primary', { type: 'button', 'data-tip': t('Make all as it was. Undo brings this back.'), onclick: () => { this.close(); restore() } }, t('Restore this version')) : null))
  }

  #drawBar() {
    const { bar, words, where, mark, back, previous, next } = this
    if (!bar || !words || !where || !mark || !back || !previous || !next) return
    const step = this.steps[this.at]
    const none = this.steps.length === 0
    bar.dataset.kind = step?.kind ?? ''
    where.disabled = previous.disabled = next.disabled = none
    setText(where, none ? '0' : t('{at} of {count}', { at: this.at + 1, count: this.steps.length }))
    where.setAttribute('aria-label', none ? t('No changes') : many(this.steps.length, 'Change {at} of {count}', 'Change {at} of {count}', { at: this.at + 1 }))
    fill(mark, step ? icon(ICONS[step.kind], 14) : null)
    setText(words, step?.words ?? (this.rest || t('Both are the same.')))
    words.dataset.tip = step?.words ?? ''
    back.disabled = !step || !canTakeBack(this.editor, step)
  }

  #list() {
    const entries = this.steps.slice(0, MOST_LISTED).map((step, index) => ({ label: step.words.length > 90 ? `${step.words.slice(0, 89)}…` : step.words, icon: ICONS[step.kind], run: () => this.go(index) }))
    if (this.where) openMenu(entries, this.where.getBoundingClientRect(), { label: t('All changes') })
  }
}
