/** Files as a zip, stored as they are: what a person's system opens without another program. */

/** Names are UTF-8. */
const FLAGS = 0x0800
const VERSION = 20

/** @type {Uint32Array | null} */
let table = null

/** @param {Uint8Array} bytes */
export function crc32(bytes) {
  table ??= Uint32Array.from({ length: 256 }, (_, start) => {
    let value = start
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
    return value
  })
  let sum = 0xffffffff
  for (const byte of bytes) sum = (sum >>> 8) ^ /** @type {number} */ (table[(sum ^ byte) & 0xff])
  return (sum ^ 0xffffffff) >>> 0
}

/** @param {readonly { name: string, text: string }[]} files @param {Date} time  of all of them @returns {Uint8Array<ArrayBuffer>} */
export function zipOf(files, time) {
  const encoder = new TextEncoder()
  const entries = files.map(({ name, text }) => {
    const data = encoder.encode(text)
    return { name: encoder.encode(name), data, sum: crc32(data) }
  })
  const size = entries.reduce((all, { name, data }) => all + 30 + 46 + 2 * name.length + data.length, 22)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  let at = 0
  const u16 = (/** @type {number} */ value) => { view.setUint16(at, value, true); at += 2 }
  const u32 = (/** @type {number} */ value) => { view.setUint32(at, value, true); at += 4 }
  const put = (/** @type {Uint8Array} */ part) => { bytes.set(part, at); at += part.length }

  /** What both of a file's headers say. @param {typeof entries[number]} entry */
  function facts({ name, data, sum }) {
    u16(VERSION)
    u16(FLAGS)
    u16(0) // stored
    u16(time.getHours() << 11 | time.getMinutes() << 5 | time.getSeconds() >> 1)
    u16(Math.max(0, time.getFullYear() - 1980) << 9 | time.getMonth() + 1 << 5 | time.getDate())
    u32(sum)
    u32(data.length)
    u32(data.length)
    u16(name.length)
    u16(0)
  }

  const starts = entries.map(entry => {
    const start = at
    u32(0x04034b50)
    facts(entry)
    put(entry.name)
    put(entry.data)
    return start
  })
  const directory = at
  entries.forEach((entry, index) => {
    u32(0x02014b50)
    u16(VERSION)
    facts(entry)
    u16(0)
    u16(0)
    u16(0)
    u32(0)
    u32(starts[index] ?? 0)
    put(entry.name)
  })
  const length = at - directory
  u32(0x06054b50)
  u16(0)
  u16(0)
  u16(entries.length)
  u16(entries.length)
  u32(length)
  u32(directory)
  u16(0)
  return bytes
}
