/**
 * A sweep while it is put together: which widgets take which values, as they are typed. It lives as long as the page, and
 * is no part of the document.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/types.js').RecordId} RecordId
 * @typedef {import('../model/widget_values.js').Widget} Widget
 * @typedef {import('./bench.js').Act} Act
 * @typedef {import('./plan.js').Axis} Axis
 *
 * @typedef {'numbers' | 'choices' | 'toggle' | 'replace' | 'texts'} How
 * @typedef {object} Target
 * @property {number} id
 * @property {RecordId} node
 * @property {string} widget
 * @property {How} how
 * @property {string} text What is typed.
 * @property {unknown[]} chosen Of a list.
 * @typedef {{id: number, targets: Target[]}} DraftAxis Widgets that change together, or one.
 *
 * @typedef {{values: {label: string, act: Act}[], problem: string | null}} Read
 */
import { t } from '../language/t.js'
import { labelOf } from '../model/labels.js'
import { showNumber } from '../model/number_text.js'
import { NOTE_TYPES } from '../model/virtual_types.js'
import { MOST_AXES } from './plan.js'
import { readNumbers } from './numbers.js'
import { bareName, readReplacements, readTexts, short } from './texts.js'

let ids = 0

export class Draft {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor
    /** @type {DraftAxis[]} */
    this.axes = []
    /** Pictures of previews are saved too. */
    this.keep = true
    /** What was read last of a text, so that random seeds stay. @type {WeakMap<Target, {key: string, read: Read}>} */
    this.kept = new WeakMap()
    /** @type {Set<() => void>} */
    this.listeners = new Set()
  }

  /** @param {() => void} listener */
  listen(listener) {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  changed() {
    this.listeners.forEach((listener) => listener())
  }

  get isFull() {
    return this.axes.length >= MOST_AXES
  }

  /** An axis for a widget, or the one that it has. @param {RecordId} node @param {string} widget @param {DraftAxis} [axis] to change together with what it has @returns {Target | null} */
  add(node, widget, axis) {
    const there = this.axes.flatMap(({ targets }) => targets).find((each) => each.node === node && each.widget === widget)
    if (there) return there
    const found = this.editor.widget(node, widget)
    if (!found || (!axis && this.isFull)) return null
    const target = { id: ++ids, node, widget, how: howOf(found), text: '', chosen: startOf(found) }
    if (axis) axis.targets.push(target)
    else this.axes.push({ id: ++ids, targets: [target] })
    this.changed()
    return target
  }

  /** @param {Target} target @param {Partial<Target>} change */
  set(target, change) {
    Object.assign(target, change)
    this.changed()
  }

  /** @param {Target} target */
  remove(target) {
    for (const axis of this.axes) axis.targets = axis.targets.filter((each) => each !== target)
    this.axes = this.axes.filter(({ targets }) => targets.length)
    this.changed()
  }

  /** @param {DraftAxis} axis @param {number} by */
  move(axis, by) {
    const from = this.axes.indexOf(axis)
    const to = from + by
    if (from < 0 || to < 0 || to >= this.axes.length) return
    this.axes.splice(to, 0, .../** @type {DraftAxis[]} */ (this.axes.splice(from, 1)))
    this.changed()
  }

  /** The axes of a sweep that was run, to be run again or changed. @param {readonly Axis[]} axes */
  fill(axes) {
    this.axes = axes.map(({ steps }) => ({
      id: ++ids,
      targets: (steps[0]?.acts ?? []).map((first, index) => {
        const acts = steps.flatMap(({ acts }) => acts[index] ?? [])
        const found = this.editor.widget(first.node, first.widget)
        const values = acts.map((act) => ('value' in act ? act.value : act.to))
        const how = 'from' in first ? 'replace' : found ? withoutReplace(howOf(found)) : 'texts'
        return { id: ++ids, node: first.node, widget: first.widget, how, text: how === 'replace' ? values.map(quoted).join(', ') : values.map(String).join(how === 'texts' ? '\n' : ', '), chosen: values }
      })
    }))
    this.changed()
  }

  /** @param {Target} target */
  widget({ node, widget }) {
    return this.editor.widget(node, widget)
  }

  /** What a target's widget is called. @param {Target} target */
  label({ node, widget }) {
    const record = this.editor.store.node(node)
    return labelOf(record, record && this.editor.types.of(record), widget)
  }

  /** @param {Target} target */
  nodeTitle({ node }) {
    const record = this.editor.store.node(node)
    return record ? record.title || this.editor.types.get(record.type)?.title || record.type : ''
  }

  /** Its values, or what is wrong with what was typed. @param {Target} target @returns {Read} */
  read(target) {
    const widget = this.widget(target)
    if (!widget) return { values: [], problem: t('This widget is not in the open graph.') }
    const key = JSON.stringify([target.how, target.text, target.chosen, target.how === 'replace' ? widget.value : null, widget.spec.kind === 'number' ? [widget.spec.min, widget.spec.max] : null])
    const kept = this.kept.get(target)
    if (kept?.key === key) return kept.read
    const read = readTarget(target, widget)
    this.kept.set(target, { key, read })
    return read
  }

  /** What an axis amounts to. @param {DraftAxis} axis @returns {{steps: import('./plan.js').Step[], problem: string | null}} */
  readAxis({ targets }) {
    const reads = targets.map((target) => this.read(target))
    const problem = reads.find((read) => read.problem)?.problem
    if (problem) return { steps: [], problem }
    const counts = reads.map(({ values }) => values.length)
    if (new Set(counts).size > 1) return { steps: [], problem: t('Widgets that change together need as many values each: these have {counts}.', { counts: counts.join(', ') }) }
    const steps = (reads[0]?.values ?? []).map((_, index) => ({
      label: reads.map(({ values }) => values[index]?.label ?? '').join(' · '),
      acts: reads.flatMap(({ values }) => values[index]?.act ?? [])
    }))
    return { steps, problem: null }
  }

  /** All of it, for `planSweep`; null where something is wrong. @returns {Axis[] | null} */
  axesRead() {
    const read = this.axes.map((axis) => ({ ...this.readAxis(axis), title: this.axisTitle(axis) }))
    return read.some(({ problem }) => problem) ? null : read.map(({ title, steps }) => ({ title, steps }))
  }

  /** By the widget's name, and by the node's where two are called alike. @param {DraftAxis} axis */
  axisTitle(axis) {
    const all = this.axes.flatMap(({ targets }) => targets)
    return axis.targets.map((target) => {
      const label = this.label(target)
      const alike = all.some((other) => other !== target && this.label(other) === label)
      return alike ? `${label} (${this.nodeTitle(target)})` : label
    }).join(', ')
  }

  /** The widgets that may be swept. @returns {{node: RecordId, title: string, widgets: Widget[]}[]} */
  offered() {
    const { editor } = this
    return [...editor.store.records()].flatMap((record) => {
      if (record.kind !== 'node' || record.mode === 2 || record.mode === 4 || NOTE_TYPES.has(record.type)) return []
      const widgets = editor.widgets(record.id).filter((widget) => maySweep(widget) && !isLinked(editor, record, widget.name))
      return widgets.length ? [{ node: record.id, title: record.title || editor.types.get(record.type)?.title || record.type, widgets }] : []
    })
  }
}

