/**
 * Records as a UI workflow file. Each record starts from what the file held, and only what differs from that is written:
 * an untouched graph is saved as it was loaded.
 *
 * @typedef {import('./types.js').GraphId} GraphId
 * @typedef {import('./types.js').GraphRecord} GraphRecord
 * @typedef {import('./types.js').GroupRecord} GroupRecord
 * @typedef {import('./types.js').LinkRecord} LinkRecord
 * @typedef {import('./types.js').MetaRecord} MetaRecord
 * @typedef {import('./types.js').NodeRecord} NodeRecord
 * @typedef {import('./types.js').RerouteRecord} RerouteRecord
 * @typedef {import('./types.js').Slot} Slot
 * @typedef {import('./json.js').Json} Json
 */
import { asList, asObject, asText, equal, isFinite, isObject } from './json.js'
import { definitionHead, unused } from './save_definitions.js'
import { HIDDEN_LINKS, readLink, readPair, readSize } from './workflow_load.js'

/** @typedef {{nodes: NodeRecord[], links: LinkRecord[], groups: GroupRecord[], reroutes: RerouteRecord[], graphs: GraphRecord[]}} Section */

/**
 * @param {import('./store.js').Store} store
 * @returns {Json} to be given to `JSON.stringify`; it shares parts with the records, so it must not be changed
 */
export function save(store) {
  /** @type {Map<GraphId, Section>} */
  const sections = new Map()
  const section = (/** @type {GraphId} */ graph) => {
    let found = sections.get(graph)
    if (!found) sections.set(graph, (found = { nodes: [], links: [], groups: [], reroutes: [], graphs: [] }))
    return found
  }
  /** @type {MetaRecord | null} */
  let meta = null
  for (const record of store.records()) {
    if (record.kind === 'meta') meta = record
    else if (record.kind === 'node') section(record.graph).nodes.push(record)
    else if (record.kind === 'link') section(record.graph).links.push(record)
    else if (record.kind === 'group') section(record.graph).groups.push(record)
    else if (record.kind === 'reroute') section(record.graph).reroutes.push(record)
    else section(record.graph).graphs.push(record)
  }
  for (const { nodes, links, groups, reroutes, graphs } of sections.values()) {
    for (const list of [nodes, links, groups, reroutes, graphs]) list.sort((a, b) => a.z - b.z)
  }
  const graphs = [...sections.values()].flatMap((each) => each.graphs)
  const left = unused(section, graphs)
  if (left.size) for (const each of sections.values()) each.graphs = each.graphs.filter(({ key }) => !left.has(key))
  return saveRoot(meta, section(''), section)
}

/** @param {MetaRecord | null} meta @param {Section} root @param {(graph: GraphId) => Section} section @returns {Json} */
function saveRoot(meta, root, section) {
  const raw = meta?.raw ?? {}
  const objects = isFinite(raw.version) && raw.version >= 1
  /** @type {Json} */
  const file = { ...raw }
  if (!objects) {
    file.last_node_id = lastKey(raw.last_node_id, root.nodes, meta?.behind?.node)
    file.last_link_id = lastKey(raw.last_link_id, root.links, meta?.behind?.link)
  }
  Object.assign(file, saveContents(root, objects, meta?.lost))
  saveDefinitions(file, root, section)
  let extra = { ...(meta?.extra ?? {}) }
  if (objects) saveReroutes(file, root)
  else extra = saveExtraReroutes(extra, root)
  extra = saveHiddenLinks(extra, root)
  if (Object.keys(extra).length || raw.extra !== undefined) file.extra = extra
  file.config ??= {}
  file.version ??= 0.4
  return file
}

/** @param {Json} file written into @param {Section} within @param {(graph: GraphId) => Section} section */
function saveDefinitions(file, within, section) {
  const old = asObject(file.definitions)
  if (!within.graphs.length) {
    if (old) file.definitions = 'subgraphs' in old ? { ...old, subgraphs: [] } : old
    else delete file.definitions
    return
  }
  file.definitions = {
    ...old,
    subgraphs: within.graphs.map((graph) => {
      const inner = section(graph.key)
      /** @type {Json} */
      const file = definitionHead(graph, inner)
      Object.assign(file, saveContents(inner, true, graph.lost))
      saveReroutes(file, inner)
      const extra = saveHiddenLinks(asObject(graph.raw?.extra) ?? {}, inner)
      if (extra !== graph.raw?.extra && (Object.keys(extra).length || file.extra !== undefined)) file.extra = extra
      saveDefinitions(file, inner, section)
      return file
    })
  }
}

