/** Which commands answer words. */
import { language } from '../language/t.js'
import { split } from '../model/search.js'

const IDEOGRAPH = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u

/**
 * Best first: those whose name begins so, then those that have all the words; of these the last used, then as they come.
 * @template {{id: string, label: string}} Named
 * @param {readonly Named[]} commands @param {string} text @param {readonly string[]} recent ids, latest first
 * @returns {Named[]}
 */
export function findCommands(commands, text, recent, english = language === 'en') {
  const words = split(text)
  const query = text.trim().toLowerCase()
  const found = commands.flatMap((command, index) => {
    // Ids are English: who reads another language may know a command by its English name all the same.
    const own = [...split(command.label), ...(english ? [] : split(command.id))]
    // Between words of ideographs nothing stands.
    if (!words.every((word) => own.some((each) => (IDEOGRAPH.test(word) ? each.includes(word) : each.startsWith(word))))) return []
    const place = recent.indexOf(command.id)
    const begins = query !== '' && command.label.toLowerCase().startsWith(query)
    return { command, rank: (begins ? 0 : 1e4) + (place >= 0 ? place : 100 + index) }
  })
  return found.sort((a, b) => a.rank - b.rank).map(({ command }) => command)
}
