/** A websocket over networks that are cut without a word. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Socket } from '../../web/api/socket.js'

class Line {
  static all = []

  constructor(url) {
    Object.assign(this, { url, closed: false })
    Line.all.push(this)
  }

  send() {}

  close() {
    this.closed = true
  }
}

/** A page with a socket, and a clock that stands. */
function page(context, options = {}) {
  Line.all = []
  const were = { WebSocket: globalThis.WebSocket, document: globalThis.document, addEventListener: globalThis.addEventListener }
  Object.assign(globalThis, { WebSocket: Line, document: { addEventListener() {} }, addEventListener() {} })
  context.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  context.after(() => Object.assign(globalThis, were))
  const told = []
  const socket = new Socket({ url: () => '/events', onMessage: (data) => told.push(data), onState: (state) => told.push(state), ...options })
  socket.open()
  return { socket, told, pass: (ms) => context.mock.timers.tick(ms) }
}

test('where nothing is heard for too long the connection is opened anew', (context) => {
  let silences = 0
  const { told, pass } = page(context, { silence: 5000, onSilence: () => silences++ })
  const [first] = Line.all
  first.onopen()
  pass(4000)
  first.onmessage({ data: 'alive' })
  pass(4000)
  assert.deepEqual([told, silences, Line.all.length], [['connecting', 'open', 'alive'], 0, 1])
  pass(1000)
  assert.deepEqual([told.at(-1), silences, first.closed], ['reconnecting', 1, true])
  first.onmessage({ data: 'late' })
  first.onclose()
  pass(1000)
  assert.equal(Line.all.length, 2, 'tried once, though the old one closes too in the end')
  Line.all[1].onopen()
  assert.deepEqual(told.slice(-2), ['reconnecting', 'open'])
})

test('who asked for no such thing may be silent for ever', (context) => {
  const { told, pass } = page(context)
  Line.all[0].onopen()
  pass(3_600_000)
  assert.deepEqual([told, Line.all.length], [['connecting', 'open'], 1])
})

test('a try that hangs is given up and made again', (context) => {
  const { told, pass } = page(context)
  pass(15_000)
  pass(1000)
  assert.equal(Line.all[0].closed, true)
  assert.equal(Line.all.length, 2)
  Line.all[0].onopen()
  assert.deepEqual(told, ['connecting', 'reconnecting'], 'what comes of it later is nobody\u2019s')
  Line.all[1].onopen()
  assert.equal(told.at(-1), 'open')
})
