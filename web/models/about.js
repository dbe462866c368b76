/**
 * What is known of one model: picture, facts, words that call it, a person's own notes, where the open graph uses it.
 *
 * @typedef {import('./catalogue.js').Model} Model
 * @typedef {{ facts: any, sidecar: any, note: any, sha256: string | null }} Details
 */
import { viewUrl } from '../api/client.js'
import { icon } from '../icons/icons.js'
import { dateText, numberText, t } from '../language/t.js'
import { bytesInWords } from '../model/words.js'
import { fill, h, isTyping } from '../panels/dom.js'
import { float } from '../panels/float.js'
import { pictureOf } from './catalogue.js'

/** Between two looks at a hash that is being worked out, in ms. */
const LOOK = 400
/** How long a note rests before it is saved, in ms. */
const REST = 600
const MOST_RESULTS = 24

/** @param {Element} item */
const labelOf = item => item.getAttribute('aria-label') ?? item.textContent ?? ''

/**
 * @param {object} parts
 * @param {import('../api/client.js').Client} parts.client
 * @param {import('../panels/toasts.js').Toasts} parts.toasts
 * @param {import('./in_graph.js').InGraph} parts.inGraph
 * @param {() => readonly import('../app/results.js').Result[]} parts.results
 * @param {(node: string) => void} parts.showNode
 * @param {() => void} parts.changed  a star, tags or a picture
 * @param {() => void} parts.back
 */
