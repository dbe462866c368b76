/** What the person prefers for hands and links: told to the canvas, and changed by commands. */
import { LINK_SHAPES } from '../geometry/link_path.js'
import { t } from '../language/t.js'
import { PRESETS, presetOf } from '../tools/navigation.js'

/** @type {Readonly<Record<import('../geometry/link_path.js').LinkShape, string>>} */
const SHAPES = { spline: t('Links as curves'), straight: t('Links as straight lines'), elbow: t('Links with corners'), hidden: t('Links hidden') }

/**
 * @param {object} parts
 * @param {import('../tools/editor.js').Editor} parts.editor
 * @param {import('./settings.js').Settings} parts.settings
 */
export function followCanvasSettings({ editor, settings }) {
  /** @type {import('../commands/registry.js').Command<import('../tools/editor.js').Editor>[]} */
  const commands = [
    ...LINK_SHAPES.map(shape => ({
      id: `links_${shape}`, label: SHAPES[shape], keys: [],
      checked: () => editor.scene.linkShape === shape, run: () => settings.set('linkShape', shape),
    })),
    ...PRESETS.map(({ id, label }) => ({
      id: `navigation_${id}`, label: t('Move the view as in {label}', { label }), keys: [],
      checked: () => presetOf(settings.values.navigation).id === id, run: () => settings.set('navigation', id),
    })),
    { id: 'guides', label: t('Stand in line with neighbours'), keys: [], checked: () => settings.values.guides, run: () => settings.set('guides', !settings.values.guides) },
    { id: 'snap_grid', label: t('Keep to the grid'), keys: [], checked: () => settings.values.snaps, run: () => settings.set('snaps', !settings.values.snaps) },
  ]
  commands.forEach(command => editor.commands.register(command))
  const apply = () => editor.prefer(settings.values)
  settings.listen(apply)
  apply()
}
