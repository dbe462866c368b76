/**
 * The open graphs as a row of tabs: click shows, a drag reorders, a middle click closes, a double click renames; the menu has
 * it all. Where there is no room for them the row scrolls, and a list beside it has every one.
 *
 * @typedef {import('../app/tab.js').Tab} Tab
 * @typedef {{ graph: import('../app/document.js').OpenGraph, run: (command: string, tab?: Tab) => void, keysOf: (command: string) => string | undefined, focusCanvas: () => void }} TabParts
 * @typedef {{ element: HTMLElement, button: HTMLButtonElement, name: HTMLElement, close: HTMLElement }} Row
 */
import { titleOf } from '../app/tabs.js'
import { icon } from '../icons/icons.js'
import { t } from '../language/t.js'
import { h, setText } from './dom.js'
import { openMenu } from './menu.js'

/** Pixels until a press is a drag. */
const SLACK = 6

/** What is done to the graph on the canvas. */
const SHOWN_ONLY = [
  { label: () => t('Save'), icon: 'save', command: 'save' },
  { label: () => t('Save as'), icon: 'save', command: 'save_as' },
  { label: () => t('Export'), icon: 'download', command: 'export' },
  { label: () => t('Versions'), icon: 'clock', command: 'versions' },
]

/**
 * @param {HTMLElement} host
 * @param {TabParts} parts
 */
