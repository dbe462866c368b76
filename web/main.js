/** Wires the page: the server's client, the document, the editor on its canvas, and the panels round it. */
import { Client, viewUrl } from './api/client.js'
import { Documents } from './api/documents.js'
import { isAnother, kept, personOf } from './accounts/browser.js'
import { installAccounts } from './accounts/install.js'
import { installApp } from './app_view/install.js'
import { BringIn } from './app/bring_in.js'
import { ChoicePictures } from './app/choice_pictures.js'
import { Checks } from './app/checks.js'
import { followCanvasSettings } from './app/canvas_settings.js'
import { registerCommands } from './app/commands.js'
import { createApp } from './app/compat.js'
import { watchDensity } from './app/density.js'
import { OpenGraph } from './app/document.js'
import { openDraftRoom } from './app/draft_room.js'
import { Drafts } from './app/drafts.js'
import { fileCommands } from './app/file_commands.js'
import { nameFrom } from './app/files.js'
import { listenToServer } from './app/events.js'
import { Heat } from './app/heat.js'
import { Jobs } from './app/jobs.js'
import { followLanguage } from './app/language.js'
import { followLook, pictureName } from './app/look.js'
import { followKeymap } from './app/keys.js'
import { Names } from './app/names.js'
import { installPictures } from './app/pictures.js'
import { helpPage, insertExample } from './app/node_help.js'
import { randomSeed } from './app/next_value.js'
import { OldNames } from './app/renames.js'
import { restoreTabs } from './app/restore.js'
import { Results } from './app/results.js'
import { Runner } from './app/run.js'
import { runCommands } from './app/run_commands.js'
import { installRuns } from './app/runs.js'
import { Settings } from './app/settings.js'
import { installSubgraphs } from './app/subgraphs.js'
import { Surroundings } from './app/surroundings.js'
import { storage } from './app/storage.js'
import { Sync } from './app/sync.js'
import { tabCommands } from './app/tab_commands.js'
import { titleOf } from './app/tabs.js'
import { followTheme } from './app/theme.js'
import { knowTypes } from './app/types_now.js'
import { Troubles } from './app/troubles.js'
import { Windows } from './app/windows.js'
import { wordTheShell } from './language/shell.js'
import { t } from './language/t.js'
import { Schema } from './model/schema.js'
import { Session } from './model/session.js'
import { Store } from './model/store.js'
import { exportCommands, openExportMenu } from './export/commands.js'
import { createCanvasInfo } from './panels/canvas_info.js'
import { h } from './panels/dom.js'
import { Drawer } from './panels/drawer.js'
import { createEmptyCanvas } from './panels/empty_canvas.js'
import { createHeatLegend } from './panels/heat_legend.js'
import { createHint } from './panels/hint.js'
import { createInspector } from './panels/inspector.js'
import { lazyPanel } from './panels/lazy_panel.js'
import { createMinimap } from './panels/minimap.js'
import { installNodePanels } from './panels/node_panels.js'
import { createRail } from './panels/rail.js'
import { createStrip } from './panels/strip.js'
import { installSystemPanels } from './panels/system_panels.js'
import { keepToastsClear } from './panels/toast_corner.js'
import { Toasts } from './panels/toasts.js'
import { installTooltips } from './panels/tooltip.js'
import { createTopBar } from './panels/topbar.js'
import { installPacks } from './packs/install.js'
import { installReport } from './report/install.js'
import { installSharing } from './sharing/install.js'
import { installStatus } from './status/install.js'
import { installSweeps } from './sweep/commands.js'
import { Editor } from './tools/editor.js'
import { whenMarkdownIsRead } from './view/markdown.js'
import { typeColour } from './view/theme.js'
import { WidgetHost } from './widgets/host.js'
import { forgetChoices } from './widgets/remote_choices.js'

/** How long a drawing waits for what would make it whole, in ms: node types that no worker has told yet, pictures. */
const PATIENCE = 1500

/** @template {HTMLElement} T @param {string} id @returns {T} */
const byId = id => /** @type {T} */ (document.getElementById(id))

