/**
 * One document put in the place of another, record by record: what is the same in both is not touched, so it is one small
 * step that can be undone.
 *
 * @typedef {import('./store.js').Store} Store
 * @typedef {import('./types.js').Entry} Entry
 * @typedef {import('./types.js').Json} Json
 */

/** @param {Store} store @param {readonly Entry[]} records @param {string} label of the step */
export function replaceDocument(store, records, label) {
  const wanted = new Map(records.map((record) => [record.id, record]))
  store.transact(label, () => {
    // Links go first and come last: they are never there without both their ends.
    const gone = [...store.records()].filter(({ id }) => !wanted.has(id))
    for (const record of [...gone.filter(isLink), ...gone.filter((each) => !isLink(each))]) store.remove(record.id)
    for (const record of [...records.filter((each) => !isLink(each)), ...records.filter(isLink)]) {
      const old = store.get(record.id)
      if (!old) store.put(record)
      else store.update(record.id, { ...emptied(old), ...record })
    }
  })
}

/** @param {Entry} record @returns {record is import('./types.js').LinkRecord} */
const isLink = (record) => record.kind === 'link'

/** Fields that only some records have. @param {Entry} record */
function emptied(record) {
  /** @type {Json} */
  const fields = {}
  for (const field in record) fields[field] = undefined
  return fields
}
