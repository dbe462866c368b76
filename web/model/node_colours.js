/**
 * The colours that nodes and frames are offered, as a file has them: dark, as ComfyUI shows them. A theme shows the same
 * hue at a lightness of its own.
 *
 * @typedef {{id: string, title: string, head: string, body: string, frame: string}} NodeColour
 */
import { t } from '../language/t.js'

/** @param {string} id @param {string} title @param {string} head @param {string} body @param {string} frame @returns {NodeColour} */
const colour = (id, title, head, body, frame) => ({ id, title, head, body, frame })

/** @type {readonly NodeColour[]} */
export const NODE_COLOURS = [
  colour('red', t('Red'), '#5e2b2b', '#361f1f', '#b46765'),
  colour('orange', t('Orange'), '#5b3013', '#342216', '#af6e45'),
  colour('yellow', t('Yellow'), '#4a3b05', '#2d2611', '#967e31'),
  colour('green', t('Green'), '#1d4825', '#1a2b1d', '#54915d'),
  colour('teal', t('Teal'), '#054744', '#0f2c2a', '#14938d'),
  colour('blue', t('Blue'), '#1a3f63', '#192837', '#4f84ba'),
  colour('purple', t('Purple'), '#43335e', '#292335', '#8972b3'),
  colour('pink', t('Pink'), '#582c46', '#331f2a', '#aa678e'),
  colour('grey', t('Grey'), '#3a3d44', '#24262a', '#7d8086')
]
