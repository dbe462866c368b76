/** From the name of an act to the state that does it. */
import { BoxSelecting, LassoSelecting } from './brushing.js'
import { Cutting } from './cutting.js'
import { Joining } from './joining.js'
import { Panning } from './panning.js'
import { Rerouting } from './rerouting.js'
import { Zooming } from './zooming.js'

/** @param {import('./editor.js').Editor} editor @param {import('./navigation.js').Act} act @param {import('./state.js').Pointer} pointer */
export function begin(editor, act, pointer) {
  switch (act) {
    case 'pan':
      return editor.enter(new Panning(editor))
    case 'zoom':
      return editor.enter(new Zooming(editor))
    case 'select':
      return editor.enter(new BoxSelecting(editor))
    case 'lasso':
      return editor.enter(new LassoSelecting(editor))
    case 'cut':
      return editor.enter(new Cutting(editor))
    case 'reroute':
      return editor.enter(new Rerouting(editor))
    case 'join':
      return editor.enter(new Joining(editor, pointer))
    default:
      return editor.openMenu(pointer.screen, pointer.type)
  }
}
