/**
 * One subgraph in a drawer: its name and what it does, its inputs and outputs in their order, and which widgets inside it
 * shows. It is that of the selected node, or else the one on the canvas.
 */
import { demoteThrough, moveListed, promoteThrough, unlist, widgetsInside } from '../commands/promote.js'
import { movePort, removePort, renamePort } from '../commands/subgraph_ports.js'
import { describeSubgraph, renameSubgraph } from '../commands/subgraph_words.js'
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { instancesOf } from '../model/instances.js'
import { asText } from '../model/json.js'
import { proxiesOf } from '../model/proxies.js'
import { humanise } from '../model/words.js'
import { fill, h } from './dom.js'

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../app/names.js').Names} parts.names
 * @returns {import('./drawer.js').Panel}
 */
export function subgraphPanel({ editor, names }) {
  const current = () => {
    const [id] = [...editor.selection]
    const node = id === undefined ? undefined : editor.store.node(id)
    return editor.graph.definition(node?.type ?? '') ?? editor.graph.definition(editor.graphId)
  }
  return {
    id: 'subgraph',
    title: t('Subgraph'),
    fill(body) {
      const inner = h('div.body.scrolls.subgraph-panel')
      body.append(inner)
      let before = ''

      function draw() {
        const definition = current()
        const text = `${definition?.key} ${editor.store.version} ${[...editor.selection].join(' ')}`
        if (text === before) return
        before = text
        const focused = document.activeElement instanceof HTMLElement && inner.contains(document.activeElement) ? document.activeElement.dataset.key ?? '' : ''
        const scroll = inner.scrollTop
        if (!definition) fill(inner, h('p.none', {}, t('Select a subgraph, or make one of the selected nodes with Ctrl+Shift+E.')))
        else fill(inner, ...parts(definition))
        inner.scrollTop = scroll
        if (focused) /** @type {HTMLElement | null} */ (inner.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus()
      }

      /** @param {import('../model/types.js').GraphRecord} definition */
      function parts(definition) {
        const id = definition.key
        const count = instancesOf(editor.graph, id).length
        const about = h('textarea.field', { rows: 2, value: asText(definition.raw?.description) ?? '', 'aria-label': t('What it does'), placeholder: t('What it does'), dataset: { key: 'about' } })
        about.addEventListener('change', () => describeSubgraph(editor, id, about.value))
        const name = h('input.field', { type: 'text', value: definition.name, 'aria-label': t('Name of the subgraph'), dataset: { key: 'name' } })
        name.addEventListener('change', () => renameSubgraph(editor, id, name.value))
        return [
          name, h('p.small', {}, many(count, 'Used once.', 'Used {count} times: what is changed here changes in all of them.')), about,
          ...ports(definition, 'in'), ...ports(definition, 'out'), ...widgets(definition),
        ]
      }

      /** @param {import('../model/types.js').GraphRecord} definition @param {'in' | 'out'} side */
      function ports(definition, side) {
        const all = side === 'in' ? definition.inputs : definition.outputs
        return [h('h3', {}, side === 'in' ? t('Inputs') : t('Outputs')), all.length ? null : h('p.none', {}, side === 'in' ? t('None yet. Drag a link to “New input” inside.') : t('None yet. Drag a link to “New output” inside.')), ...all.map((port, index) => {
          const title = asText(port.label) || asText(port.name) || ''
          const field = h('input.grow', { type: 'text', value: title, 'aria-label': side === 'in' ? t('Name of the input {title}', { title }) : t('Name of the output {title}', { title }), dataset: { key: `${side} ${index} name` } })
          field.addEventListener('change', () => renamePort(editor, definition.key, side, index, field.value))
          const act = (/** @type {string} */ name, /** @type {string} */ label, /** @type {boolean} */ off, /** @type {() => void} */ run) =>
            h('button', { type: 'button', 'aria-label': `${label}: ${title}`, 'data-tip': label, disabled: off, onclick: run, dataset: { key: `${side} ${index} ${name}` } }, icon(name, 13))
          return h('div.row', {}, field, h('span.kind', {}, asText(port.type) ?? '*'),
            act('up', t('Move up'), index === 0, () => movePort(editor, definition.key, side, index, index - 1)),
            act('down', t('Move down'), index === all.length - 1, () => movePort(editor, definition.key, side, index, index + 1)),
            act('trash', t('Remove'), false, () => removePort(editor, definition.key, side, index)))
        })]
      }

      /** @param {import('../model/types.js').GraphRecord} definition */
      function widgets(definition) {
        /** @type {Map<string, { title: string, of: ReturnType<typeof widgetsInside> }>} */
        const groups = new Map()
        for (const each of widgetsInside(editor, definition.key)) {
          const title = [...each.path, each.node].map(node => names.titleOf(node)).join(' › ')
          const group = groups.get(`${each.path.map(({ id }) => id).join(' ')} ${each.node.id}`)
          if (group) group.of.push(each)
          else groups.set(`${each.path.map(({ id }) => id).join(' ')} ${each.node.id}`, { title, of: [each] })
        }
        return [
          h('h3', {}, t('Values it shows')),
          ...listed(definition),
          ...[...groups].flatMap(([key, { title, of }]) => [h('h4', {}, title), ...of.map(each => {
            const box = h('input', { type: 'checkbox', checked: each.shown, disabled: each.linked && !each.shown, dataset: { key: `${key} ${each.widget.name}` } })
            box.addEventListener('change', () => {
              if (box.checked) promoteThrough(editor, each)
              else demoteThrough(editor, each)
            })
            return h('label.row', {}, box, h('span.grow', {}, humanise(each.widget.label || each.widget.name)),
              h('span.kind', {}, each.linked && !each.shown ? t('fed by a link') : String(each.widget.value).slice(0, 40)))
          })]),
        ]
      }

      /** Widgets that files list on the instance itself. @param {import('../model/types.js').GraphRecord} definition */
      function listed(definition) {
        const [id] = [...editor.selection]
        const node = id === undefined ? undefined : editor.store.node(id)
        if (!node || node.type !== definition.key) return []
        const all = proxiesOf(node.properties)
        return all.map((entry, index) => {
          const places = editor.types.of(node)?.places ?? []
          const own = entry.node === '-1' || places.some(({ end }) => end?.node === entry.node && end.name === entry.name)
          const inside = own ? undefined : editor.graph.node(definition.key, entry.node)
          const move = (/** @type {string} */ name, /** @type {string} */ label, /** @type {number} */ to) =>
            h('button', { type: 'button', 'aria-label': `${label}: ${humanise(entry.name)}`, 'data-tip': label, disabled: to < 0 || to >= all.length, onclick: () => moveListed(editor, node, index, to), dataset: { key: `listed ${index} ${name}` } }, icon(name, 13))
          return h('div.row', {}, h('span.grow', {}, humanise(entry.name)), h('span.kind', {}, own ? t('an input') : inside ? names.titleOf(inside) : t('gone')),
            move('up', t('Move up'), index - 1), move('down', t('Move down'), index + 1),
            own ? null : h('button', { type: 'button', 'aria-label': t('Show no more: {name}', { name: humanise(entry.name) }), 'data-tip': t('Show no more on this node'), onclick: () => editor.store.transact(t('Show no more on the subgraph'), () => unlist(editor, node, entry.node, entry.name)) }, icon('close', 13)))
        })
      }

      const ends = [editor.store.listen(draw), editor.on('selection', draw), editor.on('graph', draw)]
      draw()
      return () => ends.forEach(end => end())
    },
  }
}
