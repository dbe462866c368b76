/**
 * What is dropped on the page or pasted into it: graphs open; pictures, videos and sounds become nodes that load them or go
 * into the one they were dropped on, and those that are the server's already are not sent again. Copied nodes are the
 * editor's own affair.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {{ x: number, y: number }} Point
 */
import { many, t } from '../language/t.js'
import { CARRIED, FILE_TYPE } from '../panels/carry.js'
import { pasteText } from '../commands/clipboard.js'
import { isTyping } from '../panels/dom.js'
import { kindOf } from '../view/media.js'
import { fileValue } from '../view/node_pictures.js'
import { droppedFiles } from './dropped_files.js'
import { chooseFiles, isGraphFile, isPicture, nameFrom } from './files.js'

const GAP = 40
/** Letters of a hash that tell a file. A1111's first ones, of eight, were of something else. */
const SHORTEST_HASH = 10
/** Files that become nodes at once. */
const MOST = 24

/** @typedef {'image' | 'video' | 'audio'} Upload What a widget takes. */

/** Nodes that load a file. @type {Readonly<Record<Upload, string>>} */
const LOADERS = { image: 'LoadImage', video: 'LoadVideo', audio: 'LoadAudio' }
/** Their files, in words. @type {Readonly<Record<Upload, string>>} */
const ACCEPTED = { image: 'image/*', video: 'video/*', audio: 'audio/*' }

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
    /** Why files may not be sent to the server, as a sentence; '' where they may. */
    this.whyNot = () => ''
  }

  /** @param {HTMLElement} stage */
  install(stage) {
    addEventListener('dragover', event => {
      if (!hasFiles(event) && !isCarried(event) && !hasText(event)) return
      event.preventDefault() // an address would be opened in place of this page
      if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy'
      stage.classList.add('dropping')
    })
    addEventListener('dragleave', event => {
      if (event.relatedTarget === null) stage.classList.remove('dropping')
    })
    document.addEventListener('paste', event => {
      if (event.defaultPrevented || isTyping(event.target)) return // as nodes, or as text
      const files = [...(event.clipboardData?.files ?? [])]
      if (files.length) {
        event.preventDefault()
        void this.take(files, null)
      } else if (this.editor.overlay === document.activeElement && event.clipboardData?.getData('text/plain').trim()) {
        void this.openText(event.clipboardData.getData('text/plain'), 'pasted')
      }
    })
    addEventListener('drop', event => {
      stage.classList.remove('dropping')
      const box = stage.getBoundingClientRect()
      const at = { x: event.clientX - box.left, y: event.clientY - box.top }
      if (isCarried(event)) {
        event.preventDefault()
        return this.takeCarried(event.dataTransfer?.getData(FILE_TYPE) ?? '', at)
      }
      if (!event.dataTransfer) return undefined
      if (hasFiles(event)) {
        event.preventDefault()
        void this.takeDropped(event.dataTransfer, at)
      } else if (hasText(event)) {
        event.preventDefault()
        this.takeText(event.dataTransfer.getData('text/plain'), at)
      }
      return undefined
    })
    addEventListener(CARRIED, event => {
      const { text, x, y } = /** @type {CustomEvent<{ text: string, x: number, y: number }>} */ (event).detail
      if (!stage.contains(document.elementFromPoint(x, y))) return
      const box = stage.getBoundingClientRect()
      this.takeCarried(text, { x: x - box.left, y: y - box.top })
    })
    addEventListener('dragend', () => stage.classList.remove('dropping'))
  }

  /** Nodes as text, as they are copied. @param {string} text @param {Point} screen */
  takeText(text, screen) {
    if (!pasteText(this.editor, text, { point: this.editor.toCanvas(screen) })) void this.openText(text, 'dropped')
  }

  /** The text of a picture of another program, as people share it. @param {string} text @param {string} how */
  async openText(text, how) {
    const { readText } = await import('./later.js')
    const found = await readText(text, () => this.#atHand())
    if (found) this.#show(found, how === 'pasted' ? t('What was pasted') : t('What was dropped'))
    else this.tellText(how)
  }

  /** @param {string} how */
  tellText(how) {
    this.toasts.show({ key: 'text', tone: 'warning', text: how === 'pasted' ? t('What was pasted is text that holds no nodes.') : t('What was dropped is text that holds no nodes.'), detail: t('A picture or a graph comes as a file, not as its address: save it and drop the file here.') })
  }

  /** Folders are taken for what is in them. @param {DataTransfer} data @param {Point} screen */
  async takeDropped(data, screen) {
    const { files, folders, unread } = await droppedFiles(data, MOST, file => uploadOf(file) !== null)
    if (unread) this.toasts.show({ tone: 'warning', text: t('{unread} could not be read.', { unread }) })
    if (folders.length && !files.length) {
      return this.toasts.show({ tone: 'warning', text: t('{names} holds no picture, video or sound.', { names: folders.join(', ') }), detail: t('Files of other kinds in a dropped folder are left out.') })
    }
    return this.take(files, screen)
  }

  /**
   * @param {File[]} files
   * @param {Point | null} screen  where, CSS px in the stage; null for a paste
   */
  async take(files, screen) {
    const node = screen ? this.nodeAt(screen) : this.selectedPicture()
    /** @type {File[]} */
    const taken = []
    /** @type {string[]} */
    const others = []
    for (const file of files) {
      if (isGraphFile(file)) return this.openFile(file)
      if (/\.txt$/iu.test(file.name) && (await this.openIfGraph(file))) return undefined
      if (uploadOf(file) === null) others.push(file.name || t('What was pasted'))
      else if (!(node && this.uploadWidget(node, uploadOf(file) ?? 'image')) && files.length === 1 && screen && (await this.openIfGraph(file))) return undefined
      else taken.push(file)
    }
    if (others.length) this.tellOthers(others)
    if (taken.length > MOST) this.toasts.show({ tone: 'warning', text: t('{count} files are many: the first {most} become nodes.', { count: taken.length, most: MOST }), detail: t('The others can be dropped after these.') })
    if (taken.length) await this.takePictures(taken.slice(0, MOST), node, screen)
    return undefined
  }

  /** @param {string[]} names */
  tellOthers(names) {
    const text = names.length === 1 ? t('{name} is neither a picture nor a graph.', { name: names[0] ?? '' }) : many(names.length, '{count} file is neither a picture nor a graph.', '{count} files are neither pictures nor graphs.')
    this.toasts.show({ tone: 'warning', text, detail: t('JSON files, pictures, videos and sounds can be dropped here.') })
  }

  /** @param {Point} screen @returns {string | null} */
  nodeAt(screen) {
    const target = this.editor.targetAt(screen)
    return 'node' in target ? target.node : target.kind === 'socket' ? target.socket.node : null
  }

  /** A picture of the server, dragged from the results or from a node: named where it lies, not sent again. @param {string} text @param {Point} screen */
  takeCarried(text, screen) {
    const file = readFile(text)
    if (!file) return
    const node = this.nodeAt(screen)
    this.place(fileValue(file), node, this.editor.toCanvas(screen), uploadOfName(file.filename) ?? 'image')
  }

  /** In a new node. @param {import('../model/session.js').PictureRef} file @param {Point} point */
  loadFile(file, point) {
    this.place(fileValue(file), null, point, uploadOfName(file.filename) ?? 'image')
  }

  /** A Load Image that is selected takes a pasted picture. @returns {string | null} */
  selectedPicture() {
    const [id, more] = this.editor.selection
    return id !== undefined && more === undefined && this.uploadWidget(id) ? id : null
  }

  /** @param {string} node @param {Upload} [kind] @returns {string | null} the name of its widget for such files */
  uploadWidget(node, kind = 'image') {
    return this.editor.widgets(node).find(widget => widget.spec.kind === 'combo' && widget.spec.upload === kind)?.name ?? null
  }

  /** @param {File} file @returns {Promise<boolean>} */
  async openIfGraph(file) {
    const { readGraph } = await import('./later.js')
    const found = await readGraph(file, () => this.#atHand()).catch(() => null)
    if (!found) return false
    try {
      this.#show(found, file.name, nameFrom(file.name))
      return true
    } catch {
      return false // its text is no graph: it is only a picture
    }
  }

  /** @param {File} file */
  async openFile(file) {
    try {
      const { readGraph } = await import('./later.js')
      const found = await readGraph(file, () => this.#atHand())
      if (!found) throw new Error(isPicture(file) ? t('{name} carries no graph. Drop it on the canvas to load it as a picture.', { name: file.name }) : t('{name} carries no graph.', { name: file.name }))
      this.#show(found, file.name, nameFrom(file.name))
    } catch (error) {
      this.toasts.show({ tone: 'error', text: t('{name} could not be opened.', { name: file.name }), detail: /** @type {Error} */ (error).message })
    }
  }

  /** @param {import('../import/read.js').Opened} found @param {string} name @param {string | null} [title]  of the document */
  #show({ graph, from, notes }, name, title = null) {
    const mended = this.graph.open(graph, { name: title, dirty: true })
    if (from) this.toasts.show({ key: 'imported', tone: notes.length ? 'warning' : 'done', text: t('{name}: a graph was made of the text of {program}.', { name, program: from }), detail: short(notes) })
    this.tellNotes(from ? mended : [...notes, ...mended], name)
  }

  /** What the server has, for graphs that are made here. @returns {Promise<import('../import/build.js').AtHand>} */
  async #atHand() {
    const [embeddings, hashes] = await Promise.all([this.client.embeddings().catch(() => []), this.client.json('/easel/model_library/hashes').catch(() => ({}))])
    const known = Object.entries(hashes)
    /** @type {(hash: string) => string | undefined} its first letters, as other programs tell it */
    const byHash = hash => (hash.length < SHORTEST_HASH ? undefined : known.find(([sha256]) => sha256.startsWith(hash))?.[1][1])
    return { schema: this.editor.schema, embeddings, byHash }
  }

  /** @param {string[]} notes @param {string} name */
  tellNotes(notes, name) {
    if (notes.length) this.toasts.show({ tone: 'warning', text: t('{name} was mended while it opened.', { name }), detail: short(notes) })
  }

  /** @param {File[]} files @param {string | null} node @param {Point | null} screen */
  async takePictures(files, node, screen) {
    const start = screen ? this.editor.toCanvas(screen) : this.editor.pointer
    /** @type {string[]} */
    const made = []
    for (const [index, file] of files.entries()) {
      const uploaded = await this.upload(file)
      if (!uploaded) continue
      const placed = this.place(uploaded, index === 0 ? node : null, { x: start.x + index * GAP, y: start.y + index * GAP }, uploadOf(file) ?? 'image')
      if (placed) made.push(placed)
    }
    if (made.length > 1) this.editor.select(made)
  }

  /**
   * One step: into the node, or into a new one.
   *
   * @param {string} name @param {string | null} node @param {Point} point @param {Upload} [kind]
   * @returns {string | null} the node
   */
  place(name, node, point, kind = 'image') {
    const { editor } = this
    return editor.store.transact(kind === 'image' ? t('Add a picture') : kind === 'video' ? t('Add a video') : t('Add a sound'), () => {
      const target = node !== null && this.uploadWidget(node, kind) ? node : editor.addNode(LOADERS[kind], { point })
      const widget = target && this.uploadWidget(target, kind)
      if (target && widget) editor.setWidget(target, widget, name)
      return target
    })
  }

  /** By the button on a node. More than one file makes more nodes. @param {string} node @param {string} widget */
  async choose(node, widget) {
    const { editor } = this
    if (this.refused()) return
    const spec = editor.widget(node, widget)?.spec
    const kind = spec?.kind === 'combo' && (spec.upload === 'video' || spec.upload === 'audio') ? spec.upload : 'image'
    const [file, ...more] = await chooseFiles(ACCEPTED[kind], true)
    const uploaded = file && (await this.upload(file))
    if (uploaded && editor.store.has(node)) editor.setWidget(node, widget, uploaded)
    const record = editor.store.node(node)
    if (more.length && record) await this.takePictures(more, null, editor.toScreen({ x: record.pos[0] + record.size[0] + GAP, y: record.pos[1] }))
  }

  /** Whether no file may be sent; it is said then. */
  refused() {
    const why = this.whyNot()
    if (why) this.toasts.show({ key: 'permits', tone: 'warning', text: why })
    return why !== ''
  }

  /** @param {File} file @returns {Promise<string | null>} the value that names it in a widget */
  async upload(file) {
    if (this.refused()) return null
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
          this.toasts.show({ key, text: t('Uploading {name}: {percent} %', { name, percent }), stays: true })
        },
      })
      this.toasts.dismiss(key)
      await this.refresh()
      return answer.subfolder ? `${answer.subfolder}/${answer.name}` : answer.name
    } catch (error) {
      this.toasts.show({ key, tone: 'error', text: t('{name} was not uploaded.', { name }), detail: /** @type {Error} */ (error).message })
      return null
    }
  }
}