/** @param {Section} section @param {boolean} objects links as objects @param {readonly import('./types.js').LostLink[]} [lost] @returns {Json} */
function saveContents(section, objects, lost = []) {
  /** @type {Map<string, {in: Map<number, LinkRecord>, out: Map<number, LinkRecord[]>}>} */
  const wiring = new Map()
  const at = (/** @type {import('./types.js').Key} */ key) => {
    let entry = wiring.get(String(key))
    if (!entry) wiring.set(String(key), (entry = { in: new Map(), out: new Map() }))
    return entry
  }
  for (const link of section.links) {
    at(link.to).in.set(link.toSlot, link)
    const outs = at(link.from).out
    const list = outs.get(link.fromSlot)
    if (list) list.push(link)
    else outs.set(link.fromSlot, [link])
  }
  return {
    nodes: section.nodes.map((node, order) => saveNode(node, order, at(node.key))),
    links: withLost(section.links, section.links.map((link) => saveLink(link, objects)), lost),
    groups: section.groups.map(saveGroup)
  }
}

/**
 * The links, and among them at their old places those of the file that led nowhere, save where a link has their key now.
 *
 * @param {readonly LinkRecord[]} links @param {readonly unknown[]} saved @param {readonly import('./types.js').LostLink[]} lost
 */
function withLost(links, saved, lost) {
  if (!lost.length) return saved
  const taken = new Set(links.map(({ key }) => String(key)))
  const left = lost.filter(({ raw }) => !taken.has(String(readLink(raw)?.key)))
  return [...saved.map((raw, index) => ({ at: links[index]?.z ?? 0, raw })), ...left].sort((a, b) => a.at - b.at).map(({ raw }) => raw)
}

/** @param {NodeRecord} node @param {number} order @param {{in: Map<number, LinkRecord>, out: Map<number, LinkRecord[]>}} wiring @returns {Json} */
function saveNode(node, order, wiring) {
  const raw = node.raw ?? {}
  const flags = asObject(raw.flags) ?? {}
  /** @type {Json} */
  const file = { id: node.key, type: node.type, ...raw }
  file.id = node.key
  file.type = node.type
  if (raw.pos !== node.pos && !equal(readPair(raw.pos), node.pos)) file.pos = node.pos
  if (!node.raw || (raw.size !== node.size && !equal(readSize(raw.size), node.size))) file.size = node.size
  if ((flags.collapsed === true) !== node.collapsed || (flags.pinned === true) !== node.pinned || !node.raw) {
    const { collapsed: _collapsed, pinned: _pinned, ...rest } = flags
    file.flags = { ...rest, ...(node.collapsed && { collapsed: true }), ...(node.pinned && { pinned: true }) }
  }
  if (!node.raw) file.order = order
  if ((isFinite(raw.mode) ? raw.mode : 0) !== node.mode || !node.raw) file.mode = node.mode
  for (const field of /** @type {const} */ (['title', 'color', 'bgcolor'])) {
    if (asText(raw[field]) === node[field]) continue
    if (node[field] === null) delete file[field]
    else file[field] = node[field]
  }
  if (node.inputs.length || raw.inputs !== undefined) {
    file.inputs = node.inputs.map((slot, index) => saveSlot(slot, 'link', wiring.in.get(index)?.key ?? null))
  }
  if (node.outputs.length || raw.outputs !== undefined) {
    file.outputs = node.outputs.map((slot, index) => {
      /** @type {unknown[]} */
      const keys = (wiring.out.get(index) ?? []).map((link) => link.key)
      if (slot.stale) keys.push(...slot.stale)
      return saveSlot(slot, 'links', keys.length ? keys : null)
    })
  }
  if ((raw.properties !== node.properties && !equal(asObject(raw.properties) ?? {}, node.properties)) || !node.raw) file.properties = node.properties
  const values = Array.isArray(raw.widgets_values) ? raw.widgets_values : asObject(raw.widgets_values)
  if (!equal(values, node.values)) file.widgets_values = node.values
  return file
}

/** @param {Slot} slot @param {'link' | 'links'} field @param {unknown} links */
function saveSlot(slot, field, links) {
  const raw = slot.raw
  /** @type {Json} */
  const file = raw ? { ...raw } : { name: slot.name, type: slot.type, ...(slot.widget !== null && { widget: { name: slot.widget } }) }
  if (!sameLinks(file[field], links)) file[field] = links
  return file
}

/** Null, absent and the empty list all say "none"; a list may stand in any order. @param {unknown} a @param {unknown} b */
function sameLinks(a, b) {
  if (!Array.isArray(a) && !Array.isArray(b)) return (a ?? null) === (b ?? null)
  const [one, two] = [asList(a), asList(b)]
  return one.length === two.length && new Set([...one, ...two]).size === one.length
}

