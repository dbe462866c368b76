/**
 * Every preference that has a place in the settings, in the order in which it stands there. A new one is an entry in this list.
 *
 * @typedef {import('../app/settings.js').Preferences} Preferences
 * @typedef {keyof Preferences} Name
 * @typedef {{value: string, label: string, tip?: string}} Option
 * @typedef {object} Setting
 * @property {Name} name
 * @property {string} group
 * @property {string} label
 * @property {string} about One sentence.
 * @property {'switch' | 'choice' | 'percent' | 'other'} kind
 * @property {(settings: import('../app/settings.js').Settings) => Option[]} [options] Of a choice.
 * @property {[number, number, number]} [range] Least, most and step of a percentage.
 * @property {string} [command] What else changes it: its keys are told.
 * @property {(value: any) => string} [read] A choice's option of a value that is no text.
 * @property {(option: string, now: any) => any} [write]
 */
import { allPalettes } from '../app/palettes.js'
import { PRESETS as KEYS } from '../commands/keymap.js'
import { t } from '../language/t.js'
import { PRESETS as HANDS } from '../tools/navigation.js'

const groups = { appearance: t('Appearance'), canvas: t('Canvas'), links: t('Links'), keys: t('Keys and gestures'), running: t('Running'), language: t('Language') }

/** @type {readonly Setting[]} */
export const SETTINGS = [
  { name: 'theme', group: groups.appearance, label: t('Colours'), about: t('Dark, light, or as the system has it.'), kind: 'choice', options: () => [{ value: 'system', label: t('As the system') }, { value: 'dark', label: t('Dark') }, { value: 'light', label: t('Light') }] },
  {
    name: 'palette', group: groups.appearance, label: t('Palette'), about: t('High contrast is one of them. More palettes come from files, in the panel View.'), kind: 'choice',
    options: settings => allPalettes(settings).map(({ id, label }) => ({ value: id === 'easel' ? '' : id, label })),
  },
  { name: 'inspector', group: groups.appearance, label: t('Details beside the canvas'), about: t('What is selected, at the right.'), kind: 'switch', command: 'inspector' },
  { name: 'resultsFolded', group: groups.appearance, label: t('Small results'), about: t('The results along the bottom take less room.'), kind: 'switch' },
  { name: 'dots', group: groups.canvas, label: t('Dots of the grid'), about: t('The dots behind the graph.'), kind: 'switch' },
  { name: 'minimap', group: groups.canvas, label: t('Map'), about: t('The whole graph, small, in the corner.'), kind: 'switch', command: 'minimap' },
  { name: 'badges', group: groups.canvas, label: t('Ids and sources'), about: t('A node’s number, and the pack that it is from.'), kind: 'switch' },
  { name: 'nodeOpacity', group: groups.canvas, label: t('Node opacity'), about: t('How much of the grid and the links shows through nodes.'), kind: 'percent', range: [30, 100, 5] },
  { name: 'backdrop', group: groups.canvas, label: t('Picture behind the graph'), about: t('It is chosen in the panel View.'), kind: 'other' },
  { name: 'guides', group: groups.canvas, label: t('Lines while moving'), about: t('Moved nodes stand in line with their neighbours.'), kind: 'switch', command: 'guides' },
  { name: 'snaps', group: groups.canvas, label: t('Keep to the grid'), about: t('Moved nodes keep to the grid, as with Shift.'), kind: 'switch', command: 'snap_grid' },
  { name: 'edgeSpeed', group: groups.canvas, label: t('Edge speed'), about: t('How fast the view goes along with what is dragged to its edge.'), kind: 'percent', range: [0, 300, 25] },
  { name: 'canvasInfo', group: groups.canvas, label: t('Drawing times'), about: t('Frames a second and what a frame costs, in a corner.'), kind: 'switch', command: 'canvas_info' },
  {
    name: 'linkShape', group: groups.links, label: t('Shape of links'), about: t('Hidden links show only their ends, and those of a selected node.'), kind: 'choice',
    options: () => [{ value: 'spline', label: t('Curves') }, { value: 'straight', label: t('Straight') }, { value: 'elbow', label: t('Corners') }, { value: 'hidden', label: t('Hidden') }],
  },
  {
    name: 'keymap', group: groups.keys, label: t('Keys'), about: t('Whose keys there are; each can be changed among the keys and gestures.'), kind: 'choice',
    options: () => Object.entries(KEYS).map(([value, { title, about }]) => ({ value, label: title, tip: about })),
    read: value => value.preset, write: (preset, now) => ({ ...now, preset }),
  },
  {
    name: 'navigation', group: groups.keys, label: t('Mouse and wheel'), about: t('What presses, drags and the wheel do on the bare canvas.'), kind: 'choice',
    options: () => HANDS.map(({ id, label, about }) => ({ value: id === HANDS[0]?.id ? '' : id, label, tip: about })),
  },
  { name: 'notify', group: groups.running, label: t('Tell when jobs are done'), about: t('A notice of the browser, when this page is hidden. The browser asks for leave.'), kind: 'switch' },
  { name: 'notifySound', group: groups.running, label: t('With a sound'), about: t('A short sound with the notice.'), kind: 'switch' },
  { name: 'language', group: groups.language, label: t('Language'), about: t('The language of this page. More languages: a file in the folder “languages” of the user folder.'), kind: 'other' },
]

/** Those that hold any of the words, by what they are called and what they do. @param {string} text */
export function findSettings(text) {
  const words = text.toLowerCase().split(/\s+/u).filter(Boolean)
  return SETTINGS.filter(({ name, group, label, about }) => words.every(word => `${name} ${group} ${label} ${about}`.toLowerCase().includes(word)))
}
