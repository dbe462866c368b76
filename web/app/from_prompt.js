/** Where the open graph finds prompts in API format. */
export { workflowFromPrompt } from '../import/from_prompt.js'
export { isPrompt } from '../import/json.js'