async function start() {
  const client = new Client()
  const settings = new Settings(client)
  const colours = followTheme(settings)
  const store = new Store()
  const session = new Session()
  const results = new Results()
  const jobs = new Jobs()
  const toasts = new Toasts(byId('toasts'))
  const stage = byId('stage')

  /** @type {Editor} */
  const editor = new Editor({
    canvas: /** @type {HTMLCanvasElement} */ (byId('scene')),
    overlay: /** @type {HTMLCanvasElement} */ (byId('overlay')),
    store, session, schema: new Schema(), theme: colours.theme(),
    pictureUrl: picture => viewUrl(picture, { maybe: picture.type === 'input' }),
  })
  colours.listen(theme => editor.setTheme(theme))
  knowTypes(() => editor.schema)
  whenMarkdownIsRead(() => editor.invalidate())
  followKeymap(settings, editor.commands)
  new ResizeObserver(() => editor.resize()).observe(stage)
  watchDensity(() => editor.resize())
  const names = new Names(editor)
  const documents = new Documents(client)
  const [local, ofWindow] = [storage('localStorage'), storage('sessionStorage')]
  const windows = new Windows(kept(local, personOf(local)), ofWindow, navigator.locks)
  const drafts = new Drafts(openDraftRoom(browserDatabase(), personOf(local)), windows)
  const graph = new OpenGraph({ editor, client, documents, windows, drafts, toasts })
  const oldNames = new OldNames({ editor, graph, client, toasts })
  followLanguage({ settings, graph, client, toasts })
  const troubles = new Troubles({ editor, session, toasts, names, openList: () => drawer.open(problemList) })
  const problemList = lazyPanel('problems', t('Problems'), async () => (await later()).problemsPanel({ troubles, session, editor, names }))
  const checks = new Checks({ editor, session, names })
  const runner = new Runner({ editor, client, jobs, toasts, names, troubles, document: () => ({ id: graph.id, name: graph.title }) })
  const runs = installRuns({ editor, client, session, results, jobs, runner, troubles, graph, names, settings, toasts, stage, drawer: () => drawer, openGraph: (workflow, name) => openWorkflow(workflow, name), whose: { of: owner => accounts.whose.of(owner), load: () => accounts.whose.load() } })
  const colorOf = (/** @type {string} */ type) => typeColour(colours.theme(), type)

  async function readTypes() {
    const status = await client.serverStatus().catch(() => null)
    const read = await refresh().then(() => true, () => false) // the first connection asks again
    sync.typesSure = read && status?.catalogue === 'confirmed'
  }

  let [asked, newest] = [0, 0]
  async function refresh() {
    const turn = ++asked
    const types = await client.objectInfo()
    if (turn < newest) return // a later question was answered before this one
    newest = turn
    editor.setSchema(new Schema(types))
    oldNames.typesCame()
    troubles.typesCame()
    checks.all()
    choicePictures.forget()
    widgets.words.forget()
    forgetChoices()
  }
  const bringIn = new BringIn({ editor, client, graph, toasts, refresh })
  editor.scene.lastUsed = (node, widget) => runner.lastUsed.get(node)?.[widget]
  const choicePictures = new ChoicePictures(client)
  const widgets = new WidgetHost(byId('widgets'), editor, {
    titleOf: id => names.title(names.promptId(id) ?? id),
    lastUsed: (node, widget) => runner.lastUsed.get(node)?.[widget],
    randomSeed,
    picturesOf: spec => choicePictures.of(spec),
    words: { embeddings: () => client.embeddings(), loras: () => loraNames(editor.schema), tags: () => client.tags() },
  })
  const drawer = new Drawer(stage)

  const graphs = lazyPanel('graphs', t('Graphs'), async () => (await later()).graphsPanel({
    graph, client, toasts, sources,
    openFile: file => bringIn.openFile(file),
    openStored: async name => bringIn.tellNotes(await graph.openStored(name), name),
    newGraph: () => editor.run('new_graph'),
    openTemplates: () => drawer.open(templates),
    openExports: anchor => openExportMenu(editor, anchor),
  }), 'wide')
  const templates = lazyPanel('templates', t('Templates'), async () => (await later()).templatesPanel({
    client, toasts, schema: () => editor.schema, openJson: (json, title) => bringIn.tellNotes(graph.open(json, { name: nameFrom(title) }), title),
  }), 'full')
  const versions = lazyPanel('versions', t('Versions'), async () => (await later()).versionsPanel({ graph, names, toasts, stage }), 'wide')
  const outline = lazyPanel('outline', t('Nodes in this graph'), async () => (await later()).outlinePanel({ editor, session, names, colorOf, editWidget: (node, widget) => widgets.editNamed(node, widget) }))

  const status = installStatus({ editor, client, feed: runs.feed, session, goOn: () => void runs.routes.pause(false).catch(error => toasts.show({ tone: 'error', text: t('The queue could not be changed.'), detail: error.message })) })
  installReport({ editor, client, graph, settings, troubles, toasts, theme: colours.current, status: () => status.known.facts(), later })
  const accounts = installAccounts({ editor, client, feed: runs.feed, graph, toasts, drawer: () => drawer, later })
  bringIn.whyNot = graph.autosave.whyNot = settings.whyNot = () => accounts.me.whyNot('write')
  const topBar = createTopBar(byId('topbar'), {
    session, graph, settings,
    progress: runs.progress, runMode: runs.runMode,
    run: count => void runner.queue({ count }),
    interrupt: () => void runner.interrupt(),
    tabs: { graph, run: (command, tab) => void editor.run(command, tab), keysOf: command => editor.commands.keysOf(command)[0], focusCanvas: () => editor.focus() },
    showQueue: runs.showQueue,
    corner: [...status.corner, accounts.corner],
  })
  const view = lazyPanel('view', t('View'), async () => (await later()).viewPanel({ editor, settings, toasts, colours, languages: () => client.languages(), upload: async file => pictureName(await client.uploadImage(file, { name: file.name, subfolder: 'backdrops' })) }))
  const { history, library, sources } = installNodePanels({ editor, settings, colorOf, theme: colours.theme, stage, helpPage: type => helpPage(client, type), insertExample: graphOf => insertExample(editor, graphOf) })
  followCanvasSettings({ editor, settings })
  registerCommands({ history, library, editor, names, colorOf, runner, graph, bringIn, toasts, drawer, graphs, outline, view, settings, colours, refresh, runs: topBar.runs })
  const aboutServer = installSystemPanels({ editor, client, settings, toasts, drawer, later })
  const sweep = installSweeps({
    editor, drawer, toasts,
    load: async () => new (await later()).SweepPlace({ editor, client, jobs, names, runner, troubles, toasts, drawer, openGraph: openWorkflow, font: () => getComputedStyle(document.body).fontFamily }),
  })
  for (const command of tabCommands({ graph, toasts, openList: topBar.openList })) editor.commands.register(command)
  const heat = new Heat({ editor, session })
  for (const command of runCommands({ editor, runner, troubles, session, heat })) editor.commands.register(command)
  for (const command of [...exportCommands({ editor, graph, toasts }), ...fileCommands({ editor, graph, names, toasts, stage, drawer, versions, templates })]) editor.commands.register(command)
  const load = (/** @type {import('./model/session.js').PictureRef} */ file) => bringIn.loadFile(file, editor.toCanvas({ x: editor.viewSize.w / 2, y: editor.viewSize.h / 2 }))
  const gallery = lazyPanel('gallery', t('Gallery'), async () => (await later()).galleryPanel({ client, toasts, openFile: file => bringIn.openFile(file), load }), 'full')
  editor.commands.register({ id: 'gallery', label: t('Gallery'), keys: ['A'], run: () => drawer.toggle(gallery) })
  const models = lazyPanel('models', t('Models'), async () => (await later()).modelsPanel({ editor, client, toasts, results, stage, theme: colours.theme, refresh }), 'wide')
  editor.commands.register({ id: 'models', label: t('Models'), keys: ['M'], run: () => drawer.toggle(models) })
  installApp({ editor, session, results, jobs, runner, client, toasts, names, refresh, drawer, topbar: byId('topbar'), load: later })
  const packs = installPacks({ editor, client, feed: runs.feed, toasts, drawer, colorOf, later, onKnown: () => checks.all(), onTypes: async () => { await refresh(); await loadExtensions() } })
  packs.known.approving = () => ({ code: !(accounts.me.named && accounts.me.person?.by === 'session'), why: accounts.me.whyNot('admin') })
  installSharing({ editor, graph, client, toasts, packs: packs.known, later })
  createHeatLegend(stage, { heat, editor, theme: colours.theme, onTheme: colours.listen })
  const rail = createRail(byId('rail'), {
    editor, session, settings, troubles, problemList, drawer, history, theme: colours.current,
    upper: [
      { icon: 'library', panel: library, command: 'library' },
      { icon: 'folder', panel: graphs, command: 'graphs' },
      { icon: 'model', panel: models, command: 'models' },
      { icon: 'gallery', panel: gallery, command: 'gallery' },
      { icon: 'outline', panel: outline, command: 'outline' },
      { icon: 'grid', panel: sweep, command: 'sweep' },
      { icon: 'queue', panel: runs.panel, command: 'queue' },
    ],
    lower: [{ icon: 'eye', panel: view, command: 'view' }, { icon: 'pack', panel: packs.panel, command: 'packs' }, ...aboutServer],
  })
  createInspector(byId('side'), { editor, session, runner, names, settings, graph, troubles, widgets, colorOf })
  createStrip(byId('results'), { session, results, settings, openGraph: openWorkflow, load, showAll: () => drawer.open(gallery) })
  createHint(byId('hint'), editor)
  createEmptyCanvas(stage, editor)
  keepToastsClear(byId('toasts'), editor, stage, byId('side'))
  createMinimap(/** @type {HTMLCanvasElement} */ (byId('minimap')), { editor, session, names, settings, theme: colours.theme, onTheme: colours.listen })
  const info = h('div.canvas-info', { 'aria-hidden': true })
  stage.append(info)
  createCanvasInfo(info, editor, settings)
  followLook({ editor, settings, toasts, urlOf: viewUrl })
  installTooltips(id => editor.commands.keysOf(id)[0])
  installSubgraphs({ editor, names, graph, client, toasts, drawer, sources, stage, widgets })
  bringIn.install(stage)
  installPictures({ editor, client, bringIn, results, toasts, layer: byId('widgets'), openGraph: openWorkflow })

  /** @type {ReturnType<typeof import('./extend/load.js').createExtensions> | null} */
  let extensions = null
  async function loadExtensions() {
    const { createExtensions } = await later()
    extensions ??= createExtensions({ client, editor, session, results, names, toasts, layer: byId('widgets'), drawer, addOpener: rail.add })
    await extensions.refresh()
  }

  /** @param {any} workflow @param {string} name */
  function openWorkflow(workflow, name) {
    if (workflow) bringIn.tellNotes(graph.open(workflow, { name: nameFrom(name), dirty: true }), name)
    else toasts.show({ tone: 'warning', text: t('{name} does not say which graph made it.', { name }) })
  }

  document.querySelector('.skip')?.addEventListener('click', event => {
    event.preventDefault()
    drawer.open(outline)
  })
  editor.on('upload', ({ node, widget }) => void bringIn.choose(node.id, widget.name))
  editor.on('notice', ({ message, level }) => toasts.show({ text: message, tone: level }))

  /** Of a document that is open in a tab; of one that is not, none. @param {string | null} document */
  const sessionOf = document => (document === null ? session : graph.tabs.sessionOf(document))
  listenToServer({
    client, session, sessionOf, results, jobs, troubles, schema: () => editor.schema,
    tellElsewhere: (document, message) => {
      const tab = graph.tabs.byId(document)
      if (tab) toasts.show({ key: `failed-${document}`, tone: 'error', text: t('A run of “{name}” failed.', { name: titleOf(tab) }), detail: message, action: { label: t('Show it'), run: () => void graph.tabs.show(tab) } })
    },
    prepare: pictures => Promise.race([Promise.all(pictures.map(picture => editor.pictures.load(picture))), new Promise(resolve => setTimeout(resolve, PATIENCE))]),
  })
  const surroundings = new Surroundings(toasts)
  graph.conflicts.compare = async ({ theirs, name }) => (await later()).diffViewOf({ editor, names, stage }).open({ before: theirs, name: t('the newer “{name}”', { name }) })
  graph.tabs.carry({ park: () => [runner.lastUsed, troubles.refused], resume: kept => { [runner.lastUsed, troubles.refused] = /** @type {any} */ (kept ?? [new Map(), new Map()]) } })
  const sync = new Sync({
    client, session, sessionOf, sessions: () => graph.tabs.sessions(), results, jobs,
    onStatus: found => status.known.take(found),
    onWorker: worker => { surroundings.tell(worker); void packs.known.load() },
    onReady: async () => {
      toasts.dismiss('worker')
      await refresh().catch(() => undefined) // the next connection asks again
      await loadExtensions().catch(() => undefined)
    },
    onTrouble: words => toasts.show({ key: 'worker', tone: 'error', text: t('The worker ends while it starts; it is being started again.'), detail: words }),
  })

  // `app` is what extensions of the incumbent know; `easel` is for the console and the tests.
  Object.assign(window, { app: createApp({ editor, graph, runner, names }), easel: { editor, session, results, graph, client } })

  // The types come first, so that the graph is drawn once and right; a server that has none yet does not hold it up.
  const [before] = await Promise.all([
    accounts.me.load().then(() => (accounts.me.person && isAnother(local, ofWindow, accounts.me.person) ? openAnew() : windows.claim().catch(() => null))),
    Promise.race([readTypes(), new Promise(resolve => setTimeout(resolve, PATIENCE))]),
    settings.load(),
    document.fonts.ready,
  ])
  await restoreTabs(graph, before, () => client.example('default'))
  if (document.activeElement === document.body) editor.focus()
  client.connect()
  runs.feed.open()
  document.documentElement.dataset.ready = 'true'
  whenIdle(() => void loadExtensions().catch(() => undefined)) // then it is asked for again when it is wanted
}

