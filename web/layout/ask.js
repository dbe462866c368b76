/**
 * Asks the worker for places. It is started for one question and ended with it: to stop is to end it.
 *
 * @typedef {import('./arrange.js').Places} Places
 * @typedef {import('./boxes.js').Problem} Problem
 */
import { served } from '../api/served.js'

/**
 * @param {Problem} problem @param {AbortSignal} signal
 * @returns {Promise<Places | null>} null where it was stopped; rejects where the worker cannot run
 */
export function askForPlaces(problem, signal) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(served('layout/worker.js'), { type: 'module' })
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
    worker.postMessage(problem)
  })
}
