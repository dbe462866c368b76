/** Which part of a camera's picture is taken, and how large it becomes. */

/** A longer side than any picture that a node works on, in pixels. */
const LONGEST = 16384

/**
 * The middle of the picture, so that nothing is stretched. Where one side is 0 it follows from the other; where both are, the
 * picture stays as it is.
 *
 * @param {number} width of the camera's picture @param {number} height
 * @param {unknown} wantedWidth what the node says @param {unknown} wantedHeight
 * @returns {{x: number, y: number, w: number, h: number, width: number, height: number}} the part, and its size
 */
export function cameraSize(width, height, wantedWidth, wantedHeight) {
  const wide = side(wantedWidth)
  const tall = side(wantedHeight)
  const toWidth = wide || (tall ? side(Math.max(1, (width * tall) / height)) : width)
  const toHeight = tall || (wide ? side(Math.max(1, (height * wide) / width)) : height)
  const scale = Math.max(toWidth / width, toHeight / height)
  const [w, h] = [Math.min(width, toWidth / scale), Math.min(height, toHeight / scale)]
  return { x: (width - w) / 2, y: (height - h) / 2, w, h, width: toWidth, height: toHeight }
}

/** @param {unknown} value */
const side = (value) => (typeof value === 'number' && value > 0 ? Math.min(LONGEST, Math.round(value)) : 0)
