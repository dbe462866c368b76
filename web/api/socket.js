/**
 * One websocket that comes back. It waits longer after each failed try (0.3 s to 10 s, with jitter so that
 * many pages do not return in step), and tries at once when the network or the tab wakes up. A network that is cut tells
 * nobody: where the server says something every few seconds, silence counts as a loss.
 *
 * @typedef {'connecting' | 'open' | 'reconnecting' | 'closed'} SocketState
 */

const FIRST_WAIT = 300
const LONGEST_WAIT = 10_000
/** A try that has not succeeded by then is given up, in ms: the network may be back, and this one would not know. */
const CONNECTS_WITHIN = 15_000

export class Socket {
  /**
   * @param {object} options
   * @param {() => string} options.url          asked again before each try, as the client id may have changed
   * @param {(data: string | ArrayBuffer) => void} options.onMessage
   * @param {(state: SocketState) => void} options.onState
   * @param {() => string | null} [options.greeting]  the first text sent on each connection
   * @param {number} [options.silence]  ms without a message after which the connection counts as lost
   * @param {() => void} [options.onSilence]  it did
   */
  constructor(options) {
    this.options = options
    /** @type {SocketState} */
    this.state = 'closed'
    /** @type {WebSocket | null} */
    this.socket = null
    this.failures = 0
    /** When it is tried next, in ms since 1970; null while it is tried. @type {number | null} */
    this.nextAt = null
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
    /** For the one that is open, or is being opened. @type {ReturnType<typeof setTimeout> | undefined} */
    this.patience = undefined
    this.heard = 0
    this.wake = () => this.retryNow()
  }

  open() {
    if (this.state !== 'closed') return
    addEventListener('online', this.wake)
    document.addEventListener('visibilitychange', this.wake)
    this.setState('connecting')
    this.dial()
  }

  close() {
    removeEventListener('online', this.wake)
    document.removeEventListener('visibilitychange', this.wake)
    clearTimeout(this.timer)
    clearTimeout(this.patience)
    this.setState('closed')
    this.socket?.close()
    this.socket = null
  }

  retryNow() {
    if (this.state !== 'reconnecting' || this.socket || document.visibilityState === 'hidden') return
    clearTimeout(this.timer)
    this.dial()
  }

  /** Connects anew, since the address is another now. */
  again() {
    if (this.state === 'closed') return
    clearTimeout(this.timer)
    const before = this.socket
    this.dial()
    before?.close()
  }

  dial() {
    this.nextAt = null
    const socket = new WebSocket(this.options.url())
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    clearTimeout(this.patience)
    this.patience = setTimeout(() => this.lose(socket), CONNECTS_WITHIN)
    socket.onopen = () => {
      if (this.socket !== socket) return
      this.failures = 0
      this.listenForSilence(socket)
      const greeting = this.options.greeting?.()
      if (greeting) socket.send(greeting)
      this.setState('open')
    }
    socket.onmessage = event => {
      if (this.socket !== socket) return
      this.heard = Date.now()
      this.options.onMessage(event.data)
    }
    socket.onclose = () => {
      if (this.socket !== socket) return
      clearTimeout(this.patience)
      this.socket = null
      this.failures += 1
      const wait = waitAfter(this.failures, Math.random())
      this.nextAt = Date.now() + wait
      this.timer = setTimeout(() => this.dial(), wait)
      if (this.state === 'reconnecting') this.options.onState(this.state) // it is tried again, later
      else this.setState('reconnecting')
    }
  }

  /** The network is cut: what closing says may never arrive, so nobody waits for its answer. @param {WebSocket | null} [socket] */
  lose(socket = this.socket) {
    if (!socket || this.socket !== socket) return
    socket.onclose?.(/** @type {any} */ (null))
    socket.close()
  }

  /** @param {WebSocket} socket */
  listenForSilence(socket) {
    clearTimeout(this.patience)
    const { silence, onSilence } = this.options
    if (!silence) return
    this.heard = Date.now()
    const look = () => {
      const left = this.heard + silence - Date.now()
      if (left > 0) this.patience = setTimeout(look, left)
      else {
        this.lose(socket)
        onSilence?.()
      }
    }
    this.patience = setTimeout(look, silence)
  }

  /** @param {SocketState} state */
  setState(state) {
    if (state === this.state) return
    this.state = state
    this.options.onState(state)
  }
}

/** Of a websocket of this server. @param {string} path */
export const socketUrl = path => `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}${path}`

/**
 * Milliseconds before try number `failures` + 1.
 *
 * @param {number} failures  at least 1
 * @param {number} random    in [0, 1)
 */
export function waitAfter(failures, random) {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures - 1, 10)) * (0.75 + random * 0.5)
}
