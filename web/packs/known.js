/**
 * The server's node packs: what became of each, and what may be done with it. One list for the panel, for notices and for
 * nodes whose pack is not there.
 *
 * @typedef {{ sentence: string, file?: string | null, line?: number | null, trace?: string }} Problem
 * @typedef {object} Pack What `/easel/packs` says of one.
 * @property {string} name
 * @property {string} path
 * @property {string} state  loaded, partly, failed, empty, untrusted, skipped, stale (what was saved does not load, what was there before stays); another word while it has not been tried
 * @property {'own' | 'dev' | 'all' | 'approved' | null} [trust]  why its code may run
 * @property {string} [hash]  of its code as it lies there
 * @property {string | null} [loaded_hash]  of the code that the worker imported
 * @property {string | null} [approved_hash]
 * @property {number | null} [approved_at]  seconds since 1970
 * @property {boolean} [changed]  its code is another than the approved one, which still runs
 * @property {string | null} [sentence]  why it was left out
 * @property {number | null} [seconds]  that its import took
 * @property {boolean} [resting]  it is known from an earlier start, and imported when one of its nodes is needed
 * @property {string[]} [node_types]
 * @property {Problem[]} [problems]
 * @property {string[]} [notes]
 * @property {string[]} [requirements]
 * @property {string[]} [missing]  requirements that are not installed
 * @property {string} [needs]  the hash of what it needs
 * @property {boolean} [own_environment]
 * @property {string[]} [web]
 * @property {boolean} [page]
 * @property {boolean} [locales]
 * @property {number} [examples]
 * @property {{ name: string, change: string }[] | null} [files]  those that differ from what was approved
 *
 * @typedef {{ pack: string, busy: boolean, lines: string[], problem: string | null }} Installing
 *
 * @typedef {'off' | 'changed' | 'stale' | 'uninstalled' | 'skipped' | 'failed' | 'partly' | 'loading' | 'loaded' | 'empty'} Standing
 * @typedef {{ words: string, only: 'all' | 'waiting' | 'problems' }} Wanted
 */

/** How long news are gathered before the list is read again, in ms. */
const REST = 150

/** In the order in which they want to be looked at. @type {readonly Standing[]} */
const ORDER = ['changed', 'off', 'stale', 'uninstalled', 'failed', 'skipped', 'partly', 'loading', 'loaded', 'empty']

/** @param {Pack} pack @returns {Standing} */
export function standingOf({ state, trust, changed }) {
  if (changed) return 'changed'
  if (state === 'untrusted') return trust ? 'loading' : 'off' // approved, and not loaded yet
  const known = ORDER.find(standing => standing === state)
  return known ?? 'loading'
}

/** Does somebody have to look at its code? @param {Pack} pack */
export const waits = pack => ['off', 'changed'].includes(standingOf(pack))

/** Did it not load as it should have? @param {Pack} pack */
export const fails = ({ state }) => ['failed', 'skipped', 'partly', 'stale'].includes(state)

/**
 * Those that are wanted, what needs a person first. Words are looked for in names, nodes and sentences.
 *
 * @param {readonly Pack[]} packs @param {Wanted} wanted @param {(type: string) => string} titleOf  of a node type
 * @returns {Pack[]}
 */
export function searchPacks(packs, { words, only }, titleOf) {
  const parts = words.toLowerCase().split(/\s+/u).filter(Boolean)
  return packs
    .filter(pack => (only === 'waiting' ? waits(pack) : only === 'problems' ? fails(pack) : true))
    .filter(pack => {
      if (!parts.length) return true
      const types = pack.node_types ?? []
      const text = [pack.name, pack.sentence, ...types, ...types.map(titleOf), ...(pack.problems ?? []).map(({ sentence }) => sentence), ...(pack.requirements ?? [])].join('\n').toLowerCase()
      return parts.every(part => text.includes(part))
    })
    .map((pack, index) => ({ pack, index, rank: ORDER.indexOf(standingOf(pack)) }))
    .sort((one, other) => one.rank - other.rank || one.index - other.index)
    .map(({ pack }) => pack)
}

/**
 * The pack that a name in a file means, as files write it: a folder's name, a registry's id, or `user/repository`.
 *
 * @param {readonly Pack[]} packs @param {string} name
 */
export function packNamed(packs, name) {
  const plain = (/** @type {string} */ text) => (text.split('/').at(-1) ?? '').toLowerCase().replaceAll(/[^a-z0-9]|^comfyui[-_]?/gu, '')
  const wanted = plain(name)
  return packs.find(pack => pack.name === name) ?? (wanted ? packs.find(pack => plain(pack.name) === wanted) : undefined)
}