/** @param {LinkRecord} link @param {boolean} objects */
function saveLink(link, objects) {
  const { key, from, fromSlot, to, toSlot, type } = link
  const old = readLink(link.raw)
  const asObjects = isObject(link.raw) || (link.raw === null && objects)
  const parent = isObject(link.raw) ? (link.raw.parentId ?? null) : null
  const sameParent = !asObjects || parent === link.reroute
  if (old && sameParent && equal(old, { key, from, fromSlot, to, toSlot, type })) return link.raw
  if (!asObjects) return [key, from, fromSlot, to, toSlot, type]
  const { parentId: _parent, ...rest } = asObject(link.raw) ?? {}
  return {
    ...rest, id: key, origin_id: from, origin_slot: fromSlot, target_id: to, target_slot: toSlot, type,
    ...(link.reroute !== null && { parentId: link.reroute })
  }
}

/** @param {GroupRecord} group @returns {Json} */
function saveGroup(group) {
  const raw = group.raw ?? {}
  /** @type {Json} */
  const file = { id: group.key, ...raw }
  if (raw.id === undefined && group.raw) delete file.id
  if ((asText(raw.title) ?? '') !== group.title || !group.raw) file.title = group.title
  if (!equal(raw.bounding, group.bounds)) file.bounding = group.bounds
  if (asText(raw.color) !== group.color) file.color = group.color
  if ((isFinite(raw.font_size) ? raw.font_size : 24) !== group.fontSize || !group.raw) file.font_size = group.fontSize
  const flags = asObject(raw.flags) ?? {}
  if ((flags.pinned === true) !== group.pinned || !group.raw) {
    const { pinned: _pinned, ...rest } = flags
    file.flags = { ...rest, ...(group.pinned && { pinned: true }) }
  }
  return file
}

/** Reroutes of a section in schema 1. @param {Json} file @param {Section} section */
function saveReroutes(file, section) {
  if (section.reroutes.length) file.reroutes = rerouteList(section)
  else if (file.reroutes !== undefined) file.reroutes = []
}

/** Reroutes of the root in 0.4 live under `extra`. @param {Json} extra @param {Section} section @returns {Json} */
function saveExtraReroutes(extra, section) {
  const bent = section.links.filter((link) => link.reroute !== null)
  const reroutes = rerouteList(section)
  if (reroutes.length || asList(extra.reroutes).length) extra.reroutes = reroutes
  const extensions = bent.map((link) => ({ id: link.key, parentId: link.reroute }))
  if (bent.length || asList(extra.linkExtensions).length) {
    const old = asList(extra.linkExtensions)
    const same = old.length === extensions.length && extensions.every((entry) => old.some((other) => equal(entry, other)))
    if (!same) extra.linkExtensions = extensions
  }
  return extra
}

/** @param {Json} extra @param {Section} section @returns {Json} the same where nothing changed */
function saveHiddenLinks(extra, section) {
  const old = asList(extra[HIDDEN_LINKS])
  const hidden = section.links.filter((link) => link.hidden).map((link) => link.key)
  const shown = section.links.some((link) => !link.hidden && old.includes(link.key))
  if (!shown && hidden.every((key) => old.includes(key))) return extra
  const { [HIDDEN_LINKS]: _old, ...rest } = extra
  return hidden.length ? { ...rest, [HIDDEN_LINKS]: hidden } : rest
}

/** @param {Section} section */
function rerouteList(section) {
  /** @type {Map<unknown, import('./types.js').Key[]>} */
  const through = new Map()
  const parents = new Map(section.reroutes.map((reroute) => [reroute.key, reroute.parent]))
  for (const link of section.links) {
    let key = link.reroute
    for (let hop = 0; key !== null && hop <= parents.size; hop++) {
      const list = through.get(key)
      if (list) list.push(link.key)
      else through.set(key, [link.key])
      key = parents.get(key) ?? null
    }
  }
  return section.reroutes.map((reroute) => {
    const raw = reroute.raw ?? {}
    /** @type {Json} */
    const file = { id: reroute.key, ...raw }
    if (!equal(readPair(raw.pos), reroute.pos)) file.pos = reroute.pos
    if ((isFinite(raw.parentId) ? raw.parentId : null) !== reroute.parent) {
      if (reroute.parent === null) delete file.parentId
      else file.parentId = reroute.parent
    }
    const links = through.get(reroute.key) ?? []
    if (!sameLinks(raw.linkIds, links)) file.linkIds = links
    return file
  })
}

/**
 * @param {unknown} given  what the file said
 * @param {readonly {key: import('./types.js').Key}[]} records
 * @param {number} [behind]  the highest key of the file where that was less: only keys beyond it are news
 */
function lastKey(given, records, behind = 0) {
  let last = isFinite(given) ? given : 0
  for (const { key } of records) if (isFinite(key) && key > last && key > behind) last = key
  return last
}
