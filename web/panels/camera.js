/** A picture from a camera of this machine: look, take it, take another, use it. The camera is on only while this is open. */
import { t } from '../language/t.js'
import { cameraSize } from '../model/camera_size.js'
import { openDialog } from './dialog.js'
import { fill, h } from './dom.js'

/**
 * @param {object} parts
 * @param {unknown} parts.width  as the node wants it; 0 for the camera's own
 * @param {unknown} parts.height
 * @param {(picture: Blob) => Promise<void>} parts.use  rejects with an Error whose message can be shown
 * @returns {Promise<void>} when it is closed
 */
export function openCamera({ width, height, use }) {
  const video = h('video', { autoplay: true, playsinline: true, 'aria-label': t('What the camera sees') })
  video.muted = true
  const taken = h('canvas', { role: 'img', 'aria-label': t('The picture that was taken'), hidden: true })
  const devices = h('select.field', { 'aria-label': t('Camera'), 'data-tip': t('Which camera'), onchange: () => void start(devices.value) })
  const device = h('label.device', { hidden: true }, h('span', {}, t('Camera')), devices)
  const told = h('p.wrong', { role: 'alert', hidden: true })
  const button = (/** @type {string} */ kind, /** @type {string} */ label, /** @type {() => void} */ onclick) =>
    h(/** @type {'button'} */ (`button.${kind}`), { type: 'button', onclick }, label)
  const take = button('primary', t('Take the picture'), takePicture)
  const retry = button('primary', t('Try again'), () => void start())
  const again = button('plain', t('Take another'), () => show('looking'))
  const keep = button('primary', t('Use this picture'), () => void keepPicture())
  /** @type {MediaStream | null} */
  let stream = null
  let asked = 0
  let closed = false

  const dialog = h('div.camera', {}, h('div.frame', {}, video, taken), told, device,
    h('div.buttons', {}, again, take, retry, keep))

  /** @param {'waiting' | 'looking' | 'taken' | 'failed'} state @param {string} [text] */
  function show(state, text = '') {
    taken.hidden = state !== 'taken'
    video.hidden = state === 'taken' || state === 'failed'
    take.hidden = state === 'taken' || state === 'failed'
    take.disabled = state === 'waiting'
    retry.hidden = state !== 'failed'
    again.hidden = keep.hidden = state !== 'taken'
    told.textContent = text
    told.hidden = !text
    const main = { waiting: null, looking: take, taken: keep, failed: retry }[state]
    if (document.activeElement !== devices) main?.focus()
  }

  function stop() {
    stream?.getTracks().forEach(track => track.stop())
    stream = null
    video.srcObject = null
  }

  /** @param {string} [id] of a camera */
  async function start(id) {
    stop()
    show('waiting')
    const mine = ++asked
    try {
      if (!navigator.mediaDevices?.getUserMedia) throw new DOMException('', 'SecurityError')
      const got = await navigator.mediaDevices.getUserMedia({ video: id ? { deviceId: { exact: id } } : true })
      if (mine !== asked || closed) return got.getTracks().forEach(track => track.stop())
      stream = got
      got.getVideoTracks()[0]?.addEventListener('ended', () => {
        if (stream === got) show('failed', t('The camera was taken away. Plug it in and try again.'))
      })
      video.srcObject = got
      await video.play()
      if (mine !== asked || closed) return undefined
      show('looking')
      await list(got)
    } catch (error) {
      if (mine === asked && !closed) show('failed', sentence(/** @type {Error} */ (error)))
    }
    return undefined
  }

  /** Names of cameras are told only once one may be used. @param {MediaStream} now */
  async function list(now) {
    const found = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'videoinput')
    const id = now.getVideoTracks()[0]?.getSettings().deviceId
    fill(devices, found.map(({ deviceId, label }, index) => h('option', { value: deviceId, selected: deviceId === id }, label || t('Camera {number}', { number: index + 1 }))))
    device.hidden = found.length < 2
  }

  function takePicture() {
    if (!video.videoWidth) return
    const size = cameraSize(video.videoWidth, video.videoHeight, width, height)
    taken.width = size.width
    taken.height = size.height
    taken.getContext('2d')?.drawImage(video, size.x, size.y, size.w, size.h, 0, 0, size.width, size.height)
    show('taken')
  }

  async function keepPicture() {
    keep.disabled = again.disabled = true
    try {
      const picture = await new Promise(resolve => { taken.toBlob(resolve, 'image/png') })
      if (!picture) throw new Error(t('The picture is too large for this browser. Make width and height of the node smaller.'))
      await use(/** @type {Blob} */ (picture))
      close()
    } catch (error) {
      told.textContent = t('{reason} The picture is still here: try again.', { reason: /** @type {Error} */ (error).message })
      told.hidden = false
    } finally {
      keep.disabled = again.disabled = false
    }
  }

  /** @type {() => void} */
  let close = () => undefined
  return new Promise(resolve => {
    ({ close } = openDialog(t('Take a picture'), [dialog], {
      onClose: () => {
        closed = true
        stop()
        taken.width = taken.height = 0
        resolve()
      },
    }))
    take.focus()
    void start()
  })
}

/** @param {Error} error */
function sentence({ name, message }) {
  switch (name) {
    case 'NotAllowedError':
      return t('The browser does not let this page use a camera. Allow it at the left of the address, then try again.')
    case 'SecurityError':
      return t('Browsers lend a camera only to pages of this machine (http://127.0.0.1) or over HTTPS. Open Easel so, or drop a picture on a Load Image node.')
    case 'NotFoundError':
    case 'OverconstrainedError':
      return t('There is no camera. Plug one in, then try again.')
    case 'NotReadableError':
      return t('The camera does not answer: another program may be using it. Close that, then try again.')
    default:
      return t('The camera did not start: {reason}.', { reason: message || name })
  }
}
