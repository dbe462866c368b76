/** Whether the canvas shows time or memory as heat, and the heat of each node. It is how one looks, not what the graph is. */
import { heatOf } from '../model/heat.js'

/** @typedef {import('../model/heat.js').HeatMode} HeatMode */

export class Heat {
  /** @param {{ editor: import('../tools/editor.js').Editor, session: import('../model/session.js').Session }} parts */
  constructor({ editor, session }) {
    this.editor = editor
    this.session = session
    /** @type {HeatMode | null} */
    this.mode = null
    /** @type {Set<() => void>} */
    this.listeners = new Set()
    let wanted = 0
    // Facts come by the hundred: one picture of heat for each frame.
    session.listen(change => {
      if (this.mode && change.nodes.size) wanted ||= requestAnimationFrame(() => { wanted = 0; this.apply() })
    })
  }

  /** @param {() => void} listener */
  listen(listener) {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** @param {HeatMode} mode */
  toggle(mode) {
    this.set(this.mode === mode ? null : mode)
  }

  /** @param {HeatMode | null} mode */
  set(mode) {
    this.mode = mode
    this.apply()
  }

  apply() {
    this.editor.setLook({ heat: this.mode && heatOf(this.session, this.mode) })
    this.listeners.forEach(listener => listener())
  }
}
