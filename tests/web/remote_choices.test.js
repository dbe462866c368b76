/** Lists that are read from an address of the server. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { readWidget } from '../../web/model/widget_specs.js'
import { addressOf, forgetChoices, keptChoices, lastChoices, readChoices } from '../../web/widgets/remote_choices.js'

const PAGE = 'http://127.0.0.1:8188/'
const real = globalThis.fetch
const source = (more = {}) => readWidget('image', 'COMBO', { remote: { route: '/files', max_retries: 2, ...more } }).source
const read = (of = source(), more = {}) => readChoices(of, new AbortController().signal, { page: PAGE, pause: 1, ...more })

/** @param {(number | string | unknown[] | object | (() => Promise<any>))[]} replies one a call; a number is a status, text is sent as it is */
function serve(...replies) {
  const asked = []
  globalThis.fetch = async (address, options) => {
    asked.push(String(address))
    const reply = replies[Math.min(asked.length, replies.length) - 1]
    if (typeof reply === 'function') return reply(options)
    return new Response(typeof reply === 'string' ? reply : JSON.stringify(reply), { status: typeof reply === 'number' ? reply : 200 })
  }
  return asked
}

afterEach(() => {
  globalThis.fetch = real
  forgetChoices()
})

test('a declaration is read as ComfyUI writes it, and one that cannot be read is still a list from elsewhere', () => {
  assert.deepEqual(source({ response_key: 'names', query_params: { kind: 'a', n: 2 }, refresh: 500, timeout: 100, refresh_button: true, control_after_refresh: 'last' }), {
    route: '/files', params: { kind: 'a', n: '2' }, key: 'names', refresh: 500, timeout: 100, retries: 2, button: true, after: 'last'
  })
  assert.deepEqual(source({ refresh: 'often', timeout: -1, max_retries: null, control_after_refresh: 'third', query_params: [] }), {
    route: '/files', params: {}, key: '', refresh: 0, timeout: 0, retries: 3, button: false, after: ''
  })
  const { remote, source: none } = readWidget('image', 'COMBO', { remote: {} })
  assert.deepEqual([remote, none], [true, undefined])
})

test('only this server is asked', () => {
  assert.equal(addressOf(source({ query_params: { a: 'x y' } }), PAGE), 'http://127.0.0.1:8188/files?a=x+y')
  for (const route of ['https://example.com/list', '//example.com/list', 'http://127.0.0.1:9000/list', 'javascript:alert(1)', 'data:text/plain,[]', '\\\\example.com/list']) {
    assert.throws(() => addressOf(source({ route }), PAGE), /not this server/u, route)
  }
  assert.throws(() => addressOf(source({ route: 'http://' }), PAGE), /no address/u)
})

test('a list is read, under its key, and kept as long as it says', async () => {
  const asked = serve({ names: ['a', 'b', 3] }, { names: ['c'] })
  const of = source({ response_key: 'names', refresh: 1000 })
  assert.equal(keptChoices(of), null)
  assert.deepEqual(await read(of), ['a', 'b', 3])
  assert.deepEqual(keptChoices(of), ['a', 'b', 3])
  assert.equal(keptChoices(of, Date.now() + 1500), null)
  assert.deepEqual(lastChoices(of), ['a', 'b', 3])
  assert.deepEqual(await read(of), ['c'])
  assert.deepEqual(lastChoices(of), ['c'])
  assert.equal(asked.length, 2)
  serve(['x'])
  await read(source())
  assert.deepEqual(keptChoices(source(), Date.now() + 1e9), ['x'])
})

test('a server that fails is asked again, so often and no more; what is no list is told at once', async () => {
  let asked = serve(500, 503, ['a'])
  const tries = []
  assert.deepEqual(await read(source(), { again: (count) => tries.push(count) }), ['a'])
  assert.deepEqual(tries, [1, 2])
  asked = serve(500)
  await assert.rejects(read(), /could not make the list of \/files \(status 500\)/u)
  assert.equal(asked.length, 3)
  asked = serve(404)
  await assert.rejects(read(), /no list at \/files \(status 404\)/u)
  assert.equal(asked.length, 1)
  for (const answer of ['<html>', '{"a": 1}', '[{"a": 1}]', 'null', '']) {
    serve(answer)
    await assert.rejects(read(), /is no list/u, answer)
    await assert.rejects(read(source({ response_key: 'names' })), /is no list under “names”/u, answer)
  }
  serve(() => Promise.reject(new TypeError('gone')))
  await assert.rejects(read(), /does not answer \/files/u)
})

test('a late answer is told with its time, and a question can be called off', async () => {
  const never = ({ signal }) => new Promise((_, reject) => { signal.addEventListener('abort', () => reject(signal.reason)) })
  serve(never)
  const awake = setInterval(() => undefined, 20) // a time limit alone does not keep Node.js running
  await assert.rejects(read(source({ timeout: 100, max_retries: 0 })), /within 0.1 s/u)
  const stop = new AbortController()
  const asking = readChoices(source(), stop.signal, { page: PAGE })
  stop.abort()
  await assert.rejects(asking, { name: 'AbortError' })
  clearInterval(awake)
})
