/** What the page makes of a run's events: whatever comes late, twice, or for nodes that are gone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../web/node_modules/fast-check/lib/fast-check.js'
import { listenToServer } from '../../web/app/events.js'
import { Jobs } from '../../web/app/jobs.js'
import { Results } from '../../web/app/results.js'
import { downstream, lookedAt, outputsAmong, runTo } from '../../web/app/targets.js'
import { whySentence } from '../../web/app/why.js'
import { Schema } from '../../web/model/schema.js'
import { Session } from '../../web/model/session.js'
import { OBJECT_INFO } from './support.js'

/** A page without a server: events go in by `tell`, frames by `frame`. */
function page({ objectInfo = OBJECT_INFO } = {}) {
  const session = new Session()
  const jobs = new Jobs()
  const failures = []
  const made = []
  let onEvent = () => {}
  let onFrame = () => {}
  globalThis.createImageBitmap = async () => {
    const bitmap = { closed: false, close() { this.closed = true } }
    made.push(bitmap)
    return bitmap
  }
  listenToServer({
    client: { onEvent: (listener) => { onEvent = listener }, onFrame: (listener) => { onFrame = listener } },
    session, sessionOf: () => session, tellElsewhere() {}, jobs, results: new Results(), schema: () => new Schema(objectInfo), prepare: async () => undefined,
    troubles: { showRefused() {}, tellFailure: (id) => failures.push(id) }
  })
  return { session, jobs, failures, made, tell: (type, data) => onEvent({ type, data }), frame: (frame) => onFrame(frame) }
}

const facts = (more = {}) => ({ display_node: '3', ms: 40, bytes: 1000, bytes_of: 'outputs', outputs: [{ type: 'IMAGE', text: '1 image 8×8' }], key: 'k', warnings: [], frozen: false, ...more })
const settled = () => new Promise((resolve) => setTimeout(resolve, 0))

test('a node has the time and the memory that the server measured, once however often it is told', () => {
  const { session, tell } = page()
  tell('execution_start', { prompt_id: 'a' })
  tell('executing', { prompt_id: 'a', node: '3' })
  for (let again = 0; again < 3; again++) tell('easel_nodes', { prompt_id: 'a', nodes: { 3: facts() } })
  tell('executing', { prompt_id: 'a', node: '4' })
  const { state, ms, bytes, bytesOf, outputs, key } = session.status('3')
  assert.deepEqual({ state, ms, bytes, bytesOf, key }, { state: 'done', ms: 40, bytes: 1000, bytesOf: 'outputs', key: 'k' })
  assert.deepEqual(outputs, [{ type: 'IMAGE', text: '1 image 8×8' }])
})

test('facts that come after the end still count; those of an older run do not', () => {
  const { session, tell } = page()
  tell('execution_start', { prompt_id: 'a' })
  tell('executing', { prompt_id: 'a', node: '3' })
  tell('execution_success', { prompt_id: 'a' })
  tell('easel_nodes', { prompt_id: 'a', nodes: { 3: facts({ ms: 7 }) } })
  assert.equal(session.status('3').ms, 7)
  tell('execution_start', { prompt_id: 'b' })
  tell('easel_nodes', { prompt_id: 'a', nodes: { 3: facts({ ms: 9 }) } })
  assert.equal(session.status('3').ms, null)
})

test('a node that stands for others has the sum of their times', () => {
  const { session, tell } = page()
  tell('execution_start', { prompt_id: 'a' })
  tell('executing', { prompt_id: 'a', node: '3' })
  tell('executing', { prompt_id: 'a', node: '3.0', display_node: '3' })
  tell('easel_nodes', { prompt_id: 'a', nodes: { '3.0': facts({ ms: 30, outputs: [] }) } })
  tell('easel_nodes', { prompt_id: 'a', nodes: { 3: facts({ ms: 12 }) } })
  tell('execution_success', { prompt_id: 'a' })
  assert.equal(session.status('3').ms, 42)
  assert.equal(session.status('3').outputs.length, 1, 'the inner node says nothing of its outputs')
})

