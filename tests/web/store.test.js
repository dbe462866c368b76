import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { compose, isEmpty, reverse } from '../../web/model/diff.js'
import { Store } from '../../web/model/store.js'

const node = (key, more = {}) => ({ id: `node:${key}`, kind: 'node', graph: '', key, z: key, pos: [0, 0], title: null, ...more })
const dump = (store) => JSON.stringify([...store.records()].sort((a, b) => (a.id < b.id ? -1 : 1)))

test('a transaction is one step, named, and undo takes it back', () => {
  const store = new Store()
  store.transact('Add two', () => {
    store.put(node(1))
    store.put(node(2))
  })
  store.transact('Move', () => store.update('node:1', { pos: [5, 6] }))
  assert.deepEqual(store.history, { undos: ['Add two', 'Move'], redos: [] })
  assert.equal(store.undo(), 'Move')
  assert.deepEqual(store.node('node:1').pos, [0, 0])
  assert.equal(store.undo(), 'Add two')
  assert.equal(store.size, 0)
  assert.equal(store.undo(), null)
  assert.equal(store.redo(), 'Add two')
  assert.equal(store.redoLabel, 'Move')
  assert.equal(store.size, 2)
})

test('a change that throws leaves nothing behind, and no step', () => {
  const store = new Store()
  store.transact('Add', () => store.put(node(1)))
  const before = dump(store)
  assert.throws(() =>
    store.transact('Break', () => {
      store.update('node:1', { pos: [9, 9] })
      store.put(node(2))
      throw new Error('no')
    })
  )
  assert.equal(dump(store), before)
  assert.deepEqual(store.history.undos, ['Add'])
})

test('a gesture is one step; one that is cancelled, or changes nothing in the end, is none', () => {
  const store = new Store()
  store.transact('Add', () => store.put(node(1)))
  store.begin('Move')
  for (const x of [1, 2, 3]) store.transact('Move', () => store.update('node:1', { pos: [x, 0] }))
  store.commit()
  assert.deepEqual(store.history.undos, ['Add', 'Move'])
  store.begin('Move')
  store.transact('Move', () => store.update('node:1', { pos: [9, 0] }))
  store.cancel()
  assert.deepEqual(store.node('node:1').pos, [3, 0])
  store.begin('Move')
  store.transact('Move', () => store.update('node:1', { pos: [9, 0] }))
  store.transact('Move', () => store.update('node:1', { pos: [3, 0] }))
  store.commit()
  assert.deepEqual(store.history.undos, ['Add', 'Move'])
})

test('a change outside of a transaction is refused, and so is a second record of one id', () => {
  const store = new Store()
  assert.throws(() => store.put(node(1)), /inside transact/)
  store.transact('Add', () => store.put(node(1)))
  assert.throws(() => store.transact('Add', () => store.put(node(1))), /already/)
  assert.throws(() => store.transact('Move', () => store.update('node:7', { pos: [1, 1] })), /no record/)
})

test('merged changes belong to the last step', () => {
  const store = new Store()
  store.transact('First of all', () => store.put(node(0)), { merge: true })
  assert.deepEqual(store.history.undos, [], 'with no step before there is none to undo')
  store.transact('Add', () => store.put(node(1)))
  store.transact('New seed', () => store.update('node:1', { title: 'x' }), { merge: true })
  assert.deepEqual(store.history.undos, ['Add'])
  store.undo()
  assert.equal(store.has('node:1'), false)
  store.redo()
  assert.equal(store.node('node:1').title, 'x')
})

test('listeners hear of each transaction once, and where it came from', () => {
  const store = new Store()
  const heard = []
  const stop = store.listen((diff, source) => heard.push([source, Object.keys(diff.added).length]))
  store.transact('Add', () => [1, 2, 3].forEach((key) => store.put(node(key))))
  store.transact('Nothing', () => store.update('node:1', { pos: [0, 0] }))
  store.undo()
  store.redo()
  store.load([node(9)])
  stop()
  store.transact('Add', () => store.put(node(1)))
  assert.deepEqual(heard, [['user', 3], ['undo', 0], ['redo', 3], ['load', 1]])
})

