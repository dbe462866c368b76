/**
 * How the mask editor is set: kept in this browser from one picture to the next.
 *
 * @typedef {'brush' | 'eraser' | 'bucket' | 'lasso' | 'rectangle'} ToolName
 * @typedef {object} MaskSettings
 * @property {ToolName} tool
 * @property {number} size Of the brush, across, in pixels of the picture.
 * @property {number} hardness 0 to 1
 * @property {number} opacity Of what is painted, 0 to 1.
 * @property {number} tolerance Of the bucket, 0 to 255.
 * @property {boolean} everywhere The bucket takes what is not connected too.
 * @property {number} amount By how many pixels the outline is grown, shrunk or feathered.
 * @property {string} colour In which the mask is shown.
 * @property {number} shown How strongly it is shown, 0 to 1.
 */

const KEY = 'easel.mask'
export const LARGEST = 2000
/** Colours that a mask is shown in: one of them is always far from the picture's. */
export const COLOURS = ['#f0506e', '#3ba7f5', '#2fbf71', '#f5b83b', '#ffffff', '#000000']

/** @type {Readonly<MaskSettings>} */
const DEFAULTS = {
  tool: 'brush', size: 48, hardness: 0.8, opacity: 1, tolerance: 24, everywhere: false, amount: 8, colour: '#f0506e', shown: 0.6
}

/** @returns {MaskSettings} */
export function readSettings() {
  const settings = { ...DEFAULTS }
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    for (const [name, value] of Object.entries(DEFAULTS)) {
      if (typeof kept?.[name] === typeof value) Object.assign(settings, { [name]: kept[name] })
    }
  } catch {
    return { ...DEFAULTS }
  }
  settings.size = clampSize(settings.size)
  if (!['brush', 'eraser', 'bucket', 'lasso', 'rectangle'].includes(settings.tool)) settings.tool = 'brush'
  return settings
}

/** @param {MaskSettings} settings */
export function keepSettings(settings) {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings))
  } catch {
    return // storage that is full or forbidden: they last until the page closes
  }
}

/** @param {number} size */
export const clampSize = (size) => Math.min(LARGEST, Math.max(1, Math.round(size) || 1))

/** The next size up or down: steps are finer for small brushes. @param {number} size @param {number} steps */
export function stepSize(size, steps) {
  const next = size * 1.15 ** steps
  return clampSize(steps > 0 ? Math.max(next, size + 1) : Math.min(next, size - 1))
}
