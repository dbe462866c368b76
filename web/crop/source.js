/** Which picture a node works on: the one that its source loads, or that another node shows of the same output. */
import { kindOf } from '../view/media.js'
import { picturesOf } from '../view/node_pictures.js'

const TYPES = new Set(['IMAGE', 'MASK'])

/** @param {import('../tools/editor.js').Editor} editor @param {string} id @returns {import('../model/session.js').PictureRef | null} */
export function sourcePicture(editor, id) {
  const node = editor.store.node(id)
  if (!node) return null
  const index = node.inputs.findIndex((input, at) => TYPES.has(input.type) && editor.graph.linkInto(node, at))
  let link = index < 0 ? undefined : editor.graph.linkInto(node, index)
  let source = link && editor.graph.source(link)
  for (let hop = 0; source?.type === 'Reroute' && hop < 100; hop++) {
    link = editor.graph.linkInto(source, 0)
    source = link && editor.graph.source(link)
  }
  if (!link || !source) return null
  const readers = editor.graph.linksFrom(source, link.fromSlot).flatMap((each) => editor.graph.reader(each) ?? [])
  // A reader that shows what it is given: the picture on a node that changes it is another one.
  const showing = readers.filter((each) => each.id !== id && editor.types.get(each.type)?.output)
  for (const each of [source, ...showing]) {
    const file = picturesOf(each, editor.schema, editor.statusOf(each)).refs.find(({ filename }) => kindOf(filename) === 'picture')
    if (file) return file
  }
  return null
}
