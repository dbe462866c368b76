/**
 * What a widget's editor is told and what it may answer. Editors know neither the store nor the canvas.
 *
 * @typedef {object} EditRequest
 * @property {{ x: number, y: number, width: number, height: number }} box  the value's place, CSS px in the stage
 * @property {number} zoom        of the canvas, for the size of the type
 * @property {string} label       node title and widget name, for screen readers
 * @property {any} value
 * @property {any} spec           the widget's declaration (`WidgetSpec` of model/schema.js)
 * @property {string} [empty]     what to say where a list has nothing to choose from
 * @property {(value: any, how?: { all?: boolean }) => void} commit   one undo step; called at most once; `all`: of all selected nodes
 * @property {number} [others]    selected nodes besides that have this widget
 * @property {string | null} [expression]  what the value is worked out from now
 * @property {(source: string) => number} [preview]  what an expression would give; throws an ExpressionError; left out where none can be
 * @property {(source: string, how?: { all?: boolean }) => void} [commitExpression]
 * @property {(text: string, caret: number) => import('./completion.js').Offers | null | Promise<import('./completion.js').Offers | null>} [complete]
 * @property {() => void} closed             called last, however it ended
 * @property {(step: 1 | -1) => void} next   Tab: edit the neighbour widget
 * @property {string} [list]          names a list to choose from, for what was chosen of it last
 * @property {() => ((choice: unknown) => string | null) | null} [pictures]  addresses of the choices' pictures
 * @property {boolean} [prompt]       a text whose weights, choices and names are told apart
 * @property {string} [typed]     what the person typed to open it
 *
 * @typedef {object} OpenEditor
 * @property {HTMLElement} element
 * @property {(keep: boolean) => void} close
 * @property {(where: Pick<EditRequest, 'box' | 'zoom'>) => void} [place]  the canvas moved under it
 */

/** As the canvas draws a value, canvas px. */
const LETTERS = 12

/**
 * Lays an editor over its widget, its letters where the canvas has them. Type never gets smaller than one can read while
 * typing.
 *
 * @param {HTMLElement} element @param {Pick<EditRequest, 'box' | 'zoom'>} request
 */
export function layOver(element, { box, zoom }) {
  const size = Math.max(11, LETTERS * zoom)
  element.style.left = `${box.x}px`
  element.style.top = `${box.y}px`
  element.style.width = `${Math.max(box.width, 72)}px`
  element.style.height = `${Math.max(box.height, size * 1.7)}px`
  element.style.setProperty('--letters', `${size}px`)
}
