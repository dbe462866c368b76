/**
 * Where drafts lie: in the browser's database, which holds what `localStorage` with its 5 MB does not. Where a person
 * forbids it, in memory: the page works all the same.
 *
 * @typedef {object} Draft The newest state of a document in a window.
 * @property {string} window
 * @property {string} document
 * @property {number} turn  which change of the document it holds: later ones are higher
 * @property {string | null} name
 * @property {string | null} stored
 * @property {boolean} dirty
 * @property {number | null} base  the version that it was made from
 * @property {number} time  ms since 1970
 * @property {string} text  the workflow, as JSON
 */

const NAME = 'easel'
const DRAFTS = 'drafts'
/** Some browsers that keep nothing never answer. In ms. */
const PATIENCE = 3000

/** @typedef {{ get(key: string): Promise<Draft | null>, put(key: string, draft: Draft): Promise<void>, remove(key: string): Promise<void>, keys(): Promise<string[]> }} DraftRoom */

/** @param {IDBFactory | undefined} factory @param {string} [person]  whose, where several log in at this browser @returns {Promise<DraftRoom>} */
export async function openDraftRoom(factory, person = '') {
  try {
    if (factory) return inDatabase(await open(factory, person ? `${NAME}.${person}` : NAME))
  } catch {
    // Forbidden, or damaged: then in memory.
  }
  return inMemory()
}

/** @param {IDBFactory} factory @param {string} name @returns {Promise<IDBDatabase>} */
function open(factory, name) {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(DRAFTS)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
    request.onblocked = () => reject(new Error('blocked'))
    setTimeout(() => reject(new Error('no answer')), PATIENCE)
  })
}

/** @param {IDBDatabase} database @returns {DraftRoom} */
function inDatabase(database) {
  /** @template T @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T>} ask @returns {Promise<T>} */
  const ask = (mode, ask) => new Promise((resolve, reject) => {
    const transaction = database.transaction(DRAFTS, mode)
    const request = ask(transaction.objectStore(DRAFTS))
    transaction.oncomplete = () => resolve(request.result)
    transaction.onabort = () => reject(transaction.error ?? request.error)
  })
  database.onversionchange = () => database.close()
  return {
    get: async key => (await ask('readonly', store => store.get(key))) ?? null,
    put: async (key, draft) => void (await ask('readwrite', store => store.put(draft, key))),
    remove: async key => void (await ask('readwrite', store => store.delete(key))),
    keys: async () => (await ask('readonly', store => store.getAllKeys())).map(String),
  }
}

/** @returns {DraftRoom} */
export function inMemory() {
  /** @type {Map<string, Draft>} */
  const drafts = new Map()
  return {
    get: async key => drafts.get(key) ?? null,
    put: async (key, draft) => void drafts.set(key, draft),
    remove: async key => void drafts.delete(key),
    keys: async () => [...drafts.keys()],
  }
}
