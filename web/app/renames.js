/** Nodes that a file still calls by old names: replaced when it is opened, with their values and links, as one step. */
import { many, t } from '../language/t.js'
import { asList, asObject, asText, isObject } from '../model/json.js'
import { byNewNames, readReplacements, Renames } from '../model/renamed.js'
import { replaceDocument } from '../model/replace_document.js'
import { load } from '../model/workflow.js'

export class OldNames {
  /**
   * @param {object} parts
   * @param {Pick<import('../tools/editor.js').Editor, 'store' | 'schema' | 'save' | 'run'>} parts.editor
   * @param {{ tab: unknown, onOpen: Set<(workflow: import('../model/json.js').Json) => void> }} parts.graph
   * @param {Pick<import('../api/client.js').Client, 'json'>} parts.client
   * @param {Pick<import('../panels/toasts.js').Toasts, 'show'>} parts.toasts
   */
  constructor({ editor, graph, client, toasts }) {
    this.editor = editor
    this.graph = graph
    this.client = client
    this.toasts = toasts
    /** Where the names were looked at last, and the names of then: what was taken back by undo is not done again. @type {{ tab: unknown, renames: string | null }} */
    this.looked = { tab: null, renames: null }
    graph.onOpen.add(() => {
      this.looked = { tab: null, renames: null }
      void this.replace()
    })
  }

  /** Node types have come: the first, or those of a pack that was saved or approved while the graph is open. */
  typesCame() {
    void this.replace()
  }

  /** Replaces what the open graph calls by old names. @returns {Promise<number>} how many nodes */
  async replace() {
    const { editor, graph } = this
    const { tab } = graph
    const { schema } = editor
    if (![...schema.types.values()].some(({ virtual }) => !virtual)) return 0
    // Packs of the incumbent's kind tell the server of replacements apart from their types.
    const more = missesTypes(editor.save(), schema) ? readReplacements(await this.client.json('/api/node_replacements').catch(() => null)) : new Map()
    if (tab !== graph.tab) return 0
    const renames = new Renames(schema, more)
    const words = renames.words()
    if (this.looked.tab === tab && this.looked.renames === words) return 0
    this.looked = { tab, renames: words }
    const { file, count } = byNewNames(/** @type {import('../model/json.js').Json} */ (editor.save()), renames)
    if (!count) return 0
    replaceDocument(editor.store, load(file).records, many(count, 'Take the new name of a node', 'Take the new names of {count} nodes'))
    this.toasts.show({
      key: 'renames', text: many(count, 'One node has another name now: it was replaced.', '{count} nodes have other names now: they were replaced.'),
      detail: t('Their values and links are kept.'), action: { label: t('Undo'), run: () => void editor.run('undo') },
    })
    return count
  }
}

/** @param {unknown} workflow @param {import('../model/schema.js').Schema} schema */
function missesTypes(workflow, schema) {
  const file = asObject(workflow)
  const graphs = [file, ...asList(asObject(file?.definitions)?.subgraphs)].filter(isObject)
  const own = new Set(graphs.map(({ id }) => id))
  return graphs.some(graph => asList(graph.nodes).some(node => {
    const type = asText(asObject(node)?.type)
    return type !== null && !own.has(type) && !schema.get(type)
  }))
}
