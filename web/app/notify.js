/**
 * Tells that a job is done while the page is hidden: by the system's notice, by a sound, if somebody asked for that, and by the
 * progress in the title of the browser's tab.
 */
import { many, t } from '../language/t.js'

/** Jobs that end within so many ms are told of together. */
const TOGETHER = 1500
const MARK = /^\(\d+%\) /u

/**
 * @param {object} parts
 * @param {import('./queue_feed.js').QueueFeed} parts.feed
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('./settings.js').Settings} parts.settings
 */
export function notifyWhenDone({ feed, client, settings }) {
  /** @type {import('./queue_feed.js').PastJob[]} */
  let ended = []
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer

  feed.onEnded(job => {
    if (!document.hidden || !settings.values.notify || job.client_id !== client.clientId || job.state === 'interrupted') return
    ended.push(job)
    clearTimeout(timer)
    timer = setTimeout(tell, TOGETHER)
  })

  function tell() {
    const failed = ended.filter(job => job.state === 'error')
    const [first] = ended
    const title = failed.length ? many(failed.length, '{count} job has failed', '{count} jobs have failed') : many(ended.length, '{count} job is done', '{count} jobs are done')
    const body = (failed[0] ?? first)?.error?.sentence.split('\n')[0] ?? first?.name ?? ''
    ended = []
    if (settings.values.notifySound) chime(failed.length > 0)
    if (!('Notification' in window) || Notification.permission !== 'granted') return
    try {
      const notice = new Notification(title, { body, tag: 'easel', icon: document.querySelector('link[rel=icon]')?.getAttribute('href') ?? '' })
      notice.onclick = () => {
        window.focus()
        notice.close()
      }
    } catch {
      // Some phones let only a service worker tell: the sound and the title are what is left.
    }
  }

  function drawTitle() {
    const share = feed.running?.progress?.share
    const bare = document.title.replace(MARK, '')
    const title = document.hidden && share !== undefined ? `(${Math.round(share * 100)}%) ${bare}` : bare
    if (title !== document.title) document.title = title
  }
  feed.listen(drawTitle)
  document.addEventListener('visibilitychange', drawTitle)
}

/**
 * Turns notices on, which the browser has to allow. Resolves to a sentence where it does not.
 *
 * @param {import('./settings.js').Settings} settings @returns {Promise<string | null>}
 */
export async function askToNotify(settings) {
  if (!('Notification' in window)) return t('This browser has no notices.')
  const answer = Notification.permission === 'default' ? await Notification.requestPermission() : Notification.permission
  if (answer !== 'granted') return t('The browser does not let this page show notices. Allow them in its settings of this page.')
  settings.set('notify', true)
  return null
}

/** Two soft tones, falling where something failed. @param {boolean} failed */
function chime(failed) {
  try {
    const audio = new AudioContext()
    const tones = failed ? [440, 330] : [523, 784]
    tones.forEach((frequency, index) => {
      const start = audio.currentTime + index * 0.16
      const tone = audio.createOscillator()
      const loudness = audio.createGain()
      tone.frequency.value = frequency
      loudness.gain.setValueAtTime(0, start)
      loudness.gain.linearRampToValueAtTime(0.12, start + 0.02)
      loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.4)
      tone.connect(loudness).connect(audio.destination)
      tone.start(start)
      tone.stop(start + 0.42)
    })
    setTimeout(() => void audio.close(), 1000)
  } catch {
    // No sound device: nothing is heard.
  }
}
