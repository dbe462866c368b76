/**
 * Which keys run which commands, as data. Three layers: what the person chose, the preset, the command's own keys (those
 * that an artist's fingers know from ComfyUI). A key belongs to the highest layer that names it; a command has the keys
 * of the highest layer that names the command.
 *
 * @typedef {Readonly<Record<string, readonly string[]>>} Keys By the command's id.
 * @typedef {{id: string, label: string, keys: readonly string[], native?: boolean}} Keyed
 * @typedef {{preset: string, own: Keys}} Keymap
 */
import { t } from '../language/t.js'
import { isObject } from '../model/json.js'
import { normalise } from './keys.js'

/**
 * A preset says only what differs. It may name commands that a page does not have.
 * @type {Readonly<Record<string, {title: string, about: string, keys: Keys}>>}
 */
export const PRESETS = {
  comfyui: { title: 'ComfyUI', about: t('The keys of ComfyUI, and more where it has none.'), keys: {} },
  blender: {
    title: 'Blender',
    about: t('The keys of Blender’s node editors.'),
    keys: {
      search: ['Shift+A'], delete: ['X', 'Delete', 'Backspace'], delete_reconnect: ['Ctrl+X'], duplicate: ['Shift+D'],
      mute: ['M'], collapse: ['H'], connect_selected: ['F'], replace: ['S', 'Shift+S'], group: ['Ctrl+J'], unframe: ['Alt+P'],
      fit: ['Home'], fit_selection: ['.'], select_all: ['A', 'Ctrl+A'], select_none: ['Alt+A', 'Escape'], select_up: ['L'],
      select_down: ['Shift+L'], link_node: ['Alt+J'], inspector: ['N'], library: ['T'], redo: ['Ctrl+Shift+Z'], make_subgraph: ['Ctrl+G'],
      unpack_subgraph: ['Ctrl+Alt+G'], enter_subgraph: ['Tab', 'Alt+Enter']
    }
  },
  nuke: {
    title: 'Nuke',
    about: t('The keys of Nuke’s node graph.'),
    keys: {
      search: ['Tab'], bypass: ['D'], arrange: ['L'], connect_selected: ['Y'], fit_selection: ['F'], rename: ['N', 'F2'],
      duplicate: ['Alt+C'], group: ['Alt+B'], select_connected: ['Ctrl+Alt+A'], library: ['Alt+N'], collapse: ['Alt+H'],
      run_to_here: ['1', 'Shift+Enter'], pull_out: ['Ctrl+Shift+X'], make_subgraph: ['Ctrl+G'], unpack_subgraph: ['Ctrl+Alt+G']
    }
  }
}

export const DEFAULT_PRESET = 'comfyui'

/** Keys that never reach the page, or mean something that no command may take. */
const RESERVED = new Map([
  ...['Ctrl+T', 'Ctrl+N', 'Ctrl+W', 'Ctrl+Shift+T', 'Ctrl+Shift+N', 'Ctrl+Shift+W', 'Ctrl+Tab', 'Ctrl+Shift+Tab', 'Alt+F4', 'F11'].map(
    (key) => /** @type {const} */ ([key, t('The browser keeps {key} for itself.', { key })])
  ),
  /** @type {const} */ (['Space', t('Space moves the view while it is held.')]),
  /** @type {const} */ (['Escape', t('Escape leaves what is open; no other command can have it.')]),
  /** @type {const} */ (['Enter', t('Enter chooses in lists and edits on the canvas; add Ctrl, Alt or Shift to it.')])
])

/** Why no command may have a key; null for one that it may. @param {string} key */
export function reserved(key) {
  return RESERVED.get(key) ?? (key === '' ? t('Press a key, alone or with Ctrl, Alt or Shift.') : null)
}

/**
 * The keys of all commands.
 * @param {Iterable<Keyed>} commands @param {Keymap} [keymap]
 * @returns {{of: Map<string, string[]>, command: Map<string, string>}} keys of a command's id, and the id of a key
 */
