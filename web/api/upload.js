import { fromServer } from '../language/server.js'
import { t } from '../language/t.js'

/**
 * Uploads by XMLHttpRequest, because fetch cannot tell how much of a body has been sent.
 *
 * @param {string} route
 * @param {Blob} file
 * @param {{ name: string, overwrite?: boolean, subfolder?: string, type?: 'input' | 'temp', fields?: Record<string, string>, onProgress?: (share: number) => void, signal?: AbortSignal }} options
 *   `fields` are more of the form's; `onProgress` gets numbers from 0 to 1
 * @returns {Promise<any>} the parsed reply; rejects with an Error whose message can be shown
 */
export function upload(route, file, { name, overwrite = false, subfolder = '', type = 'input', fields = {}, onProgress, signal }) {
  const form = new FormData()
  form.append('image', file, name)
  form.append('type', type)
  form.append('subfolder', subfolder)
  if (overwrite) form.append('overwrite', 'true')
  for (const [field, value] of Object.entries(fields)) form.append(field, value)

  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', route)
    request.responseType = 'text'
    request.upload.onprogress = event => {
      if (event.lengthComputable) onProgress?.(event.loaded / event.total)
    }
    request.onload = () => {
      if (request.status !== 200) return reject(new Error(reason(name, request.status, request.responseText)))
      try {
        resolve(JSON.parse(request.responseText))
      } catch {
        reject(new Error(t('The server\'s answer to the upload of {name} could not be read.', { name })))
      }
    }
    request.onerror = () => reject(new Error(t('{name} could not be uploaded: the server does not answer.', { name })))
    request.onabort = () => reject(new DOMException('The upload was stopped.', 'AbortError'))
    signal?.addEventListener('abort', () => request.abort(), { once: true })
    request.send(form)
  })
}

/** @param {string} name @param {number} status @param {string} text */
function reason(name, status, text) {
  if (status === 413) return t('{name} is larger than the server accepts (--max-upload-size).', { name })
  const said = sentence(text)
  if (said) return said
  const detail = text && text.length < 200 && !/^[<{]/u.test(text) ? text : t('status {status}', { status })
  return t('{name} could not be uploaded: {detail}', { name, detail })
}

/** What the server says is wrong with it. @param {string} text */
function sentence(text) {
  try {
    const { error } = JSON.parse(text)
    return fromServer(String(error?.message ?? (typeof error === 'string' ? error : '')))
  } catch {
    return ''
  }
}