/** @param {Editor} editor @param {import('../model/types.js').NodeRecord} record @param {string} name */
function isLinked(editor, record, name) {
  const slot = record.inputs.findIndex((input) => input.name === name)
  return slot >= 0 && editor.graph.linkInto(record, slot) !== undefined
}

/** @param {Widget} widget */
export const maySweep = ({ spec, expression }) => !expression && (['number', 'text', 'toggle', 'colour'].includes(spec.kind) || (spec.kind === 'combo' && !spec.multiple))

/** @param {Widget} widget @returns {How} */
function howOf({ spec, value }) {
  if (spec.kind === 'number') return 'numbers'
  if (spec.kind === 'toggle') return 'toggle'
  if (spec.kind === 'combo' && spec.options.length) return 'choices'
  return spec.kind === 'text' && String(value ?? '').trim() !== '' ? 'replace' : 'texts'
}

/** @param {How} how @returns {How} */
const withoutReplace = (how) => (how === 'replace' ? 'texts' : how)

/** @param {unknown} text */
const quoted = (text) => (/[",\n]|^\s|\s$/u.test(String(text)) ? `"${String(text).replaceAll('"', '""')}"` : String(text))

/** What is chosen at first: of a short list all. @param {Widget} widget @returns {unknown[]} */
const startOf = ({ spec, value }) => (spec.kind === 'toggle' ? [false, true] : spec.kind === 'combo' ? [value] : [])

/** @param {Target} target @param {Widget} widget @returns {Read} */
function readTarget({ node, widget: name, how, text, chosen }, { spec, value }) {
  const set = (/** @type {unknown} */ each, /** @type {string} */ label) => ({ label, act: { node, widget: name, value: each } })
  if (how === 'numbers' && spec.kind === 'number') {
    const { values, problem } = readNumbers(text, spec)
    return { values: values.map((each) => set(each, showNumber(each, spec))), problem }
  }
  if (how === 'toggle' && spec.kind === 'toggle') return { values: chosen.map((each) => set(each, each ? spec.on : spec.off)), problem: null }
  if (how === 'choices' && spec.kind === 'combo') {
    const known = spec.options.filter((option) => chosen.includes(option))
    return { values: known.map((each) => set(each, short(bareName(String(each))))), problem: known.length ? null : t('Choose values from the list.') }
  }
  if (how === 'replace') {
    const { from, values, problem } = readReplacements(text, String(value ?? ''))
    return { values: values.map((to) => ({ label: short(to) || t('nothing'), act: { node, widget: name, from, to } })), problem }
  }
  const { values, problem } = readTexts(text)
  return { values: values.map((each) => set(each, short(each))), problem }
}
