/** What a node's `mode` says. */

/** It and what needs it does not run. */
export const MUTED = 2
/** Its inputs pass through to the outputs of their types. */
export const BYPASSED = 4
