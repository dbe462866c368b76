/**
 * Places for a graph that was built: frames from left to right, in each the nodes in columns by what feeds what, a note before all.
 *
 * @typedef {{ title: string, ids: readonly number[] }} Frame
 */

const GAP = 30
const FRAME_GAP = 40
const EDGE = 20
/** A frame's title. */
const TITLE = 56
const TEXT = { width: 380, height: 190 }
const NOTE = { width: 300, line: 20, letters: 40 }
const COLOUR = '#3f789e'

/** @param {any} workflow  its nodes get their places, its groups are made @param {readonly Frame[]} frames @param {string} note */
export function layOut(workflow, frames, note) {
  const byId = new Map(workflow.nodes.map((/** @type {any} */ node) => [node.id, node]))
  let x = 0
  for (const { title, ids } of frames) {
    const nodes = ids.map((id) => byId.get(id))
    nodes.filter((node) => node.type === 'CLIPTextEncode').forEach((node) => { node.size = [TEXT.width, TEXT.height] })
    const columns = inColumns(nodes, workflow.links)
    const left = x + EDGE
    let [right, bottom] = [left, 0]
    for (const column of columns) {
      let y = TITLE
      const start = right
      for (const node of column) {
        node.pos = [start, y]
        y += node.size[1] + GAP + TITLE_BAR
        right = Math.max(right, start + node.size[0])
      }
      bottom = Math.max(bottom, y - GAP - TITLE_BAR)
      right += GAP
    }
    const width = right - GAP + EDGE - x
    workflow.groups.push({ id: workflow.groups.length + 1, title, bounding: [x, -TITLE_BAR, width, bottom + EDGE + TITLE_BAR], color: COLOUR, font_size: 24, flags: {} })
    x += width + FRAME_GAP
  }
  const tallest = Math.max(...workflow.groups.map((/** @type {any} */ group) => group.bounding[3]), 0)
  for (const group of workflow.groups) group.bounding[3] = tallest
  addNote(workflow, note)
}

/** Above a node's place. */
const TITLE_BAR = 30

/** By the longest way within the frame. @param {any[]} nodes @param {any[]} links @returns {any[][]} */
function inColumns(nodes, links) {
  const depth = new Map(nodes.map((node) => [node.id, 0]))
  // The builder adds what feeds before what it feeds.
  for (const node of nodes) {
    for (const [, from, , to] of links) {
      if (to === node.id && depth.has(from)) depth.set(to, Math.max(depth.get(to) ?? 0, (depth.get(from) ?? 0) + 1))
    }
  }
  /** @type {any[][]} */
  const columns = []
  for (const node of nodes) (columns[depth.get(node.id) ?? 0] ??= []).push(node)
  return columns.filter(Boolean)
}

/** @param {any} workflow @param {string} text */
function addNote(workflow, text) {
  const lines = text.split('\n').reduce((sum, line) => sum + 1 + Math.floor(line.length / NOTE.letters), 0)
  const id = workflow.last_node_id + 1
  workflow.last_node_id = id
  workflow.nodes.push({
    id, type: 'Note', pos: [-NOTE.width - FRAME_GAP, 0], size: [NOTE.width, Math.min(700, 60 + lines * NOTE.line)], flags: {}, order: workflow.nodes.length, mode: 0,
    inputs: [], outputs: [], properties: {}, widgets_values: [text]
  })
}
