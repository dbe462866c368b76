/**
 * Many prompts of one graph as one: what is equal in several of them is in it once, and the rest once for each cell, as
 * `12@3`: node 12 as it is in cell 3. The first keep the graph's own ids. `graph/cells.py` reads what is said of the cells.
 *
 * @typedef {Record<string, {class_type: string, inputs: Record<string, any>, _meta?: {title: string}}>} Prompt
 * @typedef {object} Merged
 * @property {Prompt} prompt
 * @property {Record<string, string>[]} cells By cell: ids in the graph to ids in the prompt, of the nodes that are called otherwise.
 * @property {string[]} outputs Ids in the graph of the outputs that are not the same in all cells.
 * @property {string[]} targets Their ids in the prompt, cell by cell.
 */

/** Takes in one prompt after another, so that no two of them need be held at once. */
export class Merger {
  /** @type {Prompt} */
  #merged = {}
  /** By what a node is: its id in the prompt. @type {Map<string, string>} */
  #known = new Map()
  /** By cell: ids in the prompt of the nodes that are called otherwise. @type {Map<string, string>[]} */
  #names = []
  /** What shows or saves something, and where it is not the same in all cells. @type {Map<string, boolean>} */
  #outputs = new Map()

  /** @param {{isOutput: (type: string) => boolean, frozen?: ReadonlySet<string>}} options frozen nodes are the same in all cells */
  constructor({ isOutput, frozen = new Set() }) {
    this.isOutput = isOutput
    this.frozen = frozen
  }

  /** The next cell. @param {Prompt} prompt */
  add(prompt) {
    const cell = this.#names.length
    /** @type {Map<string, string>} */
    const names = new Map()
    const idIn = (/** @type {unknown} */ id) => names.get(String(id)) ?? String(id)
    for (const id of inputsFirst(prompt)) {
      const node = prompt[id]
      if (!node) continue
      const inputs = Object.fromEntries(Object.entries(node.inputs).map(([name, value]) => [name, isLink(value) ? [idIn(value[0]), value[1]] : value]))
      const what = this.frozen.has(id) ? `${id} frozen` : `${id} ${node.class_type} ${JSON.stringify(inputs)}`
      let own = this.#known.get(what)
      if (own === undefined) {
        own = id in this.#merged ? `${id}@${cell}` : id
        this.#known.set(what, own)
        this.#merged[own] = { ...node, inputs }
      }
      if (own !== id) names.set(id, own)
      if (this.isOutput(node.class_type)) this.#outputs.set(id, this.#outputs.get(id) === true || own !== id)
    }
    this.#names.push(names)
  }

  /** @returns {Merged} */
  finish() {
    const outputs = [...this.#outputs].filter(([, differs]) => differs).map(([id]) => id)
    const targets = [...new Set(this.#names.flatMap((names) => outputs.map((id) => names.get(id) ?? id)))]
    const needed = upstream(this.#merged, targets)
    const prompt = Object.fromEntries(Object.entries(this.#merged).filter(([id]) => needed.has(id)))
    const cells = this.#names.map((names) => Object.fromEntries([...names].filter(([, own]) => needed.has(own))))
    return { prompt, cells, outputs, targets }
  }
}

/** All at once. @param {readonly Prompt[]} prompts one for each cell @param {ConstructorParameters<typeof Merger>[0]} options @returns {Merged} */
export function merge(prompts, options) {
  const merger = new Merger(options)
  for (const prompt of prompts) merger.add(prompt)
  return merger.finish()
}

/** @param {unknown} value */
const isLink = (value) => Array.isArray(value) && value.length === 2 && Number.isInteger(value[1])

/** The ids, each after those that it reads; a circle is left for the server to refuse. @param {Prompt} prompt */
function inputsFirst(prompt) {
  /** @type {Set<string>} */
  const done = new Set()
  const begun = new Set()
  for (const root of Object.keys(prompt)) {
    const stack = [root]
    while (stack.length) {
      const id = /** @type {string} */ (stack.at(-1))
      const sources = done.has(id) || begun.has(id) ? [] : sourcesOf(prompt, id).filter((source) => !done.has(source) && !begun.has(source))
      begun.add(id)
      if (sources.length) stack.push(...sources)
      else {
        done.add(id)
        stack.pop()
      }
    }
  }
  return done
}

/** @param {Prompt} prompt @param {string} id */
const sourcesOf = (prompt, id) => Object.values(prompt[id]?.inputs ?? {}).filter(isLink).map((value) => String(value[0])).filter((source) => source in prompt)

/** @param {Prompt} prompt @param {readonly string[]} ids */
function upstream(prompt, ids) {
  const found = new Set(ids)
  for (const id of found) for (const source of sourcesOf(prompt, id)) found.add(source)
  return found
}
