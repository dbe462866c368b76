/** What the app view looks like is loaded with it. */
import { served } from '../api/served.js'
import { h } from '../panels/dom.js'

export function addStyles() {
  if (document.querySelector('link[data-app-view]')) return
  for (const name of ['form', 'panel']) document.head.append(h('link', { rel: 'stylesheet', href: served(`app_view/${name}.css`), 'data-app-view': true }))
}
