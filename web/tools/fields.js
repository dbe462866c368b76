const FIELDS = 'input, textarea, select, [contenteditable=""], [contenteditable="true"]'

/** What is typed, copied or pasted there is the field's own. @param {EventTarget | null} target */
export const isField = (target) => target instanceof Element && target.closest(FIELDS) !== null