test('what a cached node gave is known though it did not run', () => {
  const { session, tell } = page()
  tell('execution_start', { prompt_id: 'a' })
  tell('execution_cached', { prompt_id: 'a', nodes: ['3', 'look:3'] })
  tell('easel_nodes', { prompt_id: 'a', nodes: { 3: facts({ ms: null, bytes: null, frozen: true, warnings: ['No cat'] }), 'look:3': facts({ display_node: 'look:3' }) } })
  const { state, ms, frozen, warnings } = session.status('3')
  assert.deepEqual({ state, ms, frozen, warnings }, { state: 'cached', ms: null, frozen: true, warnings: ['No cat'] })
  assert.deepEqual([...session.ids()], ['3'], 'a look is no node of the graph')
  tell('execution_start', { prompt_id: 'b' })
  assert.equal(session.status('3').outputs.length, 1, 'what flowed last is shown until something else flows')
  assert.deepEqual(session.status('3').warnings, [])
})

test('a look shows its result on the node that it looks at', async () => {
  const { session, tell } = page()
  tell('execution_start', { prompt_id: 'a' })
  tell('executing', { prompt_id: 'a', node: '3' })
  tell('executing', { prompt_id: 'a', node: 'look:3' })
  assert.equal(session.run.node, '3')
  tell('executed', { prompt_id: 'a', node: 'look:3', display_node: 'look:3', output: { images: [{ filename: 'x.png', type: 'temp' }] } })
  await settled()
  assert.equal(session.status('3').images[0].filename, 'x.png')
  assert.equal(session.status('look:3').images.length, 0)
  tell('execution_start', { prompt_id: 'b' })
  tell('execution_cached', { prompt_id: 'b', nodes: ['3'] })
  assert.equal(session.status('3').images.length, 1, 'it is the same result still')
  tell('execution_start', { prompt_id: 'c' })
  tell('executing', { prompt_id: 'c', node: '3' })
  assert.equal(session.status('3').images.length, 0, 'and now it is another')
})

test('a preview that is decoded too late is let go; a newer one takes its place', async () => {
  const { session, tell, frame, made } = page()
  tell('execution_start', { prompt_id: 'a' })
  tell('executing', { prompt_id: 'a', node: '3' })
  frame({ kind: 'preview', displayNode: '3', promptId: 'a', blob: {} })
  frame({ kind: 'preview', displayNode: '3', promptId: 'a', blob: {} })
  await settled()
  assert.deepEqual(made.map(({ closed }) => closed), [true, false])
  frame({ kind: 'preview', displayNode: '3', promptId: 'a', blob: {} })
  tell('execution_success', { prompt_id: 'a' })
  await settled()
  assert.equal(made[2].closed, true)
  frame({ kind: 'preview', displayNode: '3', promptId: 'before', blob: {} })
  await settled()
  assert.equal(made.length, 3, 'one of another run is not even decoded')
  assert.equal(session.status('3').preview, made[1])
})

test('an error closes the run; blocked branches do not', () => {
  const { session, tell, failures } = page()
  tell('execution_start', { prompt_id: 'a' })
  tell('execution_error', { prompt_id: 'a', node_id: '5', exception_type: 'ExecutionBlocked', exception_message: 'stop' })
  assert.equal(session.run.state, 'running')
  tell('execution_error', { prompt_id: 'a', node_id: '3', exception_message: 'no luck\n' })
  tell('execution_error', { prompt_id: 'old', node_id: '4', exception_message: 'late' })
  assert.deepEqual(failures, ['3'])
  tell('execution_error', { prompt_id: 'a', node_id: 'look:7', exception_message: 'cannot be shown' })
  assert.deepEqual(failures, ['3', '7'], 'told at the node that was looked at')
  assert.equal(session.status('4').error, null)
})

