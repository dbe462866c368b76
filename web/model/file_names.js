/**
 * Names of files in widgets.
 *
 * @typedef {import('./schema.js').ComboSpec} ComboSpec
 */

/**
 * May a choice be one that its list does not hold? The list of an upload has the files at the top of one folder; a value
 * may name one in a folder below (a painted mask) or, in brackets, another folder of the server.
 * @param {ComboSpec} spec @param {unknown} value
 */
export const isElsewhere = (spec, value) => spec.upload !== null && typeof value === 'string' && (value.includes('/') || / \[(?:input|output|temp)\]$/u.test(value))

/** A value that the list of its widget does not hold and that could not lie elsewhere. @param {ComboSpec} spec @param {unknown} value */
export const isMissing = (spec, value) => spec.options.length > 0 && !spec.multiple && !spec.remote && !spec.options.includes(value) && !isElsewhere(spec, value)