const later = () => import('./app/later.js')

/** Nothing more happens on this page. @returns {Promise<never>} */
function openAnew() {
  location.reload()
  return new Promise(() => undefined)
}

/** Where it is forbidden, naming it throws. */
function browserDatabase() {
  try {
    return window.indexedDB
  } catch {
    return undefined
  }
}

/** When what was asked for first has come and been drawn. @param {() => void} work */
const whenIdle = work => void setTimeout(() => ('requestIdleCallback' in window ? requestIdleCallback(work, { timeout: 3000 }) : work()), 1200)

/** What the loaders of LoRAs offer. @param {Schema} schema @returns {string[]} */
function loraNames(schema) {
  const spec = ['LoraLoader', 'LoraLoaderModelOnly'].map(type => schema.get(type)?.inputs.find(input => input.name === 'lora_name')?.widget).find(Boolean)
  return spec?.kind === 'combo' ? spec.options.map(String) : []
}

/** The canvas shows that it has the focus only to those who walk the page by Tab; keys of an input method are nobody's commands. */
function watchInput() {
  const { dataset } = document.documentElement
  addEventListener('keydown', event => { if (event.key === 'Tab') dataset.input = 'keys' }, true)
  addEventListener('pointerdown', () => { dataset.input = 'pointer' }, true)
  // Enter and Escape are the input method's while it puts letters together: Safari tells the last of them by the number alone.
  addEventListener('keydown', event => { if (event.isComposing || event.keyCode === 229) event.stopImmediatePropagation() }, true)
}

wordTheShell()
watchInput()
void start()