export function resolve(commands, keymap = { preset: DEFAULT_PRESET, own: {} }) {
  const all = [...commands]
  const own = keymap.own
  const preset = PRESETS[keymap.preset]?.keys ?? {}
  /** @type {Map<string, string>} */
  const command = new Map()
  const layers = [
    all.filter(({ id }) => own[id]), all.filter(({ id }) => !own[id] && preset[id]), all.filter(({ id }) => !own[id] && !preset[id])
  ]
  for (const layer of layers) {
    for (const { id, keys } of layer) {
      for (const key of (own[id] ?? preset[id] ?? keys).map(normalise)) if (!command.has(key)) command.set(key, id)
    }
  }
  const of = new Map(all.map(({ id, keys }) => [
    id, [...new Set((own[id] ?? preset[id] ?? keys).map(normalise))].filter((key) => command.get(key) === id)
  ]))
  return { of, command }
}

/** The key map as a file. @param {Keymap} keymap */
export const writeKeymap = ({ preset, own }) => `${JSON.stringify({ format: FORMAT, version: 1, preset, keys: own }, null, 2)}\n`

const FORMAT = 'easel/keys'

/**
 * A key map from a file. Commands that this page does not have are kept: another version may know them.
 * @param {string} text @param {readonly Keyed[]} commands
 * @returns {{keymap: Keymap, unknown: string[]}}
 * @throws {Error} with a sentence for the person
 */
export function readKeymap(text, commands) {
  const json = parse(text)
  if (!isObject(json) || json.format !== FORMAT) throw new Error(t('The file holds no key map: choose one that was exported here.'))
  const { preset, keys } = json
  if (typeof preset !== 'string' || !Object.hasOwn(PRESETS, preset)) {
    throw new Error(t('The file builds on the preset {name}; known are {names}.', { name: JSON.stringify(preset), names: Object.keys(PRESETS).join(', ') }))
  }
  if (!isObject(keys)) throw new Error(t('“keys” in the file must be an object: a command’s id and the list of its keys.'))
  /** @type {Map<string, string>} */
  const taken = new Map()
  /** @type {Record<string, string[]>} */
  const own = {}
  const label = (/** @type {string} */ id) => commands.find((command) => command.id === id)?.label ?? id
  const brought = (/** @type {string} */ id) => [...(commands.find((command) => command.id === id)?.keys ?? []), ...(PRESETS[preset]?.keys[id] ?? [])]
  for (const [id, list] of Object.entries(keys)) {
    if (!Array.isArray(list) || !list.every((key) => typeof key === 'string')) {
      throw new Error(t('The keys of “{command}” in the file must be a list of texts, such as ["Ctrl+M"].', { command: label(id) }))
    }
    own[id] = [...new Set(list.map(normalise))]
    for (const key of own[id]) {
      const other = taken.get(key)
      if (other !== undefined) throw new Error(t('In the file {key} runs both “{one}” and “{other}”: take it from one of them.', { key, one: label(other), other: label(id) }))
      const refusal = reserved(key)
      if (refusal && !brought(id).includes(key)) throw new Error(t('“{command}” cannot have {key}. {reason}', { command: label(id), key: key || t('a key without a name'), reason: refusal }))
      taken.set(key, id)
    }
  }
  return { keymap: { preset, own }, unknown: Object.keys(own).filter((id) => !commands.some((command) => command.id === id)) }
}

/** @param {string} text @returns {unknown} */
function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(t('The file is no JSON: choose a key map that was exported here.'))
  }
}

/** A key map from what was stored, whatever that is. @param {unknown} stored @returns {Keymap} */
export function asKeymap(stored) {
  const { preset, own } = isObject(stored) ? stored : {}
  const lists = Object.entries(isObject(own) ? own : {}).filter(([, list]) => Array.isArray(list) && list.every((key) => typeof key === 'string'))
  return { preset: typeof preset === 'string' && Object.hasOwn(PRESETS, preset) ? preset : DEFAULT_PRESET, own: Object.fromEntries(/** @type {[string, string[]][]} */ (lists)) }
}