/** The first few. @param {string[]} notes */
const short = notes => notes.slice(0, 3).join('\n') + (notes.length > 3 ? `\n${t('and {count} more', { count: notes.length - 3 })}` : '')

/** @param {DragEvent} event */
function hasFiles(event) {
  return [...(event.dataTransfer?.types ?? [])].includes('Files')
}

/** Words or an address, and not on their way into a field. @param {DragEvent} event */
function hasText(event) {
  return !isTyping(event.target) && (event.dataTransfer?.types ?? []).some(type => type === 'text/plain' || type === 'text/uri-list')
}

/** @param {DragEvent} event */
function isCarried(event) {
  return [...(event.dataTransfer?.types ?? [])].includes(FILE_TYPE)
}

/** @param {string} text @returns {import('../model/session.js').PictureRef | null} */
function readFile(text) {
  try {
    const { filename, subfolder, type } = JSON.parse(text)
    return typeof filename === 'string' && filename ? { filename, subfolder: String(subfolder ?? ''), type: String(type ?? 'output') } : null
  } catch {
    return null // another page's drag
  }
}

/** What a file is uploaded as; null for what no node loads. @param {File} file @returns {Upload | null} */
function uploadOf(file) {
  if (isPicture(file)) return 'image'
  const [kind] = file.type.split('/')
  return kind === 'video' || kind === 'audio' ? kind : uploadOfName(file.name)
}

/** @param {string} name @returns {Upload | null} */
function uploadOfName(name) {
  const kind = kindOf(name)
  return kind === 'video' ? 'video' : kind === 'sound' ? 'audio' : null
}
