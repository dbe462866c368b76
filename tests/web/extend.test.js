/** What a pack's script is given, without a page. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createInterface } from '../../web/extend/interface.js'

test('its functions work when they are taken out of it: a panel of an element is given the whole interface', () => {
  Object.assign(globalThis, { document: { createElement: () => ({ append(child) { this.child = child } }) } })
  const panels = []
  const easel = createInterface({
    pack: 'paint', guard: { call: (_what, hook, ...args) => hook(...args) }, editor: { commands: { register: () => undefined } }, graph: {}, widgets: new Map(),
    addPanel: panel => { panels.push(panel); return () => undefined }, events: {}, toasts: {}, base: '/x',
  })
  const { registerPanel } = easel
  registerPanel({ id: 'colours', title: 'Colours', element: 'paint-colours' })
  let host
  panels[0].fill({ appendChild: child => (host = child) })
  assert.equal(host.child.easel, easel)
})
