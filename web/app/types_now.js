/** The node types that the page knows now, for what is opened from many places and is given none. */
import { Schema } from '../model/schema.js'

/** @type {() => Schema} */
let get = () => new Schema()

/** Asked at each use. @param {() => Schema} how */
export function knowTypes(how) {
  get = how
}

export const typesNow = () => get()
