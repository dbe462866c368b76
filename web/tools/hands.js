/**
 * How the hands work: the preset of mouse and wheel, what helps while things are dragged, whether the canvas is locked, and
 * the act that the next drag will be. None of it is the document.
 *
 * @typedef {import('./navigation.js').Act} Act
 */
import { presetOf } from './navigation.js'

export class Hands {
  preset = presetOf('')
  /** Moved things stand in line with their neighbours. */
  guides = true
  /** Whatever is pressed, the view moves. */
  locked = false
  /** Chosen from a menu: begins with the next press, wherever that is. @type {Act | null} */
  armed = null
}
