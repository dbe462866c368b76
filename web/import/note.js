/** The note beside an imported graph: where it comes from, what was left out, and what else the text told. */
import { t } from '../language/t.js'

const LONGEST = 6000

/** @param {import('./recipe.js').Recipe} recipe @param {readonly string[]} left */
export function noteOf(recipe, left) {
  const lines = [t('Made from the text of a picture of {program}.', { program: recipe.source })]
  if (left.length) lines.push('', t('Other than there:'), ...left.map((sentence) => `- ${sentence}`))
  if (recipe.model?.hash) lines.push('', t('Model: {name}, hash {hash}', { name: recipe.model.name || '?', hash: recipe.model.hash }))
  if (recipe.rest.length) lines.push('', t('What the text says besides:'), ...recipe.rest.map(([key, value]) => `${key}: ${value.length > 300 ? `${value.slice(0, 300)}…` : value}`))
  const text = lines.join('\n')
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
