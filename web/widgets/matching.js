/** Which of many names a typed text means. */

/**
 * Every word must occur, "unipc" in "uni_pc" too; names that start with the text come first, then those where a part does.
 *
 * @template Choice
 * @param {Choice[]} choices @param {string} text @param {(choice: Choice) => string} [nameOf]
 * @returns {Choice[]}
 */
export function matching(choices, text, nameOf = String) {
  const words = text.toLowerCase().split(/\s+/u).filter(Boolean)
  const first = words[0]
  if (!first) return choices
  /** @type {[number, Choice][]} */
  const ranked = []
  for (const choice of choices) {
    const name = nameOf(choice).toLowerCase()
    if (!words.every(word => name.includes(word) || bare(name).includes(bare(word)))) continue
    const at = name.indexOf(first)
    const rank = at === 0 ? 0 : at < 0 ? 3 : /[\s_\-./\\]/u.test(name[at - 1] ?? '') ? 1 : 2
    ranked.push([rank, choice])
  }
  return ranked.sort((left, right) => left[0] - right[0]).map(([, choice]) => choice)
}

/** @param {string} text */
const bare = text => text.replaceAll(/[\s_\-.]+/gu, '')
