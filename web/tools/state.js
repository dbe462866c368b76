/**
 * One state of the pointer. Each is a small class in a file of its own; exactly one is active. A state decides what a
 * gesture means, commands make the changes, the store records them.
 *
 * @typedef {import('./editor.js').Editor} Editor
 * @typedef {import('../geometry/vec.js').Point} Point
 *
 * @typedef {object} Pointer One pointer event, in both spaces.
 * @property {number} id
 * @property {Point} screen CSS pixels of the canvas element.
 * @property {Point} canvas
 * @property {'mouse' | 'pen' | 'touch'} type
 * @property {number} button
 * @property {boolean} shift
 * @property {boolean} ctrl Command on a Mac.
 * @property {boolean} alt
 * @property {boolean} space Held.
 * @property {boolean} dragged It went farther than a click may.
 * @property {Point} start Where it went down, CSS pixels.
 * @property {Point} startCanvas Where it went down on the canvas.
 * @property {number} clicks 2 for the second press of a double-click.
 */
export class State {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor
  }

  /** The style of the pointer while this state is active. */
  get cursor() {
    return ''
  }

  /** Begin; where it is entered with nothing to do it should leave again. */
  enter() {}

  /** End, however it ended. */
  exit() {}

  /** @param {Pointer} _pointer */
  down(_pointer) {}

  /** @param {Pointer} _pointer */
  move(_pointer) {}

  /** @param {Pointer} _pointer */
  up(_pointer) {}

  /** The gesture is off: Escape, a lost pointer, a second finger. What it did is taken back. */
  cancel() {
    this.editor.store.cancel()
    this.editor.idle()
  }

  /** The camera or a modifier changed under a resting pointer. @param {Pointer} pointer */
  modifiers(pointer) {
    this.move(pointer)
  }
}
