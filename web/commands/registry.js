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
 * @property {(context: C) => boolean} [checked] It is a switch, and on: a menu shows a tick.
 * @property {boolean} [native] Its own keys are the browser's (copy, paste): shown, not listened to.
 * @property {boolean} [hidden] Left out of the palette.
 */
import { resolve } from './keymap.js'
import { keyOf, normalise } from './keys.js'

export { keyOf, normalise } from './keys.js'

/** @template C */
export class Registry {
  /** @type {Map<string, Command<C>>} */
  #commands = new Map()
  /** The keys that the commands bring along: a second command for one is refused. @type {Map<string, string>} */
  #brought = new Map()
  /** @type {import('./keymap.js').Keymap | undefined} */
  #keymap
  /** @type {ReturnType<typeof resolve> | null} */
  #keys = null
  /** @type {Set<() => void>} */
  #listeners = new Set()

  /** Add a command. Its id and each of its keys must be free. @param {Command<C>} command */
  register(command) {
    if (this.#commands.has(command.id)) throw new Error(`There is a command "${command.id}" already`)
    const keys = command.keys.map(normalise)
    for (const key of keys) {
      const other = this.#brought.get(key)
      if (other !== undefined) throw new Error(`${key} runs "${other}" already, so "${command.id}" cannot have it`)
    }
    this.#commands.set(command.id, command)
    for (const key of keys) this.#brought.set(key, command.id)
    this.#keys = null
    return this
  }

  /** Give the commands other keys, at once. @param {import('./keymap.js').Keymap} keymap */
  setKeymap(keymap) {
    this.#keymap = keymap
    this.#keys = null
    for (const listener of [...this.#listeners]) listener()
  }

  /** Tell `listener` when keys changed. @param {() => void} listener @returns {() => void} ends it */
  listen(listener) {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
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
    return this.#resolved().of.get(id) ?? []
  }

  /** The command that a key runs now. @param {string} key */
  onKey(key) {
    const id = this.#resolved().command.get(normalise(key))
    return id === undefined ? undefined : this.#commands.get(id)
  }

  /** The command of a key press. @param {import('./keys.js').KeyLike} event @returns {Command<C> | undefined} */
  forKey(event) {
    return this.onKey(keyOf(event))
  }

  #resolved() {
    this.#keys ??= resolve(this.#commands.values(), this.#keymap)
    return this.#keys
  }
}
