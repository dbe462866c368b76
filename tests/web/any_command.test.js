/** All commands that the editor has, in any order, on any selection: what they did is undone and done again to the byte. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { CORE_COMMANDS } from '../../web/commands/core.js'
import { save } from '../../web/model/workflow.js'
import { makeContext } from './support.js'

/** They ask the system's clipboard, or are what is tested. */
const LEFT_OUT = new Set(['undo', 'redo', 'copy', 'copy_text', 'cut', 'paste', 'paste_links'])
const COMMANDS = CORE_COMMANDS.filter(({ id }) => !LEFT_OUT.has(id))

const slot = (name, type, more = {}) => ({ name, type, ...more })
const GRAPH = {
  last_node_id: 9, last_link_id: 6, config: {}, version: 0.4, extra: { reroutes: [{ id: 1, pos: [150, 40], linkIds: [2] }], linkExtensions: [{ id: 2, parentId: 1 }] },
  nodes: [
    { id: 1, type: 'Load', pos: [0, 0], size: [200, 100], outputs: [slot('MODEL', 'MODEL', { links: [1] }), slot('CLIP', 'CLIP', { links: [2, 3] }), slot('VAE', 'VAE', { links: null })], widgets_values: ['a.safetensors'] },
    { id: 2, type: 'Encode', pos: [300, 0], size: [200, 100], inputs: [slot('clip', 'CLIP', { link: 2 })], outputs: [slot('CONDITIONING', 'CONDITIONING', { links: [4] })], widgets_values: ['a (fox:1.2)'] },
    { id: 3, type: 'Encode', pos: [300, 200], size: [200, 100], inputs: [slot('clip', 'CLIP', { link: 3 })], outputs: [slot('CONDITIONING', 'CONDITIONING', { links: [] })], widgets_values: ['x'], flags: { collapsed: true, own: 1 }, mode: 4 },
    { id: 4, type: 'Sample', pos: [600, 0], size: [200, 200], inputs: [slot('model', 'MODEL', { link: 1 }), slot('positive', 'CONDITIONING', { link: 4 }), slot('latent', 'LATENT', { link: 5 })], outputs: [slot('LATENT', 'LATENT', { links: [6] })], widgets_values: [1, 'randomize', 20, 8] },
    { id: 5, type: 'Empty', pos: [300, 400], size: [200, 60], outputs: [slot('LATENT', 'LATENT', { links: [5] })], widgets_values: [512], color: '#322', title: 'Room' },
    { id: 6, type: 'Reroute', pos: [850, 0], size: [75, 26], inputs: [slot('', '*', { link: 6 })], outputs: [slot('', 'LATENT', { links: null })] },
    { id: 7, type: 'NobodyKnows', pos: [0, 400], size: [200, 100], inputs: [slot('a', 'X', { link: null })], outputs: [slot('b', 'X', { links: null })], widgets_values: { p: 1 }, zoo: [1] },
    { id: 8, type: 'Note', pos: [0, 600], size: [200, 100], widgets_values: ['hello'] },
    { id: 9, type: 'Save', pos: [1100, 0], size: [200, 100], inputs: [slot('images', 'IMAGE', { link: null })], widgets_values: ['x'], flags: { pinned: true } }
  ],
  links: [[1, 1, 0, 4, 0, 'MODEL'], [2, 1, 1, 2, 0, 'CLIP'], [3, 1, 1, 3, 0, 'CLIP'], [4, 2, 0, 4, 1, 'CONDITIONING'], [5, 5, 0, 4, 2, 'LATENT'], [6, 4, 0, 6, 0, 'LATENT']],
  groups: [{ id: 1, title: 'Words', bounding: [280, -60, 260, 400], color: '#3f789e' }]
}

/** As much of an editor as commands use. */
function makeEditor() {
  const context = makeContext(structuredClone(GRAPH))
  const quiet = () => undefined
  return Object.assign(context, {
    pointer: { x: 100, y: 100 }, camera: { x: 0, y: 0, zoom: 1 }, viewSize: { w: 1000, h: 700 }, places: { path: [], enter: () => false, leave: () => false },
    setCamera: (camera) => Object.assign(context, { camera }), emit: quiet, toScreen: (point) => point, editWidget: quiet, titleRect: () => null,
    widgets: (id) => context.scene.view(context.store.node(id)).widgets
  })
}

const bytes = ({ store }) => JSON.stringify(save(store))

test('property: any commands on any selection, undone, give the same bytes; redone, the same again', () => {
  const step = fc.record({ command: fc.nat(COMMANDS.length - 1), picks: fc.array(fc.nat(40), { maxLength: 6 }) })
  const met = new Set()
  fc.assert(
    fc.property(fc.array(step, { minLength: 4, maxLength: 16 }), (steps) => {
      const editor = makeEditor()
      const states = [bytes(editor)]
      for (const { command, picks } of steps) {
        const ids = ['node', 'group', 'reroute'].flatMap((kind) => [...editor.graph.ids('', kind)])
        editor.select(picks.map((pick) => ids[pick % ids.length]).filter(Boolean))
        const { id, enabled, run } = COMMANDS[command]
        if (enabled && !enabled(editor)) continue
        const before = editor.store.history.undos.length
        run(editor)
        met.add(id)
        const after = editor.store.history.undos.length
        assert.ok(after - before <= 1, `${id} is one step at most`)
        if (after > before) states.push(bytes(editor))
        else assert.equal(bytes(editor), states.at(-1), `${id} changed the file without a step`)
      }
      for (const state of states.slice(0, -1).reverse()) {
        editor.store.undo()
        assert.equal(bytes(editor), state)
      }
      assert.equal(editor.store.undoLabel, null)
      for (const state of states.slice(1)) {
        editor.store.redo()
        assert.equal(bytes(editor), state)
      }
    }),
    { numRuns: 250 }
  )
  assert.ok(met.size > COMMANDS.length / 2, `${met.size} of ${COMMANDS.length} commands ran`)
})
