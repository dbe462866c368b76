/**
 * Tells when a CSS pixel gets another number of the screen's own: the window moved to another screen, or the system's
 * scale was changed. The size of the page in CSS pixels may stay as it is then.
 *
 * @param {() => void} changed
 */
export function watchDensity(changed) {
  matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener('change', () => {
    changed()
    watchDensity(changed) // from the new one on
  }, { once: true })
}
