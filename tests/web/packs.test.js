import assert from 'node:assert/strict'
import test from 'node:test'
import { installPacks, PackNotices } from '../../web/packs/install.js'
import { fails, KnownPacks, packNamed, searchPacks, standingOf, waits } from '../../web/packs/known.js'

const pack = (name, state, more = {}) => ({ name, path: `/packs/${name}`, state, hash: `h-${name}`, node_types: [], problems: [], ...more })

test('what a pack is like, and who has to look at it', () => {
  assert.deepEqual(['loaded', 'partly', 'failed', 'empty', 'untrusted', 'skipped', 'waiting'].map(state => standingOf(pack('a', state))), ['loaded', 'partly', 'failed', 'empty', 'off', 'skipped', 'loading'])
  assert.equal(standingOf(pack('a', 'loaded', { changed: true })), 'changed')
  assert.equal(standingOf(pack('a', 'untrusted', { trust: 'approved' })), 'loading')
  assert.ok(waits(pack('a', 'untrusted')) && waits(pack('a', 'loaded', { changed: true })) && !waits(pack('a', 'failed')))
  assert.ok(fails(pack('a', 'skipped')) && fails(pack('a', 'partly')) && !fails(pack('a', 'empty')))
})

test('what needs somebody comes first; words are found in names, nodes and problems', () => {
  const packs = [pack('good', 'loaded', { node_types: ['BlurIt'] }), pack('bad', 'failed', { problems: [{ sentence: 'No module named cv2' }] }), pack('new', 'untrusted')]
  const titleOf = type => ({ BlurIt: 'Soften' })[type] ?? type
  const find = (words, only = 'all') => searchPacks(packs, { words, only }, titleOf).map(({ name }) => name)
  assert.deepEqual(find(''), ['new', 'bad', 'good'])
  assert.deepEqual(find('soften'), ['good'])
  assert.deepEqual(find('blurit GOOD'), ['good'])
  assert.deepEqual(find('cv2'), ['bad'])
  assert.deepEqual(find('', 'waiting'), ['new'])
  assert.deepEqual(find('', 'problems'), ['bad'])
})

test('a pack is found by the names that files give it', () => {
  const packs = [pack('ComfyUI-Impact-Pack', 'untrusted'), pack('rgthree-comfy', 'loaded')]
  assert.equal(packNamed(packs, 'comfyui-impact-pack')?.name, 'ComfyUI-Impact-Pack')
  assert.equal(packNamed(packs, 'ltdrdata/ComfyUI-Impact-Pack')?.name, 'ComfyUI-Impact-Pack')
  assert.equal(packNamed(packs, 'rgthree-comfy')?.name, 'rgthree-comfy')
  assert.equal(packNamed(packs, 'another'), undefined)
  assert.equal(packNamed(packs, ''), undefined)
})

/** A server that answers with these lists, one after the other. */
function serving(...lists) {
  const sent = []
  return { sent, client: {
    json: async () => ({ packs: lists.length > 1 ? lists.shift() : lists[0] }),
    send: async (...what) => { sent.push(what); return {} },
  } }
}

test('an approval names the code that was looked at, and the list is read again', async () => {
  const { client, sent } = serving([pack('new', 'untrusted')], [pack('new', 'loaded', { node_types: ['A'] })])
  const known = new KnownPacks(client)
  await known.load()
  const before = known.typesKey()
  await known.approve(known.waiting(), '1234 5678')
  assert.deepEqual(sent, [['POST', '/easel/packs/approve', { code: '1234 5678', packs: [{ name: 'new', hash: 'h-new' }] }]])
  assert.equal(known.find('new')?.state, 'loaded')
  assert.notEqual(known.typesKey(), before)
})

test('nodes that come after the news of their pack are types that came', async () => {
  const { client } = serving()
  let catalogue = 1
  client.json = async () => ({ packs: [pack('new', 'loaded', { node_types: ['A'] })], catalogue })
  const known = new KnownPacks(client)
  await known.load()
  const before = known.typesKey()
  await known.load()
  assert.equal(known.typesKey(), before)
  catalogue = 2
  await known.load()
  assert.notEqual(known.typesKey(), before)
})

test('the pack that somebody asks for is shown, also when the panel itself has to be fetched first', async () => {
  const shown = []
  let command
  const body = { closest: () => null }
  installPacks({
    editor: { commands: { register: one => { command = one } } }, client: {}, feed: { onEvent() {} }, toasts: {}, colorOf: () => '', onTypes: async () => {}, onKnown() {},
    drawer: { current: null, open: panel => panel.fill(body, () => undefined), toggle: panel => panel.fill(body, () => undefined) },
    later: async () => ({ packsPanel: ({ takeWanted }) => ({ fill: () => void shown.push(takeWanted()) }) }),
  })
  const loaded = () => new Promise(resolve => setImmediate(resolve))
  command.run(null, 'paint')
  await loaded()
  command.run(null, undefined)
  command.run(null, 'ink')
  assert.deepEqual(shown, ['paint', '', 'ink'])
})

test('a refused approval reads the list again too: the code may be another now', async () => {
  const { client } = serving([pack('new', 'untrusted')], [pack('new', 'untrusted', { hash: 'h2' })])
  client.send = async () => { throw new Error('not the code') }
  const known = new KnownPacks(client)
  await known.load()
  await assert.rejects(known.approve(known.waiting(), '1'), /not the code/)
  assert.equal(known.find('new')?.hash, 'h2')
})

test('news of packs are told once, with what opens the panel, and go when they are mended', () => {
  const shown = []
  const gone = []
  const opened = []
  const notices = new PackNotices({ show: notice => { shown.push(notice); return () => undefined }, dismiss: key => void gone.push(key) }, name => void opened.push(name))
  const broken = pack('broken', 'failed', { problems: [{ sentence: 'The pack broken could not be imported: ValueError: no (broken/__init__.py, line 3)' }] })
  notices.tell([broken, pack('good', 'loaded'), pack('stranger', 'untrusted')])
  notices.tell([broken, pack('good', 'loaded'), pack('stranger', 'untrusted')])
  assert.equal(shown.length, 2)
  assert.match(shown[0].text, /broken could not be loaded\./u)
  assert.match(shown[0].detail, /line 3/)
  assert.match(shown[1].text, /stranger/)
  shown[1].action.run()
  assert.deepEqual(opened, ['stranger'])
  notices.tell([broken, pack('stranger', 'untrusted', { hash: 'other' })])
  assert.equal(shown.length, 3, 'other code is news')
  notices.tell([broken, pack('lost', 'skipped', { sentence: 'The pack lost ended the device process.' }), pack('stranger', 'untrusted', { hash: 'other' })])
  assert.match(shown[3].text, /broken, lost/u)
  assert.doesNotMatch(shown[3].detail, /line 3|ended/u, 'what hurt many does not fit a notice')
  gone.length = 0
  notices.tell([pack('broken', 'waiting')])
  assert.deepEqual(gone, ['packs-waiting'], 'what is loaded anew may fail again')
  notices.tell([pack('broken', 'partly', { node_types: ['A'] })])
  assert.match(shown.at(-1).text, /broken did not load whole/u)
  gone.length = 0
  notices.tell([pack('good', 'loaded')])
  assert.deepEqual(gone, ['packs-failed', 'packs-waiting'])
})