export function createTabs(host, { graph, run, keysOf, focusCanvas }) {
  const { tabs } = graph
  const list = h('div.tabs', { role: 'tablist', 'aria-label': t('Open graphs') })
  const all = h('button.round.all-tabs', { type: 'button', 'aria-label': t('All tabs'), 'data-tip': t('All tabs'), 'data-command': 'all_tabs', 'aria-haspopup': 'menu', onclick: () => openList() }, icon('down', 15))
  const add = h('button.round.new-tab', { type: 'button', 'aria-label': t('New graph'), 'data-tip': t('New graph'), 'data-command': 'new_graph', onclick: () => run('new_graph') }, icon('add', 15))
  host.append(list, all, add)

  /** @type {Map<Tab, Row>} */
  const rows = new Map()
  /** @type {Tab | null} */
  let seen = null
  const see = () => { if (seen) rows.get(seen)?.element.scrollIntoView({ block: 'nearest', inline: 'nearest' }) }
  new ResizeObserver(see).observe(list) // what is told beside the tabs takes room from them

  /** @param {Tab} tab @returns {Row} */
  function make(tab) {
    const name = h('bdi')
    const button = h('button.name', { type: 'button', role: 'tab', 'aria-controls': 'stage' }, h('i.busy', { 'aria-hidden': 'true' }), h('span', {}, name))
    // A tab holds no other controls for readers: Delete closes it, and the menu says so.
    const close = h('span.shut', { 'aria-hidden': 'true', 'data-tip': t('Close'), 'data-command': 'close_tab' }, h('i.dirty'), icon('close', 13))
    const element = h('div.tab', { role: 'none' }, button, close)
    button.addEventListener('click', event => {
      if (event.detail > 1) return
      // On a phone only the shown one is there.
      if (tab === tabs.shown && getComputedStyle(all).display === 'none') openList()
      void tabs.show(tab).then(shown => { if (shown && event.detail) focusCanvas() })
    })
    button.addEventListener('dblclick', () => run('rename_graph', tab))
    close.addEventListener('click', () => run('close_tab', tab))
    element.addEventListener('auxclick', event => {
      if (event.button !== 1) return
      event.preventDefault()
      run('close_tab', tab)
    })
    element.addEventListener('mousedown', event => { if (event.button === 1) event.preventDefault() }) // no scrolling by it
    element.addEventListener('contextmenu', event => {
      event.preventDefault()
      openTabMenu(tab, { x: event.clientX, y: event.clientY })
    })
    button.addEventListener('keydown', event => onKey(event, tab))
    drag(tab, element)
    return { element, button, name, close }
  }

  function draw() {
    const open = new Set(tabs.list)
    for (const [tab, { element }] of rows) {
      if (open.has(tab)) continue
      element.remove()
      rows.delete(tab)
    }
    const current = tabs.coming ?? tabs.shown
    tabs.list.forEach((tab, index) => {
      let row = rows.get(tab)
      if (!row) rows.set(tab, (row = make(tab)))
      const { element, button, name } = row
      if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null)
      const shown = tab === current
      const state = tabs.runOf(tab)?.state
      const title = titleOf(tab)
      setText(name, tab.stored === null ? title : title.slice(title.lastIndexOf('/') + 1)) // its folder is in the tip
      element.classList.toggle('shown', shown)
      element.classList.toggle('unsaved', tab.dirty)
      element.classList.toggle('running', state === 'running' || state === 'queued')
      const words = [title, tab.dirty ? t('not saved') : '', state === 'running' ? t('running') : ''].filter(Boolean).join(', ')
      if (button.getAttribute('aria-label') !== words) button.setAttribute('aria-label', words)
      const selected = String(shown)
      if (button.getAttribute('aria-selected') !== selected) {
        button.setAttribute('aria-selected', selected)
        button.tabIndex = shown ? 0 : -1
        button.dataset.tip = title
      }
      if (button.dataset.tip !== title) button.dataset.tip = title
    })
    host.classList.toggle('one-tab', tabs.list.length === 1)
    if (seen !== current) {
      seen = current
      see()
    }
    const { dirty, title } = graph
    document.title = `${dirty ? '• ' : ''}${title} – Easel`
  }

  /** @param {KeyboardEvent} event @param {Tab} tab */
  function onKey(event, tab) {
    const at = tabs.list.indexOf(tab)
    const rtl = document.dir === 'rtl' ? -1 : 1
    const to = { ArrowRight: at + rtl, ArrowLeft: at - rtl, Home: 0, End: tabs.list.length - 1 }[event.key]
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Delete' || event.key === 'Backspace') run('close_tab', tab)
    else if (event.key === 'F2') run('rename_graph', tab)
    else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
      const { left, bottom } = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect()
      openTabMenu(tab, { x: left, y: bottom })
    } else if (event.shiftKey && to !== undefined) tabs.move(tab, to)
    else if (to !== undefined) {
      const next = tabs.list[(to + tabs.list.length) % tabs.list.length]
      if (next) void tabs.show(next).then(() => rows.get(next)?.button.focus())
    } else return
    event.preventDefault()
    event.stopPropagation()
    if (event.shiftKey) rows.get(tab)?.button.focus()
  }

  /** @param {Tab} tab @param {HTMLElement} element */
  function drag(tab, element) {
    element.addEventListener('pointerdown', down => {
      if (down.button !== 0 || down.pointerType === 'touch') return // a finger scrolls the row
      let moving = false
      const move = (/** @type {PointerEvent} */ event) => {
        if (event.pointerId !== down.pointerId || (!moving && Math.abs(event.clientX - down.clientX) < SLACK)) return
        moving = true
        element.classList.add('dragged')
        const before = [...list.children].filter(each => each !== element).filter(each => {
          const { left, width } = each.getBoundingClientRect()
          return left + width / 2 < event.clientX
        }).length
        if (tabs.list.indexOf(tab) !== before) tabs.move(tab, before)
      }
      const end = (/** @type {PointerEvent} */ event) => {
        if (event.pointerId !== down.pointerId) return
        ended.abort()
        element.classList.remove('dragged')
        // The click that follows is the drag's.
        if (!moving) return
        const swallow = (/** @type {MouseEvent} */ click) => { if (element.contains(/** @type {Node} */ (click.target))) click.stopPropagation() }
        addEventListener('click', swallow, true)
        setTimeout(() => removeEventListener('click', swallow, true)) // let go elsewhere, it had none: the next is meant
      }
      const ended = new AbortController()
      for (const [name, hear] of /** @type {const} */ ([['pointermove', move], ['pointerup', end], ['pointercancel', end]])) addEventListener(name, hear, { signal: ended.signal })
    })
  }

  list.addEventListener('wheel', event => {
    if (list.scrollWidth <= list.clientWidth || event.ctrlKey) return
    event.preventDefault()
    list.scrollLeft += event.deltaX || event.deltaY
  }, { passive: false })

  /** @param {string} command @returns {{ keys?: string }} */
  const withKeys = command => {
    const keys = keysOf(command)
    return keys === undefined ? {} : { keys }
  }

  /** @param {Tab} tab @param {import('./float.js').Anchor} anchor */
  function openTabMenu(tab, anchor) {
    const at = tabs.list.indexOf(tab)
    openMenu([
      { label: t('Rename'), icon: 'pencil', command: 'rename_graph', run: () => run('rename_graph', tab) },
      { label: t('Duplicate'), icon: 'copy', run: () => run('duplicate_graph', tab) },
      'line',
      ...(tab === tabs.shown ? SHOWN_ONLY.map(({ label, icon, command }) => ({ label: label(), icon, command, ...withKeys(command), run: () => run(command) })) : []),
      'line',
      { label: t('Move left'), enabled: at > 0, run: () => tabs.move(tab, at - 1) },
      { label: t('Move right'), enabled: at < tabs.list.length - 1, run: () => tabs.move(tab, at + 1) },
      'line',
      { label: t('Close'), icon: 'close', ...(tab === tabs.shown ? withKeys('close_tab') : {}), run: () => run('close_tab', tab) },
      { label: t('Close the others'), enabled: tabs.list.length > 1, run: () => run('close_others', tab) },
      { label: t('Reopen a closed tab'), ...withKeys('reopen_tab'), enabled: tabs.closed.length > 0, run: () => run('reopen_tab') },
    ], anchor, { label: titleOf(tab) })
  }

  /** Every tab, and what was closed. */
  function openList() {
    const { left, bottom, width } = (all.offsetParent ? all : list).getBoundingClientRect()
    openMenu([
      ...tabs.list.map(tab => ({ label: titleOf(tab), checked: tab === tabs.shown, run: () => void tabs.show(tab) })),
      'line',
      { label: t('New graph'), icon: 'add', ...withKeys('new_graph'), run: () => run('new_graph') },
      { label: t('Rename'), icon: 'pencil', command: 'rename_graph', run: () => run('rename_graph') },
      { label: t('Duplicate'), icon: 'copy', run: () => run('duplicate_graph') },
      { label: t('Close the tab'), icon: 'close', ...withKeys('close_tab'), run: () => run('close_tab') },
      'line',
      { label: t('Reopen a closed tab'), icon: 'undo', enabled: tabs.closed.length > 0, entries: tabs.closed.map(tab => ({ label: titleOf(tab), run: () => void tabs.reopen(tab) })) },
      { label: t('Close all tabs'), run: () => run('close_all') },
    ], { x: left, y: bottom, width, height: 0 }, { label: t('All tabs') })
  }

  let waits = false
  tabs.listen(() => {
    if (waits) return
    waits = true
    queueMicrotask(() => {
      waits = false
      draw()
    })
  })
  draw()
  return { openList }
}
