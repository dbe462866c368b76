/** Imports in `web/` go one way: docs/architecture.md draws it. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const WEB = new URL('../../web/', import.meta.url)
/** What each folder may import beside itself; all may import the page's words. */
const ALLOWED = {
  language: [],
  geometry: [],
  api: [],
  icons: [],
  model: ['geometry'],
  view: ['model', 'geometry'],
  commands: ['model', 'geometry'],
  widgets: ['model', 'geometry', 'icons', 'panels'],
  layout: ['api', 'commands', 'view', 'model', 'geometry', 'node_modules'],
  tools: ['commands', 'view', 'model', 'geometry'],
  crop: ['api', 'panels', 'tools', 'view', 'model', 'geometry'],
  mask: ['api', 'panels', 'tools', 'view', 'model', 'geometry', 'icons'],
  export: ['app', 'commands', 'panels', 'tools', 'view', 'model', 'geometry'],
  import: ['api', 'model', 'geometry'],
  models: ['app', 'api', 'panels', 'tools', 'view', 'model', 'geometry', 'icons'],
  gallery: ['app', 'api', 'import', 'panels', 'view', 'model', 'icons'],
  panels: ['app', 'api', 'import', 'commands', 'tools', 'view', 'model', 'geometry', 'widgets', 'icons'],
  app_view: ['app', 'api', 'commands', 'panels', 'tools', 'view', 'model', 'geometry', 'icons'],
  extend: ['app', 'api', 'panels', 'tools', 'view', 'model', 'geometry'],
  sweep: ['app', 'api', 'panels', 'commands', 'tools', 'view', 'model', 'geometry', 'icons'],
  accounts: ['app', 'api', 'commands', 'panels', 'model', 'icons'],
  login: [],
  report: ['app', 'api', 'panels', 'tools', 'model', 'icons'],
  status: ['app', 'api', 'panels', 'runs', 'model', 'icons'],
  runs: ['app', 'api', 'panels', 'view', 'icons'],
  sharing: ['app', 'api', 'commands', 'panels', 'packs', 'tools', 'model', 'icons'],
  reference: ['panels'],
  packs: ['app', 'api', 'panels', 'tools', 'model', 'view', 'icons'],
  app: ['api', 'import', 'models', 'commands', 'tools', 'view', 'model', 'geometry', 'widgets', 'panels', 'icons', 'layout', 'crop', 'mask', 'extend', 'sweep', 'gallery', 'runs', 'export', 'app_view', 'packs', 'sharing', 'accounts', 'report', 'status']
}

for (const folder of readdirSync(WEB, { withFileTypes: true })) {
  if (!folder.isDirectory() || ['node_modules', 'styles', 'languages'].includes(folder.name)) continue
  test(`${folder.name}/ imports only what lies under it`, () => {
    const allowed = ALLOWED[folder.name]
    assert.ok(allowed, `a new folder: say in this test what ${folder.name}/ may import`)
    const files = readdirSync(new URL(`${folder.name}/`, WEB), { recursive: true }).filter((name) => name.endsWith('.js'))
    for (const file of files) {
      const text = readFileSync(new URL(`${folder.name}/${file}`, WEB), 'utf8')
      for (const [, path] of text.matchAll(/^\s*(?:import|export)\b[^'"\n]*?(?:from\s*)?['"]([^'"]+)['"]/gmu)) {
        if (!path.startsWith('../')) continue
        const target = path.split('/')[1]
        assert.ok(target === folder.name || target === 'language' || allowed.includes(target), `${folder.name}/${file} imports ${path}`)
      }
    }
  })
}
