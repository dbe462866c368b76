/**
 * What a pack's script is given: version 1 of the interface that docs/extending-the-page.md describes. Nothing else of the
 * page is for packs, and what is here stays as it is: a change that could break a script makes a version 2 beside it.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('./element_layer.js').NodeWidget} NodeWidget
 * @typedef {import('./element_layer.js').WidgetHandle} WidgetHandle
 * @typedef {import('../panels/drawer.js').Panel} Panel
 *
 * @typedef {{ id: string, label: string, keys?: readonly string[], enabled?: () => boolean, run: () => unknown }} PackCommand
 * @typedef {{ id: string, title: string, element?: string, fill?: (body: HTMLElement) => (() => void) | void }} PackPanel
 * @typedef {{ height?: number, wide?: boolean, element?: string, create?: (handle: WidgetHandle) => HTMLElement, update?: (element: HTMLElement, handle: WidgetHandle) => void }} PackWidget
 */
import { WIDGET_ROW } from '../geometry/layout.js'
import { language, t } from '../language/t.js'
import { defineElement } from '../model/element_widgets.js'

export const VERSION = 1
const TALLEST = 640
const NAME = /^[\w.-]{1,80}$/u

/**
 * @param {object} parts
 * @param {string} parts.pack
 * @param {import('./guard.js').Guard} parts.guard
 * @param {Editor} parts.editor
 * @param {ReturnType<typeof import('./graph_handle.js').graphHandle>} parts.graph
 * @param {Map<string, NodeWidget>} parts.widgets  where widgets are put
 * @param {(panel: Panel, icon: string) => () => void} parts.addPanel  returns what opens it
 * @param {import('./pack_events.js').PackEvents} parts.events
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {string} parts.base  the address of the pack's page folder
 */
export function createInterface({ pack, guard, editor, graph, widgets, addPanel, events, toasts, base }) {
  const easel = Object.freeze({
    version: VERSION,
    pack,
    language,
    graph,

    /** A file of the pack's page folder, as an address. @param {string} path */
    url: path => `${base}/${path}`,

    /**
     * A command for the palette, the shortcuts and, with keys, the keyboard.
     * @param {PackCommand} command
     */
    registerCommand({ id, label, keys = [], enabled, run }) {
      need(NAME.test(id), 'registerCommand', 'id', 'a short name without spaces')
      need(typeof label === 'string' && label.trim() !== '', 'registerCommand', 'label', 'a text')
      need(typeof run === 'function', 'registerCommand', 'run', 'a function')
      const what = t('command “{label}”', { label })
      editor.commands.register({
        id: `${pack}.${id}`, label, keys,
        enabled: () => !enabled || guard.call(what, enabled) === true,
        run: () => guard.call(what, run),
      })
    },

    /**
     * A panel with a button in the rail: an element by its name, which gets this interface as its property `easel`, or a
     * function that fills it.
     * @param {PackPanel} panel
     */
    registerPanel({ id, title, element, fill }) {
      need(NAME.test(id), 'registerPanel', 'id', 'a short name without spaces')
      need(typeof title === 'string' && title.trim() !== '', 'registerPanel', 'title', 'a text')
      need(element !== undefined || typeof fill === 'function', 'registerPanel', 'element', 'the name of an element, or `fill` a function')
      const what = t('panel “{title}”', { title })
      const open = addPanel({
        id: `pack-${pack}-${id}`, title,
        fill: body => {
          const host = body.appendChild(document.createElement('div'))
          host.className = 'body scrolls pack-panel'
          return guard.call(what, () => {
            if (element === undefined) return fill?.(host)
            host.append(Object.assign(document.createElement(element), { easel }))
            return undefined
          }) ?? undefined
        },
      }, 'nodes')
      editor.commands.register({ id: `${pack}.panel.${id}`, label: title, keys: [], run: open })
    },

    /**
     * How a widget is shown whose declaration asks for it: `widgetType` among the input's options, or `element=` of Easel's
     * own annotations. An element by its name gets the handle as its property `widget`, each time that the value changes.
     * @param {string} name @param {PackWidget} widget
     */
    registerNodeWidget(name, { height = WIDGET_ROW, wide = false, element, create, update }) {
      need(typeof name === 'string' && NAME.test(name), 'registerNodeWidget', 'name', 'a short name without spaces')
      need(Number.isFinite(height) && height >= WIDGET_ROW && height <= TALLEST, 'registerNodeWidget', 'height', `a number from ${WIDGET_ROW} to ${TALLEST}`)
      need(element !== undefined || typeof create === 'function', 'registerNodeWidget', 'element', 'the name of an element, or `create` a function')
      if (widgets.has(name)) throw new Error(t('There is a widget {name} already.', { name }))
      const what = t('widget {name}', { name })
      /** @param {WidgetHandle} handle */
      const guarded = handle => Object.freeze({ ...handle, set: (/** @type {unknown} */ value) => guard.call(what, handle.set, value) })
      widgets.set(name, {
        create: handle => guard.call(what, () => {
          if (element !== undefined) return Object.assign(document.createElement(element), { widget: guarded(handle) })
          const made = create?.(guarded(handle))
          if (made instanceof HTMLElement) return made
          throw new TypeError(t('`create` must give an element.'))
        }),
        update: (made, handle) => guard.call(what, () => {
          if (element !== undefined) Object.assign(made, { widget: guarded(handle) })
          else update?.(made, guarded(handle))
        }),
      })
      defineElement(name, { height, grows: false, wide })
      editor.setSchema(editor.schema)
    },

    /**
     * `graph`: the document changed; `selection`; `run`: `{id, state, node, message}`; `node`: `{id, state, value, max}`;
     * `results`: files of an output, newest first.
     * @param {import('./pack_events.js').EventName} name @param {(data: any) => unknown} listener @returns {() => void} ends it
     */
    onEvent: (name, listener) => {
      need(events.has(name), 'onEvent', 'name', `one of ${events.names().join(', ')}`)
      need(typeof listener === 'function', 'onEvent', 'listener', 'a function')
      return events.listen(name, data => guard.call(t('event {name}', { name }), listener, data))
    },

    /** A short notice. @param {string} text */
    tell: text => void toasts.show({ text: String(text), detail: pack }),
  })
  return easel
}

/** A call that does not fit is refused when it is made, with what it wanted. @param {boolean} fits @param {string} call @param {string} name @param {string} wanted */
function need(fits, call, name, wanted) {
  if (!fits) throw new TypeError(`${call}: \`${name}\` must be ${wanted}.`)
}
