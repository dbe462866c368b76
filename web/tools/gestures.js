/** What hands do on the canvas whatever the preset is, in words, for the list of keys. The rest is in navigation.js. */

/** @type {readonly {label: string, keys: string}[]} */
export const GESTURES = [
  { label: 'Add a node', keys: 'double-click on the canvas' },
  { label: 'Add what fits a link', keys: 'drop the link in the void' },
  { label: 'Put a node into a link', keys: 'drop it on the link; Ctrl while dropping if it has links' },
  { label: 'Put nodes into a subgraph', keys: 'drop them on it with Ctrl' },
  { label: 'Pull a node out of its links', keys: 'shake it' },
  { label: 'Copy while moving', keys: 'Alt drag' },
  { label: 'Keep to the grid', keys: 'Shift while moving or sizing' },
  { label: 'Change the size', keys: 'drag an edge or a corner' },
  { label: 'Move all links of an output', keys: 'Shift drag from it' },
  { label: 'Move one end of a link', keys: 'drag the link, nearer to that end' },
  { label: 'Add a reroute', keys: 'double-click or Alt click on a link, or Shift drag across it' },
  { label: 'Draw a link out of a reroute', keys: 'drag the ring beside it' },
  { label: 'See what flows in a link', keys: 'rest on it' },
  { label: 'Add to the selection', keys: 'Shift click, Shift drag' },
  { label: 'Run to a node, and show what it gives', keys: 'Ctrl Shift click on it' },
  { label: 'Take out of the selection', keys: 'Alt while drawing a box' },
  { label: 'Take a gesture back', keys: 'Escape or the right button while dragging' },
  { label: 'Move the view, by fingers', keys: 'one on the bare canvas, or two' },
  { label: 'Zoom, by fingers', keys: 'pinch' },
  { label: 'Open the menu, by fingers', keys: 'hold' },
  { label: 'Select with a box, by fingers', keys: 'hold on the bare canvas, then drag' }
]
