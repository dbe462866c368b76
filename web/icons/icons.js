/**
 * Easel's own icons: strokes of 1.5 on a grid of 16, drawn in the colour of the text beside them.
 * Each is a list of SVG path data.
 *
 * @type {Record<string, string[]>}
 */
const PATHS = {
  easel: ['M3.5 2.75h9v6.5h-9z', 'M2 9.25h12', 'M5 9.25 3.5 14', 'M11 9.25 12.5 14', 'M8 1v1.75', 'M8 9.25V12'],
  add: ['M8 3v10', 'M3 8h10'],
  search: ['M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9', 'M10.5 10.5 13.5 13.5'],
  nodes: ['M2 3h4v3.5H2z', 'M10 9.5h4V13h-4z', 'M6 4.75h2v6.5h2'],
  file: ['M4 1.75h5L12.25 5v9.25H4z', 'M9 1.75V5h3.25'],
  folder: ['M1.75 3.5h4l1.5 1.75h7v7.5H1.75z'],
  save: ['M2.5 2.5h8.5l2.5 2.5v8.5h-11z', 'M5 2.5v3.5h5v-3.5', 'M5 13.5v-4h6v4'],
  download: ['M8 2v8', 'M4.75 7 8 10.25 11.25 7', 'M2.5 13.5h11'],
  upload: ['M8 10.5v-8', 'M4.75 5.5 8 2.25 11.25 5.5', 'M2.5 13.5h11'],
  image: ['M2 2.75h12v10.5H2z', 'M5.5 5.25a1 1 0 1 1 0 2a1 1 0 1 1 0-2', 'M2.25 11.75 6 9l2 1.75L11 7.5l3 3'],
  film: ['M2 2.75h12v10.5H2z', 'M4.75 2.75v10.5', 'M11.25 2.75v10.5', 'M2 6.25h2.75', 'M2 9.75h2.75', 'M11.25 6.25H14', 'M11.25 9.75H14'],
  results: ['M1.75 4.5h9.5v8.5h-9.5z', 'M4.5 4.5v-2h9.75v8h-3', 'M1.75 11l3-2.5 2.25 2 1.5-1.25 2.75 2'],
  eye: ['M1.5 8C3.25 5 5.4 3.5 8 3.5S12.75 5 14.5 8c-1.75 3-3.9 4.5-6.5 4.5S3.25 11 1.5 8z', 'M8 6a2 2 0 1 1 0 4a2 2 0 1 1 0-4'],
  clock: ['M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12', 'M8 4.75V8l2.25 1.5'],
  undo: ['M5.5 3 2.75 5.75 5.5 8.5', 'M2.75 5.75H9.5a3.5 3.5 0 0 1 0 7H6'],
  redo: ['M10.5 3 13.25 5.75 10.5 8.5', 'M13.25 5.75H6.5a3.5 3.5 0 0 0 0 7H10'],
  fit: ['M2.5 5.5v-3h3', 'M10.5 2.5h3v3', 'M13.5 10.5v3h-3', 'M5.5 13.5h-3v-3', 'M5.5 5.5h5v5h-5z'],
  close: ['M3.75 3.75l8.5 8.5', 'M12.25 3.75l-8.5 8.5'],
  check: ['M3 8.5 6.25 11.75 13 4.5'],
  down: ['M4 6l4 4 4-4'],
  up: ['M4 10l4-4 4 4'],
  right: ['M6 4l4 4-4 4'],
  left: ['M10 4 6 8l4 4'],
  play: ['M4.5 2.75v10.5L13 8z'],
  stop: ['M4 4h8v8H4z'],
  trash: ['M2.5 4h11', 'M6 4V2.25h4V4', 'M4 4l.6 9.75h6.8L12 4', 'M6.75 6.75v4.25', 'M9.25 6.75v4.25'],
  copy: ['M5.5 5.5h8v8h-8z', 'M3.25 10.5H2.5v-8h8v.75'],
  dice: ['M2.5 2.5h11v11h-11z', 'M5.5 5.5v.01', 'M10.5 5.5v.01', 'M8 8v.01', 'M5.5 10.5v.01', 'M10.5 10.5v.01'],
  lock: ['M3.5 7h9v6.5h-9z', 'M5.25 7V5a2.75 2.75 0 0 1 5.5 0v2'],
  plus1: ['M2.5 8h6', 'M5.5 5v6', 'M11 5.5l2-1.5v8'],
  minus1: ['M2.5 8h6', 'M11 5.5l2-1.5v8'],
  warning: ['M8 2.25 14.5 13.5h-13z', 'M8 6.5v3', 'M8 11.5v.01'],
  error: ['M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12', 'M8 5v3.5', 'M8 10.9v.01'],
  info: ['M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12', 'M8 7.5V11', 'M8 5.1v.01'],
  help: ['M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12', 'M6.25 6.5A1.75 1.75 0 1 1 8.75 8c-.5.25-.75.55-.75 1.1', 'M8 11.2v.01'],
  sun: ['M8 5.25a2.75 2.75 0 1 1 0 5.5a2.75 2.75 0 1 1 0-5.5', 'M8 1.5v1.25', 'M8 13.25v1.25', 'M1.5 8h1.25', 'M13.25 8h1.25', 'M3.4 3.4l.9.9', 'M11.7 11.7l.9.9', 'M12.6 3.4l-.9.9', 'M4.3 11.7l-.9.9'],
  moon: ['M13.25 9.5A5.75 5.75 0 0 1 6.5 2.75a5.75 5.75 0 1 0 6.75 6.75z'],
  zoomIn: ['M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9', 'M10.5 10.5 13.5 13.5', 'M5 7h4', 'M7 5v4'],
  zoomOut: ['M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9', 'M10.5 10.5 13.5 13.5', 'M5 7h4'],
  outline: ['M2.5 3.5h11', 'M5.5 8h8', 'M5.5 12.5h8', 'M2.5 3.5v9h1', 'M2.5 8h1'],
  panel: ['M2 2.75h12v10.5H2z', 'M10 2.75v10.5'],
}

const SVG = 'http://www.w3.org/2000/svg'

/**
 * A fresh SVG element; hidden from screen readers, since the control that holds it has its own name.
 *
 * @param {string} name
 * @param {number} [size] CSS px
 */
export function icon(name, size = 16) {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 16 16')
  svg.setAttribute('width', String(size))
  svg.setAttribute('height', String(size))
  svg.setAttribute('aria-hidden', 'true')
  svg.setAttribute('class', 'icon')
  for (const data of PATHS[name] ?? []) {
    const path = document.createElementNS(SVG, 'path')
    path.setAttribute('d', data)
    svg.append(path)
  }
  return svg
}
