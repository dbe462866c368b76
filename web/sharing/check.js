/** What an opened graph needs, looked for on this server and told where it is not all here. */
import { many, t } from '../language/t.js'
import { packHere } from '../packs/known.js'
import { itemsOf, lacking, neededBy } from './needed.js'

/** Between two questions while files are hashed, in ms; and how many are asked. */
const AGAIN = 700
const MOST_ASKED = 600

export class SharedCheck {
  /**
   * @param {object} parts
   * @param {Pick<import('../api/client.js').Client, 'send'>} parts.client
   * @param {Pick<import('../panels/toasts.js').Toasts, 'show' | 'dismiss'>} parts.toasts
   * @param {import('../packs/known.js').KnownPacks} parts.packs
   * @param {() => void} parts.open  shows what was found
   */
  constructor({ client, toasts, packs, open }) {
    this.client = client
    this.toasts = toasts
    this.packs = packs
    this.open = open
    /** @type {readonly import('./needed.js').Item[]} */
    this.items = []
    this.failure = ''
    /** What the shown items are about. @type {import('./needed.js').Needed | null} */
    this.needed = null
    this.turn = 0
    /** @type {Set<() => void>} */
    this.listeners = new Set()
  }

  /** @param {() => void} listener @returns {() => void} */
  listen(listener) {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** A graph was opened from a file. @param {unknown} workflow @param {{ tell?: boolean }} [how] */
  async look(workflow, { tell = true } = {}) {
    const turn = ++this.turn
    const needed = neededBy(workflow)
    this.toasts.dismiss('sharing')
    this.items = []
    this.failure = ''
    this.needed = needed.models.length || needed.packs.length ? needed : null
    if (!this.needed) return this.tellAll()
    for (let asked = 0; asked < MOST_ASKED; asked++) {
      const found = await this.ask(needed)
      if (turn !== this.turn) return
      if (found) this.items = found
      this.tellAll()
      if (!found || !found.some(({ state }) => state === 'looking')) break
      await new Promise(resolve => setTimeout(resolve, AGAIN))
      if (turn !== this.turn) return
    }
    if (tell) this.tellLack()
  }

  /** @param {import('./needed.js').Needed} needed */
  async ask(needed) {
    try {
      if (needed.packs.length && !this.packs.read) await this.packs.load()
      const here = (/** @type {string} */ name) => packHere(this.packs.packs, name)
      const names = needed.packs.map(({ name }) => here(name)?.name ?? name)
      return itemsOf(needed, await this.client.send('POST', '/easel/sharing/check', { models: needed.models, packs: names }), here)
    } catch (error) {
      this.failure = /** @type {Error} */ (error).message
      return null
    }
  }

  tellAll() {
    this.listeners.forEach(listener => listener())
  }

  tellLack() {
    const lack = lacking(this.items)
    const renamed = lack.filter(({ state }) => state === 'renamed').length
    if (!lack.length) return
    this.toasts.show({
      key: 'sharing', tone: 'warning', stays: true,
      text: lack.length === renamed ? many(renamed, 'One model of this graph has another name here.', '{count} models of this graph have other names here.') : many(lack.length, 'One thing that this graph needs is not here as it was.', '{count} things that this graph needs are not here as they were.'),
      action: { label: t('Show them'), run: () => this.open() },
    })
  }
}
