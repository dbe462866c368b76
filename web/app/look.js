/** The settings of the canvas's look, handed to the editor; a backdrop is fetched once and let go when another comes. */
import { t } from '../language/t.js'
import { drawBadges } from '../view/draw_badges.js'

/** @param {object} parts @param {import('../tools/editor.js').Editor} parts.editor @param {import('./settings.js').Settings} parts.settings @param {import('../panels/toasts.js').Toasts} parts.toasts @param {(picture: import('../model/session.js').PictureRef) => string} parts.urlOf */
export function followLook({ editor, settings, toasts, urlOf }) {
  let shown = ''
  /** @type {(() => void) | null} */
  let endBadges = null

  function apply() {
    const { dots, nodeOpacity, backdrop, badges } = settings.values
    if (badges !== (endBadges !== null)) {
      endBadges?.()
      endBadges = badges ? editor.paint(drawBadges) : null
    }
    if (dots !== editor.look.dots || nodeOpacity !== editor.look.nodeOpacity) editor.setLook({ dots, nodeOpacity })
    if (backdrop === shown) return
    shown = backdrop
    void setBackdrop(backdrop)
  }

  /** @param {string} name */
  async function setBackdrop(name) {
    const bitmap = name ? await read(name) : null
    if (shown !== name) return bitmap?.close() // another was chosen meanwhile
    editor.look.backdrop?.close()
    editor.setLook({ backdrop: bitmap })
  }

  /** @param {string} name */
  async function read(name) {
    try {
      const reply = await fetch(urlOf(pictureNamed(name)))
      if (!reply.ok) throw new Error(reply.statusText)
      return await createImageBitmap(await reply.blob())
    } catch {
      toasts.show({ key: 'backdrop', tone: 'warning', text: t('The picture behind the graph, {name}, could not be shown.', { name }), detail: t('It may have been deleted. Choose another in the panel View.') })
      return null
    }
  }

  settings.listen(apply)
  apply()
}

/** `folder/name.png [output]`, as pictures are named in widgets. @param {string} text @returns {import('../model/session.js').PictureRef} */
function pictureNamed(text) {
  const [, path = text, type = 'input'] = /^(.*?)(?: \[(input|output|temp)\])?$/su.exec(text) ?? []
  const cut = path.lastIndexOf('/')
  return { filename: path.slice(cut + 1), subfolder: cut < 0 ? '' : path.slice(0, cut), type }
}

/** @param {{ name: string, subfolder: string, type: string }} stored what an upload answers */
export const pictureName = ({ name, subfolder, type }) => `${subfolder ? `${subfolder}/` : ''}${name} [${type}]`
