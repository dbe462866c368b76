/**
 * Freezing nodes: their last result is used whatever changes above them.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').NodeRecord} NodeRecord
 */
import { many, t } from '../language/t.js'
import { FROZEN, frozenOf } from '../model/frozen.js'
import { recordAt } from '../model/prompt_ids.js'
import { idsAround } from '../model/status_inside.js'
import { uuid } from '../model/uuid.js'

/** @param {Context} context @param {readonly NodeRecord[]} nodes @param {Pick<import('../model/session.js').Session, 'ids' | 'status'>} session that knows the results */
export function freeze({ store, notify }, nodes, session) {
  const wanted = nodes.filter((node) => !frozenOf(node))
  let fresh = 0
  store.transact(wanted.length > 1 ? t('Freeze results') : t('Freeze the result'), () => {
    for (const node of wanted) {
      const frozen = { token: uuid(), results: resultsOf(store, node, session) }
      if (!Object.keys(frozen.results).length) fresh++
      store.update(node.id, { properties: { ...node.properties, [FROZEN]: frozen } })
    }
  })
  if (fresh) notify(many(fresh, 'It has no result yet: the next one is the one that is kept', '{count} of them have no result yet: the next one is the one that is kept'))
}

/** @param {Context} context @param {readonly NodeRecord[]} nodes */
export function thaw({ store }, nodes) {
  const wanted = nodes.filter((node) => frozenOf(node))
  store.transact(wanted.length > 1 ? t('Thaw results') : t('Thaw the result'), () => {
    for (const node of wanted) {
      const { [FROZEN]: _, ...rest } = node.properties
      store.update(node.id, { properties: rest })
    }
  })
}

/**
 * Names of the node's results by its ids in prompts: a node of a subgraph has one for each instance, an instance those of
 * the nodes inside it.
 * @param {import('../model/store.js').Store} store @param {NodeRecord} node @param {Pick<import('../model/session.js').Session, 'ids' | 'status'>} session
 */
function resultsOf(store, node, session) {
  /** @type {Record<string, string>} */
  const results = {}
  for (const id of session.ids()) {
    const { key } = session.status(id)
    if (key !== null && [id, ...idsAround(id)].some((each) => recordAt(store, each)?.id === node.id)) results[id] = key
  }
  return results
}
