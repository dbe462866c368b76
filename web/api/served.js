/**
 * The address of a file of the page, from where it is loaded: as it lies in `web/`, or as the server joined it.
 * `import.meta.url` does not tell, since a joined module does not lie where its source did.
 * @param {string} path under web/
 */
export function served(path) {
  return `${document.documentElement.dataset.web ?? ''}/${path}`
}
