/**
 * Tells listeners of the editor's events.
 *
 * @typedef {import('../model/types.js').EditorEvents} EditorEvents
 */
export class Emitter {
  /** @type {Map<string, Set<(event: any) => void>>} */
  #listeners = new Map()

  /**
   * @template {keyof EditorEvents} K
   * @param {K} name @param {(event: EditorEvents[K]) => void} listener
   * @returns {() => void} ends it
   */
  on(name, listener) {
    let listeners = this.#listeners.get(name)
    if (!listeners) this.#listeners.set(name, (listeners = new Set()))
    listeners.add(listener)
    return () => this.#listeners.get(name)?.delete(listener)
  }

  /** @template {keyof EditorEvents} K @param {K} name @param {EditorEvents[K]} event */
  emit(name, event) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(event)
  }
}
