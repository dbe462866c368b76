/** The panel of all preferences: grouped, searched, set back one by one or all at once, written to a file and read from one. */
import { chooseFiles, saveText } from '../app/files.js'
import { askToNotify } from '../app/notify.js'
import { icon } from '../icons/icons.js'
import { many, t } from '../language/t.js'
import { equal } from '../model/json.js'
import { fill, h } from './dom.js'
import { languageChoice } from './language_choice.js'
import { findSettings, SETTINGS } from './setting_list.js'

const FORMAT = 'easel-settings'
let ids = 0

/** Settings as a file. @param {import('../app/settings.js').Preferences} values */
const writeSettings = values => `${JSON.stringify({ format: FORMAT, version: 1, values }, null, 2)}\n`

/** What a file of settings holds; throws an Error with a sentence. @param {string} text @returns {Record<string, unknown>} */
export function readSettings(text) {
  let json
  try {
    json = JSON.parse(text)
  } catch {
    throw new Error(t('The file is no JSON: choose settings that were saved here.'))
  }
  if (json?.format !== FORMAT || typeof json.values !== 'object' || json.values === null) throw new Error(t('The file holds no settings: choose one that was saved here.'))
  return json.values
}

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('../app/settings.js').Settings} parts.settings
 * @param {import('./toasts.js').Toasts} parts.toasts
 * @param {import('../api/client.js').Client['languages']} parts.languages
 * @returns {import('./drawer.js').Panel}
 */
export function settingsPanel({ editor, settings, toasts, languages }) {
  return {
    id: 'settings',
    title: t('Settings'),
    size: 'wide',
    fill(body) {
      const search = h('input.field', { type: 'search', placeholder: t('Search the settings'), 'aria-label': t('Search the settings'), oninput: () => draw() })
      const content = h('div.body.scrolls.settings')
      body.append(
        h('div.tools', {}, search),
        content,
        h('div.foot.settings-foot', {},
          h('button.plain', { type: 'button', 'data-tip': t('All settings as a file, for another server or browser'), onclick: () => saveText('easel-settings.json', writeSettings(settings.values)) }, icon('download', 14), t('To a file')),
          h('button.plain', { type: 'button', onclick: () => void bringIn() }, icon('upload', 14), t('From a file')),
          h('button.plain', { type: 'button', onclick: resetAll }, icon('undo', 14), t('Set all back'))))
      const language = languageChoice({ settings, languages })

      function draw() {
        const focused = /** @type {HTMLElement | null} */ (document.activeElement?.closest('[data-setting]'))?.dataset.setting
        const found = findSettings(search.value)
        const groups = [...new Set(found.map(({ group }) => group))]
        fill(content, groups.map(group => [h('h3', {}, group), found.filter(each => each.group === group).map(row)]),
          found.length ? null : h('div.nothing', {}, h('p', {}, t('No setting has these words.')), h('button.link', { type: 'button', onclick: () => { search.value = ''; draw(); search.focus() } }, t('Show all'))))
        if (focused) /** @type {HTMLElement | null} */ (content.querySelector(`[data-setting="${focused}"] :is(input, select, button)`))?.focus({ preventScroll: true })
      }

      /** @param {import('./setting_list.js').Setting} setting */
      function row(setting) {
        const { name, label, about, command } = setting
        const id = `setting-${++ids}`
        const keys = command ? editor.commands.keysOf(command)[0] : undefined
        const own = !equal(settings.values[name], settings.defaultOf(name))
        return h('div.setting', { 'data-setting': name },
          h('div.words', {}, h('label', { for: id }, label), keys ? h('kbd', {}, keys) : null, h('p', { id: `${id}-about` }, about)),
          h('div.control', {}, control(setting, id)),
          h('button.round', { type: 'button', 'aria-label': t('Set {name} back', { name: label }), 'data-tip': t('Set it back'), class: own ? 'round' : 'round unseen', disabled: !own, onclick: () => reset(setting) }, icon('undo', 13)))
      }

      /** @param {import('./setting_list.js').Setting} setting @param {string} id */
      function control({ name, label, kind, options, range = [0, 100, 5], read = String, write = option => option }, id) {
        const value = settings.values[name]
        const described = { id, 'aria-describedby': `${id}-about` }
        if (kind === 'switch') {
          return h('input', { ...described, type: 'checkbox', role: 'switch', checked: value, onchange: (/** @type {any} */ event) => void toggle(name, event.target.checked) })
        }
        if (kind === 'percent') {
          const told = h('span.number', {}, `${Math.round(Number(value) * 100)}%`)
          const [min, max, step] = range
          return [h('input', {
            ...described, type: 'range', min, max, step, value: String(Math.round(Number(value) * 100)), 'aria-label': t('{name}, percent', { name: label }),
            oninput: (/** @type {any} */ event) => { told.textContent = `${event.target.value}%` },
            onchange: (/** @type {any} */ event) => change(name, Number(event.target.value) / 100),
          }), told]
        }
        if (kind === 'choice') {
          const known = options?.(settings) ?? []
          const select = h('select.field', { ...described, onchange: () => change(name, write(select.value, value)) }, known.map(option => h('option', { value: option.value, title: option.tip }, option.label)))
          select.value = read(value)
          return select
        }
        if (name === 'language') {
          language.id = id
          language.classList.add('field')
          return language
        }
        return h('button.plain', { ...described, type: 'button', onclick: () => void editor.run('view') }, value ? t('Another') : t('Choose'))
      }

      /** @param {import('./setting_list.js').Name} name @param {boolean} on */
      async function toggle(name, on) {
        if (name !== 'notify' || !on) return change(name, on)
        const refusal = await askToNotify(settings)
        if (refusal) toasts.show({ key: 'notify', tone: 'warning', text: refusal })
        draw()
        return undefined
      }

      /** @param {import('./setting_list.js').Name} name @param {any} value */
      const change = (name, value) => settings.set(name, value)

      /** @param {import('./setting_list.js').Setting} setting */
      function reset({ name, label }) {
        const before = settings.values[name]
        change(name, settings.defaultOf(name))
        toasts.show({ key: 'settings', text: t('{name} is set back.', { name: label }), action: { label: t('Undo'), run: () => change(name, before) } })
        ;/** @type {HTMLElement | null} */ (content.querySelector(`[data-setting="${name}"] :is(input, select)`))?.focus()
      }

      function resetAll() {
        const before = { ...settings.values }
        const own = SETTINGS.filter(({ name }) => !equal(before[name], settings.defaultOf(name)))
        for (const { name } of own) change(name, settings.defaultOf(name))
        toasts.show({
          key: 'settings', text: own.length ? many(own.length, 'One setting is set back.', '{count} settings are set back.') : t('All settings are as they were at first.'),
          ...(own.length ? { action: { label: t('Undo'), run: () => own.forEach(({ name }) => change(name, before[name])) } } : {}),
        })
      }

      async function bringIn() {
        const [file] = await chooseFiles('.json,application/json')
        if (!file) return
        try {
          const before = { ...settings.values }
          const taken = settings.take(readSettings(await file.text()))
          toasts.show({
            key: 'settings', tone: 'done', text: many(taken.length, 'One setting is taken over.', '{count} settings are taken over.'),
            ...(taken.length ? { action: { label: t('Undo'), run: () => taken.forEach(name => change(name, before[name])) } } : {}),
          })
        } catch (error) {
          toasts.show({ key: 'settings', tone: 'error', text: t('{name} could not be taken.', { name: file.name }), detail: /** @type {Error} */ (error).message })
        }
      }

      draw()
      return settings.listen(draw)
    },
  }
}
