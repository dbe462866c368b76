/**
 * What is done with chosen pictures, each with a way back.
 *
 * @typedef {import('./pictures.js').Item} Item
 * @typedef {{ done: number[], failed: { id: number, name: string, why: string }[], renamed: { id: number, name: string }[] }} Moved
 */
import { parseJson } from '../import/json.js'
import { readTexts } from '../import/texts.js'
import { many, t } from '../language/t.js'
import { confirm } from '../panels/dialog.js'
import { h } from '../panels/dom.js'
import { fileUrl } from './pictures.js'

/** Files that one request changes. */
const TOGETHER = 5000
const STEPS_KEPT = 100

export class Deeds {
  /**
   * @param {object} parts
   * @param {import('../api/client.js').Client} parts.client
   * @param {import('./pictures.js').Pictures} parts.pictures
   * @param {import('../panels/toasts.js').Toasts} parts.toasts
   * @param {(file: File) => Promise<void>} parts.openFile
   */
  constructor({ client, pictures, toasts, openFile }) {
    this.client = client
    this.pictures = pictures
    this.toasts = toasts
    this.openFile = openFile
    /** What can be taken back, newest last. @type {(() => Promise<void>)[]} */
    this.steps = []
    /** Deeds wait for each other: one that is undone at once has been done. @type {Promise<unknown>} */
    this.last = Promise.resolve()
  }

  /** Takes back what was done last. */
  undo() {
    return this.attempt(async () => {
      const step = this.steps.pop()
      if (step) await step()
      else this.toasts.show({ key: 'gallery', text: t('Nothing to undo here.') })
    })
  }

  /** @param {() => Promise<void>} step */
  remember(step) {
    this.steps.push(step)
    if (this.steps.length > STEPS_KEPT) this.steps.shift()
    return () => {
      this.steps = this.steps.filter(other => other !== step)
      void this.attempt(step)
    }
  }

  /** @param {() => Promise<void>} work @returns {Promise<void>} */
  attempt(work) {
    const turn = this.last.then(work).catch(error => {
      this.toasts.show({ key: 'gallery', tone: 'error', text: t('That did not work.'), detail: error.message })
      return this.pictures.again()
    })
    this.last = turn
    return turn
  }

  /** @param {readonly number[]} ids @param {{ rating?: number, favourite?: boolean }} change */
  rate(ids, change) {
    if (!ids.length) return Promise.resolve()
    this.pictures.patch(ids, change)
    return this.attempt(async () => {
      /** @type {{ id: number, rating: number, favourite: boolean }[]} */
      const before = []
      for (const some of parts(ids)) before.push(...(await this.client.send('POST', '/easel/gallery/rate', { ids: some, ...change })).before)
      const back = this.remember(async () => {
        for (const some of parts(before)) await this.client.send('POST', '/easel/gallery/rate', { values: some })
        await this.pictures.again()
      })
      if (ids.length > 1) {
        this.toasts.show({ key: 'gallery', tone: 'done', text: change.favourite === undefined
          ? many(ids.length, '{count} file rated.', '{count} files rated.')
          : many(ids.length, '{count} file changed.', '{count} files changed.'), action: { label: t('Undo'), run: back } })
      }
    })
  }

  /** @param {readonly number[]} ids @param {string} tag @param {boolean} on */
  tag(ids, tag, on) {
    /** @param {readonly number[]} which @param {boolean} there */
    const set = async (which, there) => {
      /** @type {number[]} */
      const changed = []
      for (const some of parts(which)) changed.push(...(await this.client.send('POST', '/easel/gallery/tag', { ids: some, tag, on: there })).changed)
      return changed
    }
    return this.attempt(async () => {
      const changed = await set(ids, on)
      const back = this.remember(async () => {
        if (changed.length) await set(changed, !on)
      })
      this.toasts.show({ key: 'gallery', tone: 'done', text: on ? t('Tagged “{tag}”.', { tag }) : t('The tag “{tag}” was taken off.', { tag }), action: { label: t('Undo'), run: back } })
    })
  }

  /** @param {readonly number[]} ids */
  trash(ids) {
    return this.attempt(async () => {
      const { done, failed } = await this.move('trash', ids)
      if (done.length) {
        const back = this.remember(() => this.restore(done))
        this.toasts.show({ key: 'gallery', tone: 'done', text: many(done.length, '{count} file is in the trash.', '{count} files are in the trash.'), detail: t('It is kept there for 30 days.'), action: { label: t('Undo'), run: back } })
      }
      this.tellFailed(failed, t('was not moved to the trash'))
      await this.pictures.again()
    })
  }

