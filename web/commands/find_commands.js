/** Which commands answer words. */
import { split } from '../model/search.js'

/**
 * Best first: those whose name begins so, then those that have all the words; of these the last used, then as they come.
 * @template {{id: string, label: string}} Named
 * @param {readonly Named[]} commands @param {string} text @param {readonly string[]} recent ids, latest first
 * @returns {Named[]}
 */
export function findCommands(commands, text, recent) {
  const words = split(text)
  const query = text.trim().toLowerCase()
  const found = commands.flatMap((command, index) => {
    const own = split(command.label)
    if (!words.every((word) => own.some((each) => each.startsWith(word)))) return []
    const place = recent.indexOf(command.id)
    const begins = query !== '' && command.label.toLowerCase().startsWith(query)
    return { command, rank: (begins ? 0 : 1e4) + (place >= 0 ? place : 100 + index) }
  })
  return found.sort((a, b) => a.rank - b.rank).map(({ command }) => command)
}
