/**
 * What the first drawing does not need: imported when the first of it is wanted, or when the page has nothing to do. All of it
 * is in this one list, since each file that is imported by itself splits the page once more: what it shares with every
 * other becomes a file of its own (docs/decisions/0008-the-page-is-joined.md).
 */
export { appPanel } from '../app_view/panel.js'
export { toggleInput, toggleOutput } from '../app_view/edit_app.js'
export { openShares } from '../app_view/shares_dialog.js'
export { openCamera } from '../panels/camera.js'
export { openCrop } from '../crop/open.js'
export { createExtensions } from '../extend/load.js'
export { askForPicture, saveScript } from '../export/save.js'
export { readGraph, readText } from '../import/read.js'
export { arrange } from '../layout/run.js'
export { galleryPanel } from '../gallery/panel.js'
export { editMask } from '../mask/open.js'
export { knowTypes } from '../panels/differences.js'
export { openLightbox } from '../panels/lightbox.js'
export { graphsPanel } from '../panels/graphs.js'
export { outlinePanel } from '../panels/outline.js'
export { problemsPanel } from '../panels/problems.js'
export { queuePanel } from '../runs/panel.js'
export { openShortcuts } from '../panels/shortcuts.js'
export { SweepPlace } from '../sweep/workplace.js'
export { templatesPanel } from '../panels/templates.js'
export { diffViewOf } from '../panels/diff_view.js'
export { versionsPanel } from '../panels/versions.js'
export { viewPanel } from '../panels/view.js'
