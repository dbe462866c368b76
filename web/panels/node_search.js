/** The search that the canvas asks for: to add a node, to put one into a link, or to put another type in a node's place. */
import { endsOf, fitsInto, insertType } from '../commands/insert.js'
import { fitness, replaceAll } from '../commands/replace.js'
import { many, t } from '../language/t.js'
import { searchTypes } from '../model/search.js'
import { openSearch } from './search.js'

/** About what the search takes, so that it stays off the results. */
const SEARCH_HEIGHT = 516
const SEARCH_WIDTH = 660

/** The results of a node that is another now. @type {Partial<import('../model/session.js').NodeStatus>} */
const NOTHING = { state: 'idle', value: 0, max: 0, preview: null, images: [], text: [], outputs: [], error: null, started: null, ms: null, why: null, bytes: null, bytesOf: null, warnings: [], key: null, frozen: false }

/**
 * @typedef {import('../model/schema.js').NodeType} NodeType
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../app/used.js').Used} parts.used
 * @param {import('./library_sources.js').LibrarySources} parts.sources
 * @param {(type: string) => string} parts.colorOf
 * @param {() => import('../view/theme.js').Theme} parts.theme
 * @param {HTMLElement} parts.stage
 */
export function installSearch({ editor, used, sources, colorOf, theme, stage }) {
  editor.on('search', ({ point, screen, from, link: linkId, replace = [] }) => {
    const box = stage.getBoundingClientRect()
    const width = Math.min(SEARCH_WIDTH, innerWidth - 16)
    const link = linkId === undefined ? undefined : editor.store.link(linkId)
    const ends = link && endsOf(editor, link)
    const nodes = replace.flatMap(id => editor.store.node(id) ?? [])
    const one = nodes[0]
    // By a key or a button, with the pointer nowhere on the canvas: no place is meant.
    const asked = !from && !link && !one && !stage.matches(':hover')
    /** @type {Map<NodeType, number>} */
    const known = new Map()
    /** @param {NodeType} type */
    const fitToReplace = type => {
      let fit = known.get(type)
      if (fit === undefined && one) known.set(type, (fit = fitness(editor, one, type)))
      return fit ?? 0
    }
    // What the library has from elsewhere is found too; it brings itself, so it cannot take another node's place.
    const brought = one || link ? new Map() : sources.types()
    const offered = brought.size ? { types: new Map([...editor.schema.types, ...[...brought.keys()].map(type => /** @type {const} */ ([type.name, type]))]) } : editor.schema
    const fit = one ? fitToReplace : ends ? (/** @type {NodeType} */ type) => (fitsInto(type, ends) ? 0 : -1) : null
    openSearch({
      from,
      at: asked
        ? { x: Math.max(8, box.left + (box.width - width) / 2), y: Math.max(8, box.top + (box.height - SEARCH_HEIGHT) / 2) }
        : { x: Math.min(screen.x + box.left, innerWidth - width - 8), y: Math.max(8, Math.min(screen.y + box.top, box.bottom - SEARCH_HEIGHT)) },
      colorOf,
      choices: choicesOf(editor.schema),
      recent: used.recent,
      drawing: { theme: theme(), pictures: editor.pictures },
      ...(one ? { title: many(nodes.length, 'Replace it by', 'Replace {count} nodes by'), verb: t('replace') } : link ? { title: t('Put a node into the link'), verb: t('insert') } : {}),
      find: (query, filters) => searchTypes(offered, query, { ...filters, used: used.counts, recent: used.recent, fit }),
      onChoose: type => {
        used.add(type.name)
        if (one) {
          // What the old node gave is nothing that the new one gave.
          for (const node of nodes) editor.session.update(editor.promptId(node), NOTHING)
          replaceAll(editor, replace, type)
        } else if (link) insertType(editor, type.name, link, point)
        else if (brought.has(type)) brought.get(type)?.add(point, from)
        else editor.addNode(type.name, { point, from })
      },
      onClose: () => editor.focus(),
    })
  })
}

/** @type {WeakMap<import('../model/schema.js').Schema, { takes: string[], gives: string[], category: string[] }>} */
const choices = new WeakMap()

/** What the filters offer. @param {import('../model/schema.js').Schema} schema */
function choicesOf(schema) {
  let found = choices.get(schema)
  if (!found) {
    const types = [...schema.types.values()]
    /** @param {readonly string[]} names */
    const sorted = names => [...new Set(names)].filter(name => name && name !== '*').sort((left, right) => left.localeCompare(right, 'en'))
    found = {
      takes: sorted(types.flatMap(type => type.inputs.filter(input => !input.widget).flatMap(input => input.type.split(',')))),
      gives: sorted(types.flatMap(type => type.outputs.flatMap(output => output.type.split(',')))),
      category: sorted(types.flatMap(type => parents(type.category))),
    }
    choices.set(schema, found)
  }
  return found
}

/** `image/upscaling` lies in `image`. @param {string} category */
const parents = category => category.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))
