/**
 * Has a worker change the outline of a large mask. It is started for one change and ended with it: to stop is to end it.
 *
 * @typedef {import('./mask.js').Region} Region
 * @typedef {import('./shape.js').ShapeName} ShapeName
 */
import { served } from '../api/served.js'

/** So many pixels take less time than a worker's start. */
const FEW = 512 * 512

/** @param {Region} region */
export const isSmall = ({ w, h }) => w * h <= FEW

/**
 * @param {ShapeName} what @param {Region} region a copy, which is given away @param {number} by @param {AbortSignal} signal
 * @returns {Promise<Region | null>} null where it was stopped; rejects where the worker cannot run
 */
export function reshapeAside(what, region, by, signal) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(served('mask/worker.js'), { type: 'module' })
    const end = () => {
      worker.terminate()
      signal.removeEventListener('abort', stop)
    }
    const stop = () => {
      end()
      resolve(null)
    }
    signal.addEventListener('abort', stop)
    worker.onmessage = ({ data }) => {
      end()
      resolve(data)
    }
    worker.onerror = (event) => {
      event.preventDefault()
      end()
      reject(new Error(event.message || 'The worker did not start'))
    }
    worker.postMessage({ what, region, by }, [region.data.buffer])
  })
}
