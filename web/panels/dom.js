/**
 * Building HTML without a framework: `h('button.quiet', { onclick }, 'Save')`.
 *
 * @typedef {Node | string | number | null | undefined | false} Leaf
 * @typedef {Leaf | readonly Child[]} Child
 */

/**
 * Makes an element. The first argument is a tag with optional `.classes`; in `props`, functions and known
 * properties are assigned, the rest become attributes (`false`, null and undefined leave them out).
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag | `${Tag}.${string}`} selector
 * @param {Record<string, any>} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(selector, props = {}, ...children) {
  const [tag, ...classes] = selector.split('.')
  const element = /** @type {HTMLElementTagNameMap[Tag]} */ (document.createElement(/** @type {string} */ (tag)))
  if (classes.length) element.className = classes.join(' ')
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue
    if (name === 'dataset') Object.assign(element.dataset, value)
    else if (typeof value === 'function' || name === 'value' || name === 'checked') Reflect.set(element, name, value)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
  fill(element, ...children)
  return element
}

/** Replaces what an element holds. @param {Element} element @param {...Child} children */
export function fill(element, ...children) {
  element.replaceChildren(...leaves(children))
}

/** @param {readonly Child[]} children @returns {(Node | string)[]} */
function leaves(children) {
  return children.flatMap(child => {
    if (child === null || child === undefined || child === false) return []
    if (Array.isArray(child)) return leaves(child)
    return [typeof child === 'number' ? String(child) : /** @type {Node | string} */ (child)]
  })
}

/** Sets text only when it differs, so that an idle page lays nothing out. @param {Node} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}

/** Is the person typing into a field? @param {EventTarget | null} target */
export function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/u.test(target.tagName))
}
