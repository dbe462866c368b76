import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { Store } from '../../web/model/store.js'

const node = (key, more = {}) => ({ id: `node:${key}`, kind: 'node', graph: '', key, z: key, pos: [0, 0], title: null, ...more })
const dump = (store) => JSON.stringify([...store.records()].sort((a, b) => (a.id < b.id ? -1 : 1)))

test('a jump over several steps is told once, and the steps stand on the other side in order', () => {
  const store = new Store()
  for (const key of [1, 2, 3, 4]) store.transact(`Add ${key}`, () => store.put(node(key)))
  const heard = []
  store.listen((diff, source) => heard.push([source, Object.keys(diff.removed), Object.keys(diff.added)]))
  store.jump(-3)
  assert.deepEqual(heard, [['undo', ['node:4', 'node:3', 'node:2'], []]])
  assert.deepEqual(store.history, { undos: ['Add 1'], redos: ['Add 2', 'Add 3', 'Add 4'] })
  store.jump(2)
  assert.deepEqual(store.history, { undos: ['Add 1', 'Add 2', 'Add 3'], redos: ['Add 4'] })
  store.jump(-99)
  assert.equal(store.size, 0)
  store.jump(99)
  assert.equal(store.size, 4)
  store.jump(1)
  assert.equal(heard.length, 4, 'a jump to nowhere tells nothing')
})

test('who shows the steps hears of each, of a gesture at its end', () => {
  const store = new Store()
  let told = 0
  const end = store.listenSteps(() => { told++ })
  store.begin('Drag')
  store.transact('Add', () => store.put(node(1)))
  assert.equal(told, 0)
  store.commit()
  assert.equal(told, 1)
  assert.equal(store.undoLabel, 'Drag')
  store.undo()
  store.redo()
  store.jump(-1)
  store.load([])
  assert.equal(told, 5)
  end()
  store.transact('Add', () => store.put(node(2)))
  assert.equal(told, 5)
})

test('property: a jump is as many undos or redos, and what it tells leads from one state to the other', () => {
  const step = fc.record({ key: fc.integer({ min: 1, max: 4 }), kind: fc.constantFrom('put', 'move', 'remove'), x: fc.nat(9) })
  fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 14 }), fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 6 }), (steps, jumps) => {
    const stores = [new Store(), new Store()]
    for (const store of stores) {
      for (const { key, kind, x } of steps) {
        const id = `node:${key}`
        store.transact(`${kind} ${key}`, () => {
          if (kind === 'put' && !store.has(id)) store.put(node(key, { pos: [x, 0] }))
          else if (kind === 'move' && store.has(id)) store.update(id, { pos: [x, 1] })
          else store.remove(id)
        })
      }
    }
    const [jumping, walking] = stores
    const mirror = new Map([...jumping.records()].map((record) => [record.id, record]))
    jumping.listen((diff) => {
      for (const id of Object.keys(diff.removed)) assert.ok(mirror.delete(id))
      for (const [id, record] of Object.entries(diff.added)) mirror.set(id, record)
      for (const [id, { from, to }] of Object.entries(diff.updated)) {
        for (const [field, value] of Object.entries(from)) assert.deepEqual(mirror.get(id)[field], value)
        mirror.set(id, { ...mirror.get(id), ...to })
      }
    })
    for (const count of jumps) {
      jumping.jump(count)
      for (let left = Math.abs(count); left > 0; left--) count < 0 ? walking.undo() : walking.redo()
      assert.equal(dump(jumping), dump(walking))
      assert.deepEqual(jumping.history, walking.history)
      assert.equal(JSON.stringify([...mirror.values()].sort((a, b) => (a.id < b.id ? -1 : 1))), dump(jumping))
    }
  }))
})
