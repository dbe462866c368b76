/** What would hold the page up is done aside, in a worker. */
import { served } from './served.js'

/**
 * Has a worker do one thing. It is started for one question and ended with it: to stop is to end it.
 *
 * @template Answer
 * @param {string} file of the worker, below `web/`
 * @param {unknown} question @param {AbortSignal} signal
 * @param {Transferable[]} [given] what of the question is given away
 * @returns {Promise<Answer | null>} null where it was stopped; rejects where the worker cannot run
 */
export function askAside(file, question, signal, given = []) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(served(file), { type: 'module' })
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
    worker.onerror = event => {
      event.preventDefault()
      end()
      reject(new Error(event.message || 'The worker did not start'))
    }
    worker.postMessage(question, given)
  })
}