export function createAbout({ client, toasts, inGraph, results, showNode, changed, back }) {
  const element = h('aside.about-model.scrolls', { 'aria-label': t('About the model') })
  /** @type {Model | null} */
  let model = null
  /** @type {Details | null} */
  let details = null
  let turn = 0
  /** What of the graph is shown. */
  let drawn = ''
  /** Writes what is typed and not yet saved. @type {(() => void) | null} */
  let unsaved = null

  const address = (/** @type {Model} */ of, /** @type {string} */ what) => `/easel/model_library/${encodeURIComponent(of.kind)}/${what}?${new URLSearchParams({ name: of.name })}`

  /** @param {Model | null} next */
  function show(next) {
    const other = next?.name !== model?.name || next?.kind !== model?.kind
    if (!other && next && model && JSON.stringify(next) === JSON.stringify(model)) return
    if (other) {
      unsaved?.()
      details = null
      element.scrollTop = 0
    } else if (element.contains(document.activeElement) && isTyping(document.activeElement)) return // it is drawn later
    model = next
    draw()
    if (next) void read(next)
  }

  /** @param {Model} of */
  async function read(of) {
    const mine = ++turn
    try {
      const answer = await client.json(address(of, 'details'))
      if (mine !== turn) return
      details = answer
      draw()
    } catch (error) {
      if (mine === turn) fill(element, backButton(), h('h2', {}, of.title), h('p.wrong-file', {}, /** @type {Error} */ (error).message))
    }
  }

  /** @param {Model} of */
  const inTheGraph = of => JSON.stringify([inGraph.selectedLoader(of), inGraph.users(of).map(({ node }) => [node.id, node.title])])

  const backButton = () => h('button.link.back', { type: 'button', onclick: back }, icon('left', 14), t('All models'))

  /** Drawn anew, the focus stays where it was. */
  function draw() {
    const label = element.contains(document.activeElement) ? labelOf(/** @type {Element} */ (document.activeElement)) : ''
    fillAll()
    if (label) /** @type {HTMLElement | undefined} */ ([...element.querySelectorAll('button, a, summary')].find(item => labelOf(item) === label))?.focus({ preventScroll: true })
  }

  function fillAll() {
    if (!model) return fill(element, h('p.quiet.none', {}, t('Choose a model to read what it is. Enter or a double click puts it into the graph.')))
    const of = model
    drawn = inTheGraph(of)
    const facts = details?.facts
    const sidecar = details?.sidecar
    const users = inGraph.users(of)
    const triggers = [...new Set([details?.note?.triggers, ...(sidecar?.triggers ?? []), ...(facts?.triggers ?? [])].filter(Boolean))]
    return fill(element,
      backButton(),
      picture(of),
      h('div.head', {}, h('h2', {}, of.title), h('button.round', { type: 'button', 'data-needs': 'write', 'aria-pressed': String(of.starred), 'aria-label': t('Star'), 'data-tip': of.starred ? t('Take the star away') : t('Star'), onclick: () => void note(of, { starred: !of.starred }) }, icon(of.starred ? 'starred' : 'star'))),
      sidecar?.title && sidecar.title !== of.title ? h('p.sub', {}, sidecar.title) : null,
      of.folder ? h('p.sub', {}, of.folder) : null,
      facts?.problem ? h('p.wrong-file', { role: 'note' }, facts.problem) : null,
      h('div.acts', {}, h('button.primary', { type: 'button', onclick: () => inGraph.use(of) }, of.kind === 'embeddings' ? t('Write into the prompt') : inGraph.selectedLoader(of) ? t('Put into the selected node') : t('Add to the graph'))),
      list(of, facts),
      triggers.length ? words(t('Trigger words'), triggers.map(word => [word, 0])) : null,
      facts?.tags?.length ? words(t('Described by, most often'), facts.tags.slice(0, 24)) : null,
      users.length ? h('section', {}, h('h3', {}, t('In this graph')), users.map(({ node }) => h('button.link', { type: 'button', onclick: () => showNode(node.id) }, node.title || inGraph.editor.types.of(node)?.title || node.type))) : null,
      details ? own(of, details.note ?? {}) : null,
      sidecar?.description ? h('section', {}, h('h3', {}, t('Description')), h('p.words', {}, sidecar.description), sidecar.link ? h('a.link', { href: sidecar.link, target: '_blank', rel: 'noopener noreferrer' }, t('Its page')) : null) : null,
      sidecar?.unread?.length ? h('p.wrong-file', {}, t('{names} beside it cannot be read.', { names: sidecar.unread.join(', ') })) : null,
      metadata(facts))
  }

  /** @param {Model} of */
  function picture(of) {
    const url = pictureOf(of)
    const button = h('button.set-picture', { type: 'button', 'data-needs': 'write', 'aria-haspopup': 'dialog', 'data-tip': t('Take one of the results as its picture'), onclick: () => choosePicture(of, button) }, icon('image', 14), url ? t('Another picture') : t('Set a picture'))
    return h('div.portrait', {}, url ? h('img', { src: url, alt: t('Picture of {title}', { title: of.title }) }) : icon('model', 40), button)
  }

  /** @param {Model} of @param {HTMLElement} from */
  function choosePicture(of, from) {
    const shown = results().filter(({ file }) => /\.(?:png|jpe?g|webp|avif)$/iu.test(file.filename)).slice(0, MOST_RESULTS)
    const box = h('div.pick-result', { role: 'dialog', 'aria-label': t('Take one of the results as its picture') },
      shown.length ? shown.map(({ file }) => h('button', { type: 'button', 'aria-label': file.filename, 'data-tip': file.filename, onclick: () => { close(); void setPicture(of, file) } }, h('img', { src: viewUrl(file, { preview: 'webp;70' }) + '&size=128', alt: '', loading: 'lazy' })))
        : h('p.quiet', {}, t('There are no results yet. Run a graph with this model first.')))
    const close = float(box, { anchor: from.getBoundingClientRect() })
    ;/** @type {HTMLElement | null} */ (box.querySelector('button'))?.focus()
  }

  /** @param {Model} of @param {import('../model/session.js').PictureRef} file */
  async function setPicture(of, file) {
    try {
      await client.send('POST', address(of, 'picture'), file)
      toasts.show({ key: 'model', tone: 'done', text: t('{title} has a new picture.', { title: of.title }), action: { label: t('Undo'), run: () => void client.send('DELETE', address(of, 'picture')).then(changed, tell) } })
      changed()
    } catch (error) {
      tell(error)
    }
  }

  /** @param {unknown} error */
  const tell = error => void toasts.show({ key: 'model', tone: 'error', text: /** @type {Error} */ (error).message })

  /** @param {Model} of @param {any} facts */
  function list(of, facts) {
    const what = [facts?.kind, facts?.variant].filter(Boolean).join(', ')
    return h('dl', {},
      row(t('What it is'), what),
      row(t('Family'), of.family ?? (facts ? facts.family : t('Being read…')), t('Unknown')),
      row(t('Precision'), facts?.precision ?? of.precision),
      row(t('Size'), bytesInWords(of.size)),
      facts?.parameters ? row(t('Parameters'), numberText(facts.parameters, { notation: 'compact', maximumFractionDigits: 2 })) : null,
      facts?.parts?.length ? row(t('With'), facts.parts.join(', ')) : null,
      row(t('Changed'), dateText(of.modified * 1000)),
      row(t('Base model'), details?.sidecar?.base ?? ''),
      h('div', {}, h('dt', {}, t('Hash')), h('dd', {}, hash(of))))
  }

  /** @param {string} label @param {string} value @param {string} [otherwise] */
  const row = (label, value, otherwise = '') => (value || otherwise ? h('div', {}, h('dt', {}, label), h('dd', {}, value || otherwise)) : null)

  /** @param {Model} of */
  function hash(of) {
    const sha256 = details?.sha256
    if (sha256) return h('button.link', { type: 'button', 'aria-label': t('Copy the hash'), 'data-tip': sha256, onclick: () => void copy(sha256) }, h('code', {}, sha256.slice(0, 10)), icon('copy', 13))
    const button = h('button.link', { type: 'button', 'data-needs': 'write', 'data-tip': t('Reads the whole file. A1111 and Civitai name models by it.'), onclick: () => { button.disabled = true; void work(of, button) } }, t('Work it out'))
    return button
  }

  /** @param {Model} of @param {HTMLElement} button */
  async function work(of, button) {
    try {
      await client.send('POST', address(of, 'hash'), {})
      for (;;) {
        const { sha256, progress } = await client.json(address(of, 'hash'))
        if (model !== of) return
        if (sha256 && details) {
          details.sha256 = sha256
          return draw()
        }
        button.textContent = progress === null ? t('Waiting…') : numberText(progress, { style: 'percent' })
        await new Promise(resolve => setTimeout(resolve, LOOK))
      }
    } catch (error) {
      tell(error)
      if (model === of) draw()
    }
  }

  /** @param {string} text */
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text)
      toasts.show({ key: 'model', tone: 'done', text: t('Copied “{text}”.', { text: text.length > 60 ? `${text.slice(0, 60)}…` : text }) })
    } catch {
      toasts.show({ key: 'model', tone: 'warning', text: t('The browser does not let this page copy.'), detail: text })
    }
  }

  /** @param {string} label @param {[string, number][]} list */
  function words(label, list) {
    return h('section', {}, h('h3', {}, label), h('div.words-list', { role: 'group', 'aria-label': t('{words}: write into the prompt', { words: label }) }, list.map(([word, count]) => h('span.pair', {},
      h('button.chip', { type: 'button', 'data-tip': t('Write into the prompt'), onclick: () => inGraph.insert(word) }, h('span', {}, word), count ? [' ', h('span.number', {}, numberText(count))] : null),
      h('button.round', { type: 'button', 'aria-label': t('Copy “{word}”', { word }), 'data-tip': t('Copy'), onclick: () => void copy(word) }, icon('copy', 13))))))
  }

  /** @param {Model} of @param {any} noted */
  function own(of, noted) {
    const tags = h('input.field', { type: 'text', 'data-needs': 'write', value: (noted.tags ?? []).join(', '), placeholder: t('Tags, with commas between'), 'aria-label': t('Your tags'), autocomplete: 'off' })
    const text = h('textarea.field', { rows: 3, 'data-needs': 'write', placeholder: t('Your notes'), 'aria-label': t('Your notes'), maxlength: 20_000 }, noted.note ?? '')
    const saved = h('span.small', { role: 'status' })
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer
    const save = () => {
      clearTimeout(timer)
      unsaved = null
      void note(of, { note: text.value, tags: tags.value.split(',').map(tag => tag.trim().slice(0, 60)).filter(Boolean) }).then(done => { saved.textContent = done ? t('Saved') : t('Not saved') })
    }
    const wait = () => {
      clearTimeout(timer)
      saved.textContent = ''
      unsaved = save
      timer = setTimeout(save, REST)
    }
    tags.addEventListener('input', wait)
    text.addEventListener('input', wait)
    return h('section', {}, h('h3', {}, t('Your notes'), saved), tags, text)
  }

  /** @param {Model} of @param {Record<string, unknown>} change */
  async function note(of, change) {
    try {
      const noted = await client.send('POST', address(of, 'note'), change)
      if (details && model?.name === of.name) details.note = noted
      changed()
      return true
    } catch (error) {
      tell(error)
      return false
    }
  }

  /** @param {any} facts */
  function metadata(facts) {
    const entries = Object.entries(facts?.metadata ?? {})
    if (!entries.length) return null
    return h('details.metadata', {}, h('summary', {}, t('What its maker wrote into it')), h('dl', {}, entries.map(([key, value]) => h('div', {}, h('dt', {}, key), h('dd', {}, String(value))))))
  }

  return {
    element, show,
    /** The graph has changed, or what is selected in it. */
    refresh() {
      if (model && inTheGraph(model) !== drawn && !isTyping(document.activeElement)) draw()
    },
    end: () => unsaved?.(),
  }
}
