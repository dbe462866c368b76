/**
 * Widgets that packs show by elements of their own, by the name under which declarations ask for them (`widgetType`):
 * how much room each takes on its node. Until its pack's script is there, a widget looks as its type is usual.
 *
 * @typedef {{height: number, grows: boolean, wide: boolean}} Extent
 */

/** @type {Map<string, Extent>} */
const extents = new Map()

/** Who has layouts of nodes lays them out anew: a new schema does. @param {string} name @param {Extent} extent */
export const defineElement = (name, extent) => void extents.set(name, extent)

/** @param {{element?: string}} spec @returns {Extent | undefined} */
export const elementExtent = ({ element }) => (element === undefined ? undefined : extents.get(element))
