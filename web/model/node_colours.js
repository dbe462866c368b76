/**
 * The colours that nodes and frames are offered, as a file has them: dark, as ComfyUI shows them. A theme shows the same
 * hue at a lightness of its own.
 *
 * @typedef {{id: string, title: string, head: string, body: string, frame: string}} NodeColour
 */

/** @param {string} title @param {string} head @param {string} body @param {string} frame @returns {NodeColour} */
const colour = (title, head, body, frame) => ({ id: title.toLowerCase(), title, head, body, frame })

/** @type {readonly NodeColour[]} */
export const NODE_COLOURS = [
  colour('Red', '#5e2b2b', '#361f1f', '#b46765'),
  colour('Orange', '#5b3013', '#342216', '#af6e45'),
  colour('Yellow', '#4a3b05', '#2d2611', '#967e31'),
  colour('Green', '#1d4825', '#1a2b1d', '#54915d'),
  colour('Teal', '#054744', '#0f2c2a', '#14938d'),
  colour('Blue', '#1a3f63', '#192837', '#4f84ba'),
  colour('Purple', '#43335e', '#292335', '#8972b3'),
  colour('Pink', '#582c46', '#331f2a', '#aa678e'),
  colour('Grey', '#3a3d44', '#24262a', '#7d8086')
]
