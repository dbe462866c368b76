/** The panel of the device: its memory, what lies in it, and letting go of that. Asked for only while it is open. */
import { icon } from '../icons/icons.js'
import { fromServer } from '../language/server.js'
import { many, t } from '../language/t.js'
import { bytesInWords } from '../model/words.js'
import { fill, h } from './dom.js'
import { meter } from './meter.js'

/** Ms between two questions. */
const EVERY = 1500

/**
 * @param {object} parts
 * @param {import('../api/client.js').Client} parts.client
 * @param {() => import('../model/schema.js').Schema} parts.schema
 * @param {import('./toasts.js').Toasts} parts.toasts
 * @param {() => void} parts.showLog
 * @returns {import('./drawer.js').Panel}
 */
export function devicesPanel({ client, schema, toasts, showLog }) {
  return {
    id: 'devices',
    title: t('Devices'),
    fill(body) {
      const content = h('div.body.scrolls.devices')
      body.append(content)
      let ended = false
      let asked = 0
      let drawn = ''

      /** @param {any} known */
      function draw(known) {
        const text = JSON.stringify(known)
        if (text === drawn) return
        drawn = text
        const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.key
        const { worker, ram, models, cache } = known
        const device = worker.memory
        fill(content,
          h('h3', {}, t('Device')),
          h('div.device', {},
            h('p.name', {}, h('b', {}, device?.name ?? (worker.device && worker.device !== 'none' ? worker.device : t('No device'))), h('span.state', { 'data-state': worker.state }, stateOf(worker))),
            facts(worker),
            worker.advice ? h('p.advice', { role: 'note' }, icon('warning', 14), h('span', {}, worker.advice)) : null,
            worker.last_words ? h('p.advice', { role: 'alert' }, icon('error', 14), h('span', {}, worker.last_words)) : null,
            device && device.type !== 'cpu' ? bar(t('Memory of the device'), device.vram_total - device.vram_free, device.vram_total) : null,
            bar(t('Memory of the computer'), ram.total - ram.free, ram.total),
            h('button.link', { type: 'button', 'data-key': 'log', 'data-command': 'log', onclick: showLog }, t('What the server says'))),
          h('h3', {}, t('Models in memory'), h('span.number', {}, bytesInWords(sum(models, each => each.bytes + each.patched)))),
          models.length ? models.map(modelRow) : h('p.none', {}, worker.state === 'starting' ? t('The worker is starting.') : t('None is loaded. The next run loads what it needs.')),
          models.length > 1 ? button('models', t('Unload all'), () => act({ free: 'models' }, t('What no job uses is unloaded.'))) : null,
          h('h3', {}, t('Results kept'), h('span.number', {}, bytesInWords(sum(cache, each => (each.memory ?? 0) + (each.device ?? 0))))),
          Object.entries(known.budgets).filter(([tier, budget]) => Number(budget) > 0 && (tier !== 'device' || device?.type !== 'cpu')).map(([tier, budget]) => bar(tier === 'device' ? t('On the device') : t('In the computer'), sum(cache, each => each[tier] ?? 0), Number(budget))),
          cache.length ? [...cache].sort((a, b) => weight(b) - weight(a)).map(cacheRow) : h('p.none', {}, t('None yet. What has run is kept here, so that it need not run again.')),
          known.frozen ? h('p.quiet', {}, many(known.frozen, 'One result is frozen and stays.', '{count} results are frozen and stay.')) : null,
          cache.length ? button('cache', t('Drop all'), () => act({ free: 'cache' }, t('All results are dropped: what they are for runs anew.'))) : null)
        if (focused) /** @type {HTMLElement | null} */ (content.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true })
      }

      /** @param {any} model */
      function modelRow(model) {
        const file = String(model.file).replace(/^.*[\\/]/u, '')
        const words = fromServer(String(model.title ?? '')) || file
        const title = words.startsWith(file) ? words : sentence(words)
        return h('div.held', {}, h('div.words', {}, h('span', { 'data-tip': model.file }, title),
          h('small', {}, [bytesInWords(model.bytes), model.patched ? t('{size} of patches', { size: bytesInWords(model.patched) }) : '', model.precision, model.device].filter(Boolean).join(' · '))),
        h('button.round', { type: 'button', 'data-needs': 'admin', 'data-key': model.id, disabled: model.busy, 'aria-label': t('Unload {name}', { name: title }), 'data-tip': model.busy ? t('It is in use') : t('Unload it'),
          onclick: () => act({ unload: model.id }, t('{name} is unloaded.', { name: title })) }, icon('close', 13)))
      }

      /** @param {any} kind */
      function cacheRow(kind) {
        const title = schema().get(kind.class_type)?.title ?? kind.class_type
        return h('div.held', {}, h('div.words', {}, h('span', { 'data-tip': kind.class_type }, title), h('small', {}, `${many(kind.results, 'one result', '{count} results')} · ${bytesInWords(weight(kind))}`)),
          h('button.round', { type: 'button', 'data-needs': 'admin', 'data-key': kind.class_type, 'aria-label': t('Drop the results of {name}', { name: title }), 'data-tip': t('Drop them'), onclick: () => act({ drop: kind.class_type }, t('The results of {name} are dropped.', { name: title })) }, icon('close', 13)))
      }

      /** @param {string} key @param {string} label @param {() => void} onclick */
      const button = (key, label, onclick) => h('div.tools', {}, h('button', { type: 'button', 'data-needs': 'admin', 'data-key': key, onclick }, icon('trash', 14), label))

      /** @param {object} what @param {string} words */
      async function act(what, words) {
        asked++
        try {
          draw(await client.send('POST', '/easel/devices', what))
          toasts.show({ key: 'devices', tone: 'done', text: words })
        } catch (error) {
          toasts.show({ key: 'devices', tone: 'error', text: /** @type {Error} */ (error).message })
        }
      }

      async function ask() {
        if (document.hidden) return
        const mine = ++asked
        try {
          const known = await client.json('/easel/devices')
          if (!ended && mine === asked) draw(known)
        } catch (error) {
          if (ended || mine !== asked) return
          drawn = ''
          fill(content, h('p.none', {}, /** @type {Error} */ (error).message), h('div.tools', {}, h('button', { type: 'button', onclick: () => void ask() }, t('Try again'))))
        }
      }

      const timer = setInterval(() => void ask(), EVERY)
      fill(content, h('p.none', { role: 'status' }, t('Asking the worker…')))
      void ask()
      return () => {
        ended = true
        clearInterval(timer)
      }
    },
  }
}

/** @param {string} words */
const sentence = words => words.charAt(0).toUpperCase() + words.slice(1)

/** @param {any} kind */
const weight = kind => (kind.memory ?? 0) + (kind.device ?? 0)

/** @param {any[]} list @param {(item: any) => number} of */
const sum = (list, of) => list.reduce((total, item) => total + of(item), 0)

/** @param {any} worker */
function stateOf({ state, deaths }) {
  if (state === 'starting') return deaths ? t('starting again') : t('starting')
  return ({ ready: t('ready'), busy: t('at work'), stopped: t('stopped') })[String(state)] ?? String(state)
}

/** @param {any} worker */
function facts({ precision, torch, memory }) {
  const told = [memory?.type ? String(memory.type).toUpperCase() : '', precision && precision !== 'none' ? t('precision {name}', { name: precision }) : '', torch ? `torch ${torch}` : ''].filter(Boolean)
  return told.length ? h('p.quiet', {}, told.join(' · ')) : null
}

/** @param {string} label @param {number} used @param {number} total */
const bar = (label, used, total) => meter(label, used, total, t('{used} of {total}', { used: bytesInWords(used), total: bytesInWords(total) }))
