/** What kind of picture a file is, by its name, and the one picture that stands for it where nothing plays. */

/** Videos read at once: each holds a decoder, and browsers have few. */
const AT_ONCE = 3
/** A video that has shown nothing by then is asked once more, and then counts as broken, in ms. */
const PATIENCE = [5000, 15_000]
/** The longer side of drawings, which have no pixels of their own. */
const DRAWN = 1024
/** Files with more bytes than this are asked of the server as small versions. */
const HEAVY = 3_000_000
/** The longer side of small versions: what a node shows, on a dense screen. */
const SMALL = 1024

/** @typedef {'picture' | 'drawing' | 'video' | 'sound'} MediaKind */

/** @param {string} filename @returns {MediaKind} */
export function kindOf(filename) {
  if (/\.(?:mp4|m4v|webm|mov|mkv|ogv)$/iu.test(filename)) return 'video'
  if (/\.(?:mp3|wav|flac|ogg|opus|m4a|aac)$/iu.test(filename)) return 'sound'
  return /\.svg$/iu.test(filename) ? 'drawing' : 'picture'
}

/**
 * A picture to look at on a node (a large one as a small version), a drawing at a size to look at, a video's first frame.
 * Rejects for what does not decode.
 * @param {string} url @param {MediaKind} kind
 */
export function bitmapOf(url, kind) {
  if (kind === 'video') return firstFrame(url, PATIENCE[0]).catch(() => firstFrame(url, PATIENCE[1]))
  if (kind === 'sound') return Promise.reject(new Error(`${url}: a sound has no picture`))
  return kind === 'drawing' ? drawn(url) : decoded(url)
}

/** @param {string} url */
async function decoded(url) {
  let answer = await fetch(url)
  if (answer.ok && Number(answer.headers.get('Content-Length')) > HEAVY) {
    void answer.body?.cancel()
    const small = await fetch(`${url}&preview=webp;85&size=${SMALL}`)
    answer = small.ok ? small : await fetch(url)
  }
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  const bitmap = await createImageBitmap(await answer.blob())
  const scale = SMALL / Math.max(bitmap.width, bitmap.height)
  if (scale > 0.5) return bitmap
  // A file may be small and its picture large: only what is shown is kept.
  const size = { resizeWidth: Math.max(1, Math.round(bitmap.width * scale)), resizeHeight: Math.max(1, Math.round(bitmap.height * scale)) }
  const small = await createImageBitmap(bitmap, { ...size, resizeQuality: 'high' })
  bitmap.close()
  return small
}

/** Only ever as an image: what a drawing holds of scripts and of links to elsewhere is dead there. @param {string} url */
async function drawn(url) {
  const image = new Image()
  image.src = url
  await image.decode()
  const [width, height] = [image.naturalWidth || DRAWN, image.naturalHeight || DRAWN]
  const scale = DRAWN / Math.max(width, height)
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)))
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
  return canvas.transferToImageBitmap()
}

let reading = 0
/** @type {(() => void)[]} */
const waiting = []

/** @param {string} url @param {number | undefined} patience ms */
async function firstFrame(url, patience) {
  if (reading >= AT_ONCE) await new Promise(resolve => waiting.push(() => resolve(null)))
  else reading++
  const video = document.createElement('video')
  try {
    video.muted = video.playsInline = true
    video.preload = 'auto'
    await new Promise((resolve, reject) => {
      video.onloadeddata = resolve
      video.onerror = () => reject(new Error(`${url}: ${video.error?.message}`))
      setTimeout(() => reject(new Error(`${url}: no frame came`)), patience)
      video.src = `${url}#t=0.001` // some browsers read no frame unless they are sent to one
    })
    keepLength(url, video.duration)
    return await createImageBitmap(video)
  } finally {
    release(video)
    const next = waiting.shift()
    if (next) next() // takes this one's place
    else reading--
  }
}

/** Let go of a video's decoder and its connection at once; the collector would take its time. @param {HTMLMediaElement} media */
export function release(media) {
  media.onloadeddata = media.onloadedmetadata = media.onerror = null
  media.pause()
  media.removeAttribute('src')
  media.load()
}

/** Seconds that videos and sounds take, where that is known; null while it is asked. @type {Map<string, number | null>} */
const lengths = new Map()
const LENGTHS = 1000

/** @param {string} url @param {number} seconds */
function keepLength(url, seconds) {
  if (lengths.size > LENGTHS) lengths.clear()
  lengths.set(url, Number.isFinite(seconds) ? seconds : null)
}

/** How long a video takes that was shown, or a sound; null where that is not known (yet). @param {string} url */
export const lengthOf = url => lengths.get(url) ?? null

/** Find out how long a sound takes. @param {string} url @param {() => void} then */
export function askLength(url, then) {
  if (lengths.has(url)) return
  keepLength(url, NaN)
  const sound = document.createElement('audio')
  sound.preload = 'metadata'
  sound.onloadedmetadata = () => {
    keepLength(url, sound.duration)
    release(sound)
    then()
  }
  sound.onerror = () => release(sound)
  sound.src = url
}

/** `1:07` @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  const rest = String(whole % 60).padStart(2, '0')
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}
