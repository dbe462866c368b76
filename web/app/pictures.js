/**
 * What one does with the pictures on nodes: look at them large, paint masks on them, crop, copy, save, load them again.
 * Commands act on the one node that is selected, and on the picture that it shows.
 *
 * @typedef {import('../tools/editor.js').Editor} Editor
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 * @typedef {import('../model/session.js').PictureRef} PictureRef
 */
import { viewUrl } from '../api/client.js'
import { t } from '../language/t.js'
import { cropOf } from '../model/crop.js'
import { h } from '../panels/dom.js'
import { installPictureBar } from '../panels/picture_bar.js'
import { layPlayer, layText } from '../panels/picture_layer.js'
import { kindOf } from '../view/media.js'
import { fileRef, fileValue, isUpload, lookAt, picturesOf } from '../view/node_pictures.js'

/** Nodes that are made beside another lie so far from it. */
const BESIDE = 60

/**
 * @param {object} parts
 * @param {Editor} parts.editor
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('./bring_in.js').BringIn} parts.bringIn
 * @param {import('./results.js').Results} parts.results
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {HTMLElement} parts.layer  lies over the canvas, with the same box
 * @param {(workflow: any, name: string) => void} parts.openGraph
 */
export function installPictures({ editor, client, bringIn, results, toasts, layer, openGraph }) {
  /** @param {NodeRecord} node */
  const shown = node => picturesOf(node, editor.schema, editor.statusOf(node))

  /** @returns {NodeRecord | null} */
  function one() {
    const [id, more] = editor.selection
    return (id !== undefined && more === undefined && editor.store.node(id)) || null
  }

  /** @param {NodeRecord | null} [node] @returns {PictureRef | null} the picture that is looked at */
  function picture(node = one()) {
    const refs = node ? shown(node).refs : []
    return refs[lookAt(refs).index ?? 0] ?? null
  }

  /** A picture that can be painted on: the one that a node loads. @param {NodeRecord | null} [node] */
  function loaded(node = one()) {
    const widget = node ? editor.widgets(node.id).find(each => isUpload(each) && each.spec.kind === 'combo' && each.spec.upload === 'image') : null
    return node && widget && typeof widget.value === 'string' && widget.value ? { node, widget, file: fileRef(widget.value) } : null
  }

  async function editMask() {
    const found = loaded()
    if (!found) return
    const { node, widget, file } = found
    const channel = editor.widget(node.id, 'channel')
    const { editMask: open } = await import('./later.js')
    try {
      await open({
        file, channel: /** @type {any} */ (['alpha', 'red', 'green', 'blue'].includes(String(channel?.value)) ? channel?.value : 'alpha'),
        upload: (mask, options) => client.uploadMask(mask, options),
        done: value => {
          if (!editor.store.has(node.id)) return toasts.show({ tone: 'warning', text: t('The node is gone.'), detail: t('Its mask was saved as {value}.', { value }) })
          editor.store.begin(t('Edit the mask'))
          editor.setWidget(node.id, widget.name, value)
          if (channel && channel.value !== 'alpha') editor.setWidget(node.id, 'channel', 'alpha')
          editor.store.commit()
          return undefined
        },
      })
    } catch (error) {
      toasts.show({ key: 'mask', tone: 'error', text: t('The mask editor did not open.'), detail: /** @type {Error} */ (error).message })
    }
    editor.focus()
  }

  async function crop() {
    const node = one()
    if (!node) return
    const { openCrop } = await import('./later.js')
    await openCrop({ editor, node: node.id, toasts })
    editor.focus()
  }

  /** Its picture is kept as ComfyUI keeps it: for as long as the server's temporary files are. @param {string} node @param {string} widget */
  async function camera(node, widget) {
    if (bringIn.refused()) return
    const { openCamera } = await import('./later.js')
    await openCamera({
      width: editor.widget(node, 'width')?.value, height: editor.widget(node, 'height')?.value,
      use: async picture => {
        const answer = await client.uploadImage(picture, { name: `${Date.now()}.png`, subfolder: 'webcam', type: 'temp' })
        const value = fileValue({ filename: answer.name, subfolder: answer.subfolder, type: answer.type })
        if (editor.store.has(node)) editor.store.transact(t('Take a picture'), () => editor.setWidget(node, widget, value))
        else toasts.show({ tone: 'warning', text: t('The node is gone.'), detail: t('Its picture was saved as {value}.', { value }) })
      },
    })
    editor.focus()
  }

  /** @param {NodeRecord} node @param {number} index */
  async function large(node, index) {
    const { refs } = shown(node)
    if (!refs.length) return
    const { openLightbox } = await import('./later.js')
    openLightbox(refs.map(file => {
      const result = results.list.find(each => each.file.filename === file.filename && each.file.subfolder === file.subfolder && each.file.type === file.type)
      return {
        file, url: viewUrl(file), name: file.filename,
        openGraph: result ? () => void result.workflow().then(workflow => openGraph(workflow, file.filename)) : null,
        load: () => bringIn.loadFile(file, { x: node.pos[0] + node.size[0] + BESIDE, y: node.pos[1] }),
      }
    }), Math.min(index, refs.length - 1), { compare: refs.some(({ side }) => side === 'b') })
  }

  async function copy() {
    const file = picture()
    if (!file) return
    try {
      const png = fetch(viewUrl(file)).then(answer => answer.blob()).then(createImageBitmap).then(asPng)
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })])
      toasts.show({ key: 'copy', tone: 'done', text: t('Copied {name}.', { name: file.filename }) })
    } catch {
      toasts.show({ key: 'copy', tone: 'error', text: t('{name} was not copied.', { name: file.filename }), detail: t('The browser did not let the page use the clipboard, or the picture cannot be read. Save it instead.') })
    }
  }

  async function paste() {
    const node = one()
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find(each => each.startsWith('image/'))
        if (type && node) return bringIn.takePictures([new File([await item.getType(type)], '', { type })], node.id, null)
      }
      return editor.notify(t('The clipboard holds no picture'))
    } catch {
      return editor.notify(t('The browser did not let the page read the clipboard: press Ctrl+V instead'))
    }
  }

  const isPicture = () => {
    const file = picture()
    return file !== null && ['picture', 'drawing'].includes(kindOf(file.filename))
  }
  /** @type {import('../commands/registry.js').Command<Editor>[]} */
  const commands = [
    { id: 'picture_mask', label: t('Edit the mask'), keys: ['Shift+M'], enabled: () => loaded() !== null, run: () => void editMask() },
    { id: 'picture_crop', label: t('Set the crop on the picture'), keys: ['Shift+C'], enabled: () => { const node = one(); return node !== null && cropOf(editor.widgets(node.id)) !== null }, run: () => void crop() },
    { id: 'picture_large', label: t('Show the picture large'), keys: [], enabled: () => picture() !== null, run: () => { const node = one(); if (node) large(node, lookAt(shown(node).refs).index ?? 0) } },
    { id: 'picture_copy', label: t('Copy the picture'), keys: [], enabled: isPicture, run: () => void copy() },
    { id: 'picture_paste', label: t('Paste a picture'), keys: [], enabled: () => { const node = one(); return node !== null && bringIn.uploadWidget(node.id) !== null }, run: () => void paste() },
    { id: 'picture_save', label: t('Save the picture'), keys: [], enabled: () => picture() !== null, run: () => save(picture()) },
    { id: 'picture_open', label: t('Open the picture in a tab'), keys: [], enabled: () => picture() !== null, run: () => { const file = picture(); if (file) open(viewUrl(file), '_blank', 'noopener') } },
    {
      id: 'picture_load', label: t('Load the picture in a new node'), keys: [], enabled: () => isPicture() && loaded() === null,
      run: () => { const [node, file] = [one(), picture()]; if (node && file) bringIn.loadFile(file, { x: node.pos[0] + node.size[0] + BESIDE, y: node.pos[1] }) },
    },
  ]
  commands.forEach(command => editor.commands.register(command))

  editor.on('edit-widget', ({ node, widget }) => {
    if (widget.spec.kind === 'camera') void camera(node.id, widget.name)
    if (widget.spec.kind !== 'box') return
    editor.select([node.id])
    void crop()
  })
  editor.on('picture', ({ node, index }) => large(node, index))
  editor.on('play', ({ node, index }) => {
    const file = shown(node).refs[index]
    if (file) layPlayer(layer, editor, node.id, { url: viewUrl(file), name: file.filename, sound: kindOf(file.filename) === 'sound' }, () => large(node, index))
  })
  editor.on('read', ({ node }) => layText(layer, editor, node.id, editor.statusOf(node).text.join('\n')))
  installPictureBar({ editor, layer, shown, run: (node, id) => { editor.select([node]); editor.run(id) }, value: fileValue, urlOf: viewUrl })
}

/** @param {PictureRef | null} file */
function save(file) {
  if (file) h('a', { href: viewUrl(file), download: file.filename }).click()
}

/** @param {ImageBitmap} bitmap */
function asPng(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0)
  bitmap.close()
  return canvas.convertToBlob({ type: 'image/png' })
}
