/**
 * Small pictures are asked for a few at a time, what came into view last first, so that other requests find a connection and
 * what was scrolled past is not waited for.
 */

/** Of the six connections that a browser has to a server. */
const AT_ONCE = 4

export class ThumbQueue {
  constructor() {
    /** @type {Map<HTMLImageElement, { url: string, failed: () => void }>} */
    this.waiting = new Map()
    /** @type {Set<HTMLImageElement>} */
    this.busy = new Set()
    this.held = false
  }

  /** @param {HTMLImageElement} image @param {string} url @param {() => void} failed */
  want(image, url, failed) {
    this.drop(image)
    this.waiting.set(image, { url, failed })
    this.next()
  }

  /** Whoever asked has another picture now, or none. @param {HTMLImageElement} image */
  drop(image) {
    this.waiting.delete(image)
    this.busy.delete(image)
    if (!image.hasAttribute('src')) return
    image.onload = image.onerror = null
    image.removeAttribute('src')
  }

  /** While the list flies past nothing is begun. @param {boolean} held */
  hold(held) {
    this.held = held
    this.next()
  }

  next() {
    while (!this.held && this.busy.size < AT_ONCE && this.waiting.size) {
      const [image, { url, failed }] = /** @type {[HTMLImageElement, { url: string, failed: () => void }]} */ ([...this.waiting].at(-1))
      this.waiting.delete(image)
      this.busy.add(image)
      /** Styles go by it. @param {string} state */
      const tell = state => { if (image.parentElement) image.parentElement.dataset.state = state }
      /** @param {string} state */
      const done = state => {
        tell(state)
        this.busy.delete(image)
        this.next()
      }
      tell('loading')
      image.onload = () => done('shown')
      image.onerror = () => {
        failed()
        done('failed')
      }
      image.src = url
    }
  }
}
