/** What hands do on the canvas whatever the preset is, in words, for the list of keys. The rest is in navigation.js. */
import { t } from '../language/t.js'

/** @type {readonly {label: string, keys: string}[]} */
export const GESTURES = [
  { label: t('Add a node'), keys: t('double-click on the canvas') },
  { label: t('Add what fits a link'), keys: t('drop the link in the void') },
  { label: t('Put a node into a link'), keys: t('drop it on the link; Ctrl while dropping if it has links') },
  { label: t('Put nodes into a subgraph'), keys: t('drop them on it with Ctrl') },
  { label: t('Pull a node out of its links'), keys: t('shake it') },
  { label: t('Copy while moving'), keys: t('Alt drag') },
  { label: t('Keep to the grid'), keys: t('Shift while moving or sizing') },
  { label: t('Change the size'), keys: t('drag an edge or a corner') },
  { label: t('Move all links of an output'), keys: t('Shift drag from it') },
  { label: t('Move one end of a link'), keys: t('drag the link, nearer to that end') },
  { label: t('Add a reroute'), keys: t('double-click or Alt click on a link, or Shift drag across it') },
  { label: t('Draw a link out of a reroute'), keys: t('drag the ring beside it') },
  { label: t('See what flows in a link'), keys: t('rest on it') },
  { label: t('Add to the selection'), keys: t('Shift click, Shift drag') },
  { label: t('Run to a node, and show what it gives'), keys: t('Ctrl Shift click on it') },
  { label: t('Take out of the selection'), keys: t('Alt while drawing a box') },
  { label: t('Take a gesture back'), keys: t('Escape or the right button while dragging') },
  { label: t('Move the view, by fingers'), keys: t('one on the bare canvas, or two') },
  { label: t('Zoom, by fingers'), keys: t('pinch') },
  { label: t('Open the menu, by fingers'), keys: t('hold') },
  { label: t('Select with a box, by fingers'), keys: t('hold on the bare canvas, then drag') }
]
