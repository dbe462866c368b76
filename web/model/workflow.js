/** UI workflow files: read, written, and turned into what the server runs. */

export { load } from './workflow_load.js'
export { save } from './workflow_save.js'
export { toPrompt } from './to_prompt.js'