  /** @param {readonly number[]} ids */
  async restore(ids) {
    const { failed, renamed, done } = await this.move('restore', ids)
    this.tellFailed(failed, t('was not brought back'))
    if (renamed[0]) this.toasts.show({ key: 'gallery', tone: 'warning', text: t('Its name was taken: it came back as {name}.', { name: renamed[0].name }) })
    else if (done.length) this.toasts.show({ key: 'gallery', tone: 'done', text: many(done.length, '{count} file is back.', '{count} files are back.') })
    await this.pictures.again()
  }

  /** For good, which is asked. @param {readonly number[] | null} ids  null: all of the trash */
  async empty(ids) {
    const yes = await confirm({
      title: ids ? t('Delete for good?') : t('Empty the trash?'),
      text: ids ? many(ids.length, '{count} file is deleted from the disk. This cannot be undone.', '{count} files are deleted from the disk. This cannot be undone.') : t('All files in the trash are deleted from the disk. This cannot be undone.'),
      verb: t('Delete'), danger: true,
    })
    if (!yes) return
    await this.attempt(async () => {
      const { failed } = ids ? await this.move('empty', ids) : await this.client.send('POST', '/easel/gallery/empty', { all: true })
      this.tellFailed(failed, t('was not deleted'))
      this.steps = [] // what they would bring back may be gone
      await this.pictures.again()
    })
  }

  /** @param {'trash' | 'restore' | 'empty'} how @param {readonly number[]} ids @returns {Promise<Moved>} */
  async move(how, ids) {
    /** @type {Moved} */
    const all = { done: [], failed: [], renamed: [] }
    for (const some of parts(ids)) {
      /** @type {Moved} */
      const { done, failed, renamed } = await this.client.send('POST', `/easel/gallery/${how}`, { ids: some })
      all.done.push(...done)
      all.failed.push(...failed)
      all.renamed.push(...renamed)
    }
    return all
  }

  /** @param {Moved['failed']} failed @param {string} what */
  tellFailed(failed, what) {
    const [first] = failed
    if (!first) return
    const more = failed.length > 1 ? ` ${many(failed.length - 1, 'And {count} more.', 'And {count} more.')}` : ''
    this.toasts.show({ key: 'gallery-failed', tone: 'warning', text: `${first.name} ${what}: ${first.why}.${more}` })
  }

  /** @param {Item} item @returns {Promise<File | null>} */
  async fetchFile(item) {
    const reply = await fetch(fileUrl(item)).catch(() => null)
    if (reply?.ok && reply.status !== 204) return new File([await reply.blob()], item.filename, { type: reply.headers.get('Content-Type') ?? '' })
    this.toasts.show({ key: 'gallery', tone: 'warning', text: t('{name} is not there any more.', { name: item.filename }) })
    return null
  }

  /** @param {Item} item */
  async openGraph(item) {
    const file = await this.fetchFile(item)
    if (file) await this.openFile(file)
    return file !== null
  }

  /** As it was run then: the prompt that the file carries. @param {Item} item */
  async runAgain(item) {
    const file = await this.fetchFile(item)
    if (!file) return
    const { texts } = await readTexts(file)
    const [prompt, workflow] = [parsed(texts.prompt), parsed(texts.workflow)]
    if (!prompt) {
      this.toasts.show({ key: 'gallery', tone: 'warning', text: t('{name} does not carry what was run, only a graph: open its graph and run that.', { name: item.filename }) })
      return
    }
    await this.attempt(async () => {
      await this.client.queuePrompt({ prompt, workflow: workflow ?? {} })
      this.toasts.show({ key: 'gallery', tone: 'done', text: t('{name} runs again.', { name: item.filename }), detail: t('With the same seed it may come out of the cache.') })
    })
  }

  /** @param {readonly Item[]} items */
  download(items) {
    for (const item of items) h('a', { href: fileUrl(item), download: item.filename }).click()
  }

  /** @param {string} text @param {string} what */
  async copy(text, what) {
    try {
      await navigator.clipboard.writeText(text)
      this.toasts.show({ key: 'gallery', tone: 'done', text: t('{what} copied.', { what }) })
    } catch {
      this.toasts.show({ key: 'gallery', tone: 'warning', text: t('This browser did not let the page copy.'), detail: text.slice(0, 400) })
    }
  }
}

/** @template T @param {readonly T[]} list @returns {T[][]} */
function parts(list) {
  return Array.from({ length: Math.ceil(list.length / TOGETHER) }, (_, index) => list.slice(index * TOGETHER, (index + 1) * TOGETHER))
}

/** @param {string | undefined} text @returns {Record<string, any> | null} */
function parsed(text) {
  const value = text ? parseJson(text) : null
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null
}
