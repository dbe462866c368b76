/**
 * How the hands work: the preset of mouse and wheel, what helps while things are dragged, whether the canvas is locked, and
 * the act that the next drag will be. None of it is the document.
 *
 * @typedef {import('./navigation.js').Act} Act
 * @typedef {{navigation?: string, linkShape?: string, guides?: boolean, snaps?: boolean, edgeSpeed?: number}} Preferred
 */
import { LINK_SHAPES } from '../geometry/link_path.js'
import { presetOf } from './navigation.js'

export class Hands {
  preset = presetOf('')
  /** Moved things stand in line with their neighbours. */
  guides = true
  /** How fast the view goes along with what is dragged to its edge; 0 is not at all. */
  edgeSpeed = 1
  /** Whatever is pressed, the view moves. */
  locked = false
  /** Chosen from a menu: begins with the next press, wherever that is. @type {Act | null} */
  armed = null
  #end = () => {}
  #unlocked = () => {}

  /** @param {boolean} locked @param {() => void} [ended] called when it is unlocked */
  lock(locked, ended = () => {}) {
    this.locked = locked
    this.#unlocked()
    this.#unlocked = ended
  }

  /** @param {Act} act @param {() => void} end called when it has begun, or is given up */
  arm(act, end) {
    this.disarm()
    this.armed = act
    this.#end = end
  }

  /** @returns {Act | null} what was armed */
  disarm() {
    const { armed } = this
    this.armed = null
    this.#end()
    this.#end = () => {}
    return armed
  }
}

/** Take over what the person prefers; unknown names are the default. @param {import('./editor.js').Editor} editor @param {Preferred} preferred */
export function prefer(editor, { navigation, linkShape, guides = editor.hands.guides, snaps = editor.snaps, edgeSpeed = editor.hands.edgeSpeed }) {
  const { hands, scene } = editor
  if (navigation !== undefined) hands.preset = presetOf(navigation)
  hands.guides = guides
  hands.edgeSpeed = Math.min(Math.max(edgeSpeed, 0), 4)
  editor.snaps = snaps
  const shape = linkShape === undefined ? scene.linkShape : (LINK_SHAPES.find((each) => each === linkShape) ?? 'spline')
  if (shape === scene.linkShape) return
  scene.linkShape = shape
  scene.rebuild()
  editor.invalidate()
}
