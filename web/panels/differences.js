/** Beside two pictures that are compared: how the graphs that made them differ, in the words that a person has for it. */
import { typesNow } from '../app/types_now.js'
import { readPictureText } from '../import/texts.js'
import { many, t } from '../language/t.js'
import { diffGraphs } from '../model/graph_diff.js'
import { fill, h } from './dom.js'

/** @typedef {{ url: string, name: string, title?: string, graph?: () => Promise<any | null> }} Compared */
/** @typedef {{ what: string, from: string, to: string }} Difference */

const LONGEST = 600
/** Bytes beyond which a file is not read for its graph. */
const LARGEST = 64 * 2 ** 20

/**
 * What is different, value by value; places on the canvas and other looks are passed over.
 *
 * @param {unknown} before @param {unknown} after @param {import('../model/schema.js').Schema} schema
 * @returns {Difference[]}
 */
export function differences(before, after, schema) {
  const { parts } = diffGraphs(before, after, schema)
  return parts.flatMap(({ name, nodes, links }) => {
    const within = (/** @type {string} */ title) => (name ? `${name} › ${title}` : title)
    const titleOf = (/** @type {import('../model/types.js').NodeRecord} */ node) => within(node.title || schema.get(node.type)?.title || node.type)
    return [
      ...nodes.changed.flatMap(({ before: was, after: is, values, mode, retyped }) => [
        ...(retyped ? [{ what: titleOf(is), from: schema.get(was.type)?.title ?? was.type, to: schema.get(is.type)?.title ?? is.type }] : []),
        ...(mode ? [{ what: titleOf(is), from: modeWord(was.mode), to: modeWord(is.mode) }] : []),
        ...values.map(({ label, from, to }) => ({ what: `${titleOf(is)} › ${label}`, from: valueWord(from), to: valueWord(to) })),
      ]),
      ...nodes.removed.map(node => ({ what: titleOf(node), from: t('there'), to: t('not there') })),
      ...nodes.added.map(node => ({ what: titleOf(node), from: t('not there'), to: t('there') })),
      ...[...links.removed.map(link => ({ link, there: true })), ...links.added.map(link => ({ link, there: false }))].filter(({ link }) => !link.implied && link.from && link.to).map(({ link, there }) => ({
        what: `${titleOf(/** @type {any} */ (link.from))} → ${titleOf(/** @type {any} */ (link.to))} › ${link.input}`, from: there ? t('linked') : t('not linked'), to: there ? t('not linked') : t('linked'),
      })),
    ]
  })
}

/** @param {number | undefined} mode */
const modeWord = mode => (mode === 2 ? t('muted') : mode === 4 ? t('bypassed') : t('on'))

/** @param {unknown} value */
function valueWord(value) {
  if (value === undefined || value === null || value === '') return '–'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

export function createDifferences() {
  const content = h('div')
  const element = h('aside.unlike.scrolls', { 'aria-label': t('What differs'), hidden: true }, content)
  let turn = 0

  /** @param {Compared} first @param {Compared} second @param {{ width: number, height: number }[]} sizes */
  async function show(first, second, sizes) {
    const mine = ++turn
    if (element.hidden) return
    fill(content, h('p.quiet', { role: 'status' }, t('Reading both graphs…')))
    const [before, after] = await Promise.all([graphOf(first), graphOf(second)])
    if (mine !== turn) return
    const [one, two] = sizes.map(({ width, height }) => (width ? `${width} × ${height}` : ''))
    /** @type {Difference[]} */
    const found = one && two && one !== two ? [{ what: t('Size'), from: one, to: two }] : []
    const told = before && after
    if (told) found.push(...differences(before, after, typesNow()))
    fill(content,
      h('h3', {}, told || found.length ? many(found.length, 'One difference', '{count} differences') : t('What differs')),
      h('p.sides', {}, h('span', {}, first.title ?? first.name), ' → ', h('span', {}, second.title ?? second.name)),
      told ? null : h('p.quiet', {}, t('{name} does not say which graph made it.', { name: (before ? second : first).name })),
      told && !found.length ? h('p.quiet', {}, t('Both were made by the same graph with the same values.')) : null,
      found.length ? h('dl', {}, found.map(({ what, from, to }) => h('div', {}, h('dt', {}, what), h('dd', {}, h('span.from', {}, from), ' → ', h('span.to', {}, to))))) : null)
  }

  return {
    element, show,
    /** @param {boolean} on */
    set(on) {
      element.hidden = !on
      turn++
    },
  }
}

/** The graph of a picture: as it is known, or as the file itself tells. @param {Compared} picture @returns {Promise<any | null>} */
async function graphOf({ url, name, graph }) {
  try {
    const known = await graph?.()
    if (known) return known
    const answer = await fetch(url)
    if (!answer.ok) return null
    const blob = await answer.blob()
    if (blob.size > LARGEST) return null
    const { workflow, prompt } = await readPictureText(new File([blob], name, { type: blob.type }))
    return JSON.parse(workflow ?? prompt ?? 'null')
  } catch {
    return null // a text that is no JSON: another program's
  }
}
