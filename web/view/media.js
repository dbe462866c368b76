/** What kind of picture a file is, by its name, and the one picture that stands for it where nothing plays. */

/** Videos read at once: each holds a decoder, and browsers have few. */
const AT_ONCE = 3
/** A video that has shown nothing by then counts as broken, in ms. */
const PATIENCE = 10_000
/** The longer side of drawings, which have no pixels of their own. */
const DRAWN = 1024

/** @typedef {'picture' | 'drawing' | 'video'} MediaKind */

/** @param {string} filename @returns {MediaKind} */
export function kindOf(filename) {
  if (/\.(?:mp4|m4v|webm|mov|mkv|ogv)$/iu.test(filename)) return 'video'
  return /\.svg$/iu.test(filename) ? 'drawing' : 'picture'
}

/** The whole picture, a drawing at a size to look at, a video's first frame. Rejects for what does not decode. @param {string} url @param {MediaKind} kind */
export function bitmapOf(url, kind) {
  if (kind === 'video') return firstFrame(url)
  return kind === 'drawing' ? drawn(url) : decoded(url)
}

/** @param {string} url */
async function decoded(url) {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  return createImageBitmap(await answer.blob())
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

/** @param {string} url */
async function firstFrame(url) {
  if (reading >= AT_ONCE) await new Promise(resolve => waiting.push(() => resolve(null)))
  else reading++
  const video = document.createElement('video')
  try {
    video.muted = video.playsInline = true
    video.preload = 'auto'
    await new Promise((resolve, reject) => {
      video.onloadeddata = resolve
      video.onerror = () => reject(new Error(`${url}: ${video.error?.message}`))
      setTimeout(() => reject(new Error(`${url}: no frame came`)), PATIENCE)
      video.src = `${url}#t=0.001` // some browsers read no frame unless they are sent to one
    })
    return await createImageBitmap(video)
  } finally {
    release(video)
    const next = waiting.shift()
    if (next) next() // takes this one's place
    else reading--
  }
}

/** Let go of a video's decoder and its connection at once; the collector would take its time. @param {HTMLVideoElement} video */
export function release(video) {
  video.onloadeddata = video.onerror = null
  video.pause()
  video.removeAttribute('src')
  video.load()
}
