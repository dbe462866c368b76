/**
 * Commands by id, and the keys that run them. Menus, palette and shortcuts read the same objects.
 *
 * @template C
 * @typedef {object} Command
 * @property {string} id
 * @property {string} label Starts with a verb.
 * @property {readonly string[]} keys Such as `Ctrl+Shift+Z`; Ctrl is Command on a Mac.
 * @property {(context: C) => boolean} [enabled]
 * @property {(context: C, args?: any) => unknown} run
 * @property {boolean} [anywhere] Its keys work while one types in a field too.
 * @property {boolean} [native] Its keys are the browser's own (copy, paste): shown, not listened to.
 * @property {boolean} [hidden] Left out of the palette.
 */

const MODIFIERS = ['Ctrl', 'Alt', 'Shift']

/** @template C */
export class Registry {
  /** @type {Map<string, Command<C>>} */
  #commands = new Map()
  /** @type {Map<string, string>} */
  #keys = new Map()

  /** Add a command. Its id and each of its keys must be free. @param {Command<C>} command */
  register(command) {
    if (this.#commands.has(command.id)) throw new Error(`There is a command "${command.id}" already`)
    const keys = command.keys.map(normalise)
    for (const key of keys) {
      const other = this.#keys.get(key)
      if (other !== undefined) throw new Error(`${key} runs "${other}" already, so "${command.id}" cannot have it`)
    }
    this.#commands.set(command.id, command)
    for (const key of keys) this.#keys.set(key, command.id)
    return this
  }

  /** @param {string} id */
  get(id) {
    return this.#commands.get(id)
  }

  all() {
    return [...this.#commands.values()]
  }

  /** @param {string} id @returns {string[]} the keys that run it now */
  keysOf(id) {
    return [...this.#keys].filter(([, command]) => command === id).map(([key]) => key)
  }

  /** The command of a key press. @param {KeyLike} event @returns {Command<C> | undefined} */
  forKey(event) {
    const id = this.#keys.get(keyOf(event))
    return id === undefined ? undefined : this.#commands.get(id)
  }
}

/** @typedef {{key: string, code?: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey: boolean}} KeyLike */

/** The name of a key press, as the key map writes it. @param {KeyLike} event */
export function keyOf(event) {
  let key = event.key === ' ' ? 'Space' : event.key
  // With Alt or Shift held many layouts give another letter: the place of the key counts then.
  const place = /^(?:Key|Digit)(.)$/u.exec(event.code ?? '')?.[1]
  if (place && (event.altKey || (event.shiftKey && /\d/u.test(place)))) key = place
  if (key.length === 1) key = key.toUpperCase()
  const held = [event.ctrlKey || event.metaKey, event.altKey, event.shiftKey && (key.length > 1 || /[A-Z\d]/u.test(key))]
  return [...MODIFIERS.filter((_, index) => held[index]), key].join('+')
}

/** One spelling for `shift+ctrl+z` and `Ctrl+Shift+Z`. @param {string} text */
export function normalise(text) {
  const plus = text.endsWith('+')
  const parts = (plus ? text.slice(0, -1) : text).split('+').filter(Boolean)
  const key = plus ? '+' : (parts.pop() ?? '')
  const held = new Set(parts.map((part) => part.toLowerCase()))
  const names = MODIFIERS.filter((name) => held.has(name.toLowerCase()))
  return [...names, key.length === 1 ? key.toUpperCase() : key].join('+')
}
