/**
 * What a subgraph is called, and what is said of it.
 *
 * @typedef {import('./context.js').Context} Context
 * @typedef {import('../model/types.js').GraphId} GraphId
 */
import { t } from '../language/t.js'

/** @param {Pick<Context, 'store' | 'graph'>} context @param {GraphId} id @param {string} text */
export function renameSubgraph({ store, graph }, id, text) {
  const definition = graph.definition(id)
  const name = text.trim()
  if (definition && name) store.transact(t('Rename the subgraph'), () => store.update(definition.id, { name }))
}

/** @param {Pick<Context, 'store' | 'graph'>} context @param {GraphId} id @param {string} text */
export function describeSubgraph({ store, graph }, id, text) {
  const definition = graph.definition(id)
  if (!definition) return
  const { description: _old, ...rest } = definition.raw ?? {}
  const description = text.trim()
  store.transact(t('Describe the subgraph'), () => store.update(definition.id, { raw: description ? { ...rest, description } : rest }))
}
