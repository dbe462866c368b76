/**
 * What the library holds beside the server's node types: sections that others bring, such as one's own subgraphs.
 *
 * @typedef {object} LibraryEntry
 * @property {string} id  the same for the same thing, whenever it is asked
 * @property {string} title
 * @property {string} [about]
 * @property {import('../model/schema.js').NodeType} [type]  to draw it by, while it is dragged and below the list
 * @property {(point: import('../model/types.js').Point, from?: import('../model/types.js').SocketRef | null) => import('../model/types.js').RecordId | null} add  puts it on the canvas, the middle of its title there, linked to the socket that was dragged from
 * @property {readonly import('./menu.js').MenuEntry[]} [menu]  what else can be done with it
 *
 * @typedef {object} LibrarySource
 * @property {string} id
 * @property {string} title
 * @property {string} [empty]  a sentence for a section that holds nothing; without one it is left out
 * @property {() => readonly LibraryEntry[]} entries
 * @property {(listener: () => void) => (() => void)} listen  tells when there are others; returns what ends it
 */

export class LibrarySources {
  /** @type {LibrarySource[]} */
  all = []

  /** @param {LibrarySource} source */
  add(source) {
    this.all.push(source)
  }

  /** What can be found as a node type is, with what brings it. @returns {Map<import('../model/schema.js').NodeType, LibraryEntry>} */
  types() {
    return new Map(this.all.flatMap(source => source.entries().flatMap(entry => (entry.type ? [/** @type {const} */ ([entry.type, entry])] : []))))
  }

  /** @param {() => void} listener */
  listen(listener) {
    const ends = this.all.map(source => source.listen(listener))
    return () => ends.forEach(end => end())
  }
}
