/**
 * How much room each kind of widget takes on its node.
 *
 * @typedef {import('./widget_specs.js').WidgetSpec} WidgetSpec
 * @typedef {Pick<import('../geometry/layout.js').WidgetShape, 'height' | 'grows' | 'wide'>} Extent
 */
import { WIDGET_ROW } from '../geometry/layout.js'
import { elementExtent } from './element_widgets.js'

/** Label left, value right. @type {Extent} */
const PLAIN = { height: WIDGET_ROW, grows: false, wide: false }
/** @type {Extent} */
const TEXT = { height: 64, grows: true, wide: true }

/** @type {Extent} */
const CURVE = { height: 128, grows: true, wide: true }

/** Kinds whose row is no plain one. @type {Readonly<Record<string, (spec: any) => Extent>>} */
const EXTENTS = {
  text: (spec) => (spec.multiline ? TEXT : PLAIN),
  markdown: () => TEXT,
  curve: () => CURVE
}

/** @param {WidgetSpec} spec @returns {Extent} */
export const extentOf = (spec) => elementExtent(spec) ?? EXTENTS[spec.kind]?.(spec) ?? PLAIN