/** Any change to a store of at most six records. */
const change = fc.oneof(
  fc.record({ do: fc.constant('put'), key: fc.nat(5), x: fc.nat(3) }),
  fc.record({ do: fc.constant('update'), key: fc.nat(5), x: fc.nat(3) }),
  fc.record({ do: fc.constant('remove'), key: fc.nat(5) })
)
const steps = fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 12 })

function apply(store, changes, gesture) {
  const one = ({ do: what, key, x }) => {
    const id = `node:${key}`
    if (what === 'put' && !store.has(id)) store.put(node(key, { pos: [x, x] }))
    else if (what === 'update' && store.has(id)) store.update(id, { pos: [x, 0], title: x ? String(x) : null })
    else if (what === 'remove') store.remove(id)
  }
  if (!gesture) return store.transact('Step', () => changes.forEach(one))
  store.begin('Step')
  for (const each of changes) store.transact('Part', () => one(each))
  store.commit()
}

test('property: any steps undone give the same bytes as before, and redone the same as after', () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (all, gesture) => {
      const store = new Store()
      const states = [dump(store)]
      for (const changes of all) {
        const before = store.history.undos.length
        apply(store, changes, gesture)
        if (store.history.undos.length > before) states.push(dump(store))
        else assert.equal(dump(store), states.at(-1))
      }
      for (let at = states.length - 2; at >= 0; at--) {
        store.undo()
        assert.equal(dump(store), states[at])
      }
      for (let at = 1; at < states.length; at++) {
        store.redo()
        assert.equal(dump(store), states[at])
      }
    })
  )
})

test('property: a cancelled gesture never was', () => {
  fc.assert(
    fc.property(steps, fc.array(change), (all, changes) => {
      const store = new Store()
      for (const part of all) apply(store, part, false)
      const [before, history] = [dump(store), JSON.stringify(store.history)]
      store.begin('Gesture')
      apply(store, changes, false)
      store.cancel()
      assert.equal(dump(store), before)
      assert.equal(JSON.stringify(store.history), history)
    })
  )
})

test('property: a diff and its reverse compose to nothing', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const store = new Store()
      store.listen((diff) => assert.ok(isEmpty(compose(diff, reverse(diff)))))
      for (const changes of all) apply(store, changes, false)
    })
  )
})

test('a document that is set aside comes back with its steps, and each exchange is told once, as a load', () => {
  const store = new Store()
  store.load([{ id: 'node:1', kind: 'node', title: 'one' }])
  store.transact('Rename', () => store.update('node:1', { title: 'uno' }))
  store.transact('Rename', () => store.update('node:1', { title: 'eins' }))
  store.undo()
  const told = []
  const indexed = new Map()
  store.index((before, after) => (after ? indexed.set(after.id, after) : indexed.delete(before.id)))
  store.listen((diff, source) => told.push([source, Object.keys(diff.removed), Object.keys(diff.added)]))
  store.begin('Drag')
  const first = store.exchange({ records: [{ id: 'node:2', kind: 'node', title: 'two' }], undos: [], redos: [] })
  assert.equal(store.inGesture, false)
  assert.deepEqual([...indexed.keys()], ['node:2'])
  assert.equal(store.undoLabel, null)
  store.transact('Rename', () => store.update('node:2', { title: 'dos' }))
  const second = store.exchange(first)
  assert.equal(store.get('node:1').title, 'uno')
  assert.deepEqual(store.history, { undos: ['Rename'], redos: ['Rename'] })
  store.redo()
  assert.equal(store.get('node:1').title, 'eins')
  store.exchange(second)
  assert.equal(store.undo(), 'Rename')
  assert.equal(store.get('node:2').title, 'two')
  assert.deepEqual(told.filter(([source]) => source === 'load'), [['load', ['node:1'], ['node:2']], ['load', ['node:2'], ['node:1']], ['load', ['node:1'], ['node:2']]])
})