/**
 * How the pack that a name in a file means is here, for nodes that are missing; null where there is none.
 *
 * @param {readonly Pack[]} packs @param {string} name
 * @returns {{ name: string, standing: 'off' | 'loading' | 'failed' | 'broken' | 'here' } | null}
 */
export function packHere(packs, name) {
  const pack = packNamed(packs, name)
  if (!pack) return null
  const some = Boolean(pack.node_types?.length)
  const standing = waits(pack) && !some ? 'off' : fails(pack) ? (some ? 'broken' : 'failed') : standingOf(pack) === 'loading' ? 'loading' : 'here'
  return { name: pack.name, standing }
}

export class KnownPacks {
  /** @param {Pick<import('../api/client.js').Client, 'json' | 'send'>} client */
  constructor(client) {
    this.client = client
    /** What approving asks of who is here: `code`, the terminal's; `why`: why they may not at all. */
    this.approving = () => ({ code: true, why: '' })
    /** @type {readonly Pack[]} */
    this.packs = []
    /** What is being installed, or was last. @type {Installing | null} */
    this.installing = null
    this.read = false
    this.failure = ''
    /** Something was told of packs since the page is there. */
    this.news = false
    /** Which of the server's lists of node types the packs went with: nodes come after the news that their pack was imported. */
    this.catalogue = 0
    /** @type {Set<() => void>} */
    this.listeners = new Set()
    this.asked = 0
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
  }

  /** @param {() => void} listener  the list is another @returns {() => void} */
  listen(listener) {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** News of packs have the list read again. @param {Pick<import('../app/queue_feed.js').QueueFeed, 'onEvent'>} feed */
  follow(feed) {
    feed.onEvent(({ type }) => {
      if (type !== 'packs' && !(type === 'gap' && this.read)) return
      this.news = true
      clearTimeout(this.timer)
      this.timer = setTimeout(() => void this.load(), REST)
    })
  }

  async load() {
    const turn = ++this.asked
    try {
      const answer = await this.client.json('/easel/packs')
      if (turn !== this.asked) return
      this.packs = answer.packs.map((/** @type {Pack} */ pack) => (pack.name === answer.importing ? { ...pack, state: 'loading' } : pack))
      this.installing = answer.installing ?? null
      this.catalogue = answer.catalogue ?? 0
      this.read = true
      this.failure = ''
    } catch (error) {
      if (turn !== this.asked) return
      this.failure = /** @type {Error} */ (error).message
    }
    this.tell()
  }

  tell() {
    this.listeners.forEach(listener => listener())
  }

  /** @param {string} name */
  find(name) {
    return this.packs.find(pack => pack.name === name) ?? null
  }

  /** All packs that wait for approval. */
  waiting() {
    return this.packs.filter(waits)
  }

  /** What the nodes of packs are made of: another text whenever types may have come, gone or changed. */
  typesKey() {
    return JSON.stringify([this.catalogue, ...this.packs.map(({ name, state, changed, hash, loaded_hash, approved_hash, node_types }) => [name, state, loaded_hash ?? (changed ? approved_hash : hash), node_types])])
  }

  /** @param {readonly Pack[]} packs  as they were shown @param {string} code  as the terminal shows it */
  approve(packs, code) {
    return this.act('POST', '/easel/packs/approve', { code, packs: packs.map(({ name, hash }) => ({ name, hash })) })
  }

  /** @param {Pack} pack */
  forget(pack) {
    return this.act('POST', `${address(pack)}/forget`, {})
  }

  /** What installing its needs would fetch. @param {Pack} pack @returns {Promise<import('./needs.js').Plan>} */
  plan(pack) {
    return this.client.send('POST', `${address(pack)}/plan`, {})
  }

  /** @param {Pack} pack @param {string} code @param {string} needs  the hash that the plan was for */
  install(pack, code, needs) {
    return this.act('POST', `${address(pack)}/install`, { code, needs })
  }

  /** The terminal shows the code once more. */
  showCode() {
    return this.client.send('POST', '/easel/packs/code', {})
  }

  /** @param {string} method @param {string} path @param {object} body */
  async act(method, path, body) {
    try {
      return await this.client.send(method, path, body)
    } finally {
      await this.load() // it may be another now, and so may what was refused
    }
  }
}

/** @param {Pack} pack */
export const address = ({ name }) => `/easel/packs/${encodeURIComponent(name)}`
