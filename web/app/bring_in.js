/**
 * What is dropped on the page or pasted into it: graphs open, pictures become Load Image nodes or go into the one they
 * were dropped on, copied nodes are the editor's own affair.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {{ x: number, y: number }} Point
 */
import { isTyping } from '../panels/dom.js'
import { chooseFiles, graphIn, isGraphFile, isPicture, stem } from './files.js'

const GAP = 40

export class BringIn {
  /**
   * @param {object} parts
   * @param {Editor} parts.editor
   * @param {import('../api/client.js').Client} parts.client
   * @param {import('./document.js').OpenGraph} parts.graph
   * @param {import('../panels/toasts.js').Toasts} parts.toasts
   * @param {() => Promise<void>} parts.refresh  reads the lists of files again
   */
  constructor({ editor, client, graph, toasts, refresh }) {
    this.editor = editor
    this.client = client
    this.graph = graph
    this.toasts = toasts
    this.refresh = refresh
  }

  /** @param {HTMLElement} stage */
  install(stage) {
    addEventListener('dragover', event => {
      if (!hasFiles(event)) return
      event.preventDefault()
      if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy'
      stage.classList.add('dropping')
    })
    addEventListener('dragleave', event => {
      if (event.relatedTarget === null) stage.classList.remove('dropping')
    })
    document.addEventListener('paste', event => {
      const files = [...(event.clipboardData?.files ?? [])]
      if (!files.length || isTyping(event.target)) return
      event.preventDefault()
      void this.take(files, null)
    })
    addEventListener('drop', event => {
      stage.classList.remove('dropping')
      if (!hasFiles(event)) return
      event.preventDefault()
      const box = stage.getBoundingClientRect()
      void this.take([...(event.dataTransfer?.files ?? [])], { x: event.clientX - box.left, y: event.clientY - box.top })
    })
  }

  /**
   * @param {File[]} files
   * @param {Point | null} screen  where, CSS px in the stage; null for a paste
   */
  async take(files, screen) {
    const target = screen ? this.editor.targetAt(screen) : null
    const onNode = target && 'node' in target ? target.node : target?.kind === 'socket' ? target.socket.node : null
    const node = onNode ?? (screen ? null : this.selectedPicture())
    /** @type {File[]} */
    const pictures = []
    for (const file of files) {
      if (isGraphFile(file)) return this.openFile(file)
      if (!isPicture(file)) this.toasts.show({ tone: 'warning', text: `${file.name || 'This'} is neither a picture nor a graph.`, detail: 'JSON files and pictures can be dropped here.' })
      else if (!node && files.length === 1 && screen && (await this.openIfGraph(file))) return
      else pictures.push(file)
    }
    if (pictures.length) await this.takePictures(pictures, node, screen)
  }

  /** A Load Image that is selected takes a pasted picture. @returns {string | null} */
  selectedPicture() {
    const [id, more] = this.editor.selection
    return id !== undefined && more === undefined && this.uploadWidget(id) ? id : null
  }

  /** @param {string} node @returns {string | null} the widget's name */
  uploadWidget(node) {
    return this.editor.widgets(node).find(widget => widget.spec.kind === 'combo' && widget.spec.upload === 'image')?.name ?? null
  }

  /** @param {File} file @returns {Promise<boolean>} */
  async openIfGraph(file) {
    const json = await graphIn(file).catch(() => null)
    if (!json) return false
    try {
      this.tellNotes(this.graph.open(json, { name: null, dirty: true }), file.name)
      return true
    } catch {
      return false // its text is no graph: it is only a picture
    }
  }

  /** @param {File} file */
  async openFile(file) {
    try {
      const json = await graphIn(file)
      if (json === null) throw new Error(`${file.name} carries no graph. Drop it on the canvas to load it as a picture.`)
      this.tellNotes(this.graph.open(json, { name: null, dirty: true }), file.name)
      this.graph.setState(isGraphFile(file) ? stem(file.name) || null : null, true)
    } catch (error) {
      this.toasts.show({ tone: 'error', text: `${file.name} could not be opened.`, detail: /** @type {Error} */ (error).message })
    }
  }

  /** @param {string[]} notes @param {string} name */
  tellNotes(notes, name) {
    if (!notes.length) return
    this.toasts.show({ tone: 'warning', text: `${name} was mended while it opened.`, detail: notes.slice(0, 3).join('\n') + (notes.length > 3 ? `\nand ${notes.length - 3} more` : '') })
  }

  /** @param {File[]} files @param {string | null} node @param {Point | null} screen */
  async takePictures(files, node, screen) {
    const start = screen ? this.editor.toCanvas(screen) : this.editor.pointer
    for (const [index, file] of files.entries()) {
      const uploaded = await this.upload(file)
      if (uploaded) this.place(uploaded, index === 0 ? node : null, { x: start.x + index * GAP, y: start.y + index * GAP })
    }
  }

  /** One step: into the node, or into a new one. @param {string} name @param {string | null} node @param {Point} point */
  place(name, node, point) {
    const { editor } = this
    editor.store.begin('Add a picture')
    const target = node !== null && this.uploadWidget(node) ? node : editor.addNode('LoadImage', { point })
    const widget = target && this.uploadWidget(target)
    if (target && widget) editor.setWidget(target, widget, name)
    editor.store.commit()
  }

  /** By the button on a node. @param {string} node @param {string} widget */
  async choose(node, widget) {
    const [file] = await chooseFiles('image/*')
    const uploaded = file && (await this.upload(file))
    if (uploaded && this.editor.store.has(node)) this.editor.setWidget(node, widget, uploaded)
  }

  /** @param {File} file @returns {Promise<string | null>} the value that names it in a widget */
  async upload(file) {
    const name = file.name || `pasted ${new Date().toISOString().slice(0, 19).replaceAll(':', '.')}.png`
    const key = `upload ${name}`
    let shown = -1
    const started = performance.now()
    try {
      const answer = await this.client.uploadImage(file, {
        name,
        onProgress: share => {
          const percent = Math.round(share * 100)
          // Small files are there before one could read about them.
          if (percent === shown || percent === 100 || performance.now() - started < 400) return
          shown = percent
          this.toasts.show({ key, text: `Uploading ${name}: ${percent} %`, stays: true })
        },
      })
      this.toasts.dismiss(key)
      await this.refresh()
      return answer.subfolder ? `${answer.subfolder}/${answer.name}` : answer.name
    } catch (error) {
      this.toasts.show({ key, tone: 'error', text: `${name} was not uploaded.`, detail: /** @type {Error} */ (error).message })
      return null
    }
  }
}

/** @param {DragEvent} event */
function hasFiles(event) {
  return [...(event.dataTransfer?.types ?? [])].includes('Files')
}