test('no event, in whatever order and with whatever in it, throws', () => {
  const names = ['status', 'execution_start', 'execution_cached', 'executing', 'progress', 'progress_state', 'easel_nodes', 'executed', 'execution_error', 'execution_interrupted', 'execution_success', 'unheard_of']
  const value = fc.oneof(fc.constantFrom('a', 'b', '3', 'look:3', '12:34', '', null, undefined), fc.integer(), fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), fc.array(fc.jsonValue(), { maxLength: 3 }))
    .filter((each) => !/toString|valueOf/u.test(JSON.stringify(each) ?? ''))
  const data = fc.record({ prompt_id: fc.constantFrom('a', 'b', undefined), node: value, nodes: value, output: value, display_node: value, value, max: value, reason: value, node_id: value, traceback: value }, { requiredKeys: [] })
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom(...names), fc.option(data, { nil: undefined })), { maxLength: 30 }), (events) => {
    const { tell } = page()
    for (const [type, body] of events) tell(type, body ?? {})
  }), { numRuns: 300 })
})

test('why a node ran, by labels and with what was before', () => {
  const schema = new Schema(OBJECT_INFO)
  const about = { type: schema.get('Sample'), now: { model: ['1', 0], seed: 8, cfg: 8 }, before: { seed: 7 }, isCached: (id) => id === '1' }
  assert.equal(whySentence({ kind: 'changed', inputs: ['seed'] }, about), 'the seed changed from 7. The model comes from the cache')
  assert.equal(whySentence({ kind: 'changed', inputs: ['seed', 'cfg'] }, { ...about, isCached: () => false }), 'the seed and CFG changed')
  assert.equal(whySentence({ kind: 'new', inputs: [], sentence: 'it has not run before' }, about), 'it has not run before')
  assert.equal(whySentence({ kind: 'changed', inputs: ['gone'] }, { ...about, type: undefined, before: null, isCached: () => false }), 'the gone changed')
  assert.equal(whySentence(undefined, about), null)
})

const LOOKS = {
  ...OBJECT_INFO,
  PreviewImage: { input: { required: { images: ['IMAGE'] } }, output: [], output_node: true },
  PreviewAny: { input: { required: { source: ['*'] } }, output: [], output_node: true }
}
const node = (class_type, inputs = {}) => ({ class_type, inputs })
const PROMPT = { 1: node('Load'), 2: node('Sample', { model: ['1', 0] }), 3: node('Decode', { samples: ['2', 0] }), 4: node('Save', { images: ['3', 0] }), 5: node('Empty'), 6: node('Save', { images: ['5', 0] }) }

test('running to a node that is no output gives it a look, in the prompt only', () => {
  const schema = new Schema(LOOKS)
  const { prompt, targets, unseen } = runTo(PROMPT, ['3', '4', '2', 'gone'], schema)
  assert.deepEqual(targets, ['look:3', '4', 'look:2'])
  assert.deepEqual(prompt['look:3'].inputs, { images: ['3', 0] })
  assert.deepEqual(prompt['look:2'].inputs, { source: ['2', 0] })
  assert.deepEqual(unseen, [])
  assert.equal('look:3' in PROMPT, false)
  assert.deepEqual(runTo(PROMPT, ['3'], new Schema(OBJECT_INFO)).unseen, ['3'], 'a server without such nodes')
  assert.equal(lookedAt('look:12:34'), '12:34')
  assert.equal(lookedAt('12:34'), null)
})

test('a branch is what follows from a node, and its outputs', () => {
  const schema = new Schema(LOOKS)
  assert.deepEqual(outputsAmong(PROMPT, downstream(PROMPT, ['2']), schema), ['4'])
  assert.deepEqual(outputsAmong(PROMPT, downstream(PROMPT, ['5']), schema), ['6'])
  assert.deepEqual([...downstream({ 1: node('Load', { x: ['1', 0] }) }, ['1', 'gone'])], ['1'])
})
