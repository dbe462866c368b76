/**
 * Who is at the page, and what they may do here. Without accounts that is one person who may do everything, and nothing of
 * accounts is shown.
 *
 * @typedef {'read' | 'run' | 'write' | 'admin'} Scope
 * @typedef {'admin' | 'artist' | 'viewer'} Role
 * @typedef {{ most_queued: number | null, disk_bytes: number | null, gpu_seconds_per_day: number | null }} Quotas
 * @typedef {{ accounts: boolean, id: string, name: string, role: Role, scopes: Scope[], by: string, quotas: Quotas }} Person
 */
import { t } from '../language/t.js'

export class Me {
  /** @param {Pick<import('../api/client.js').Client, 'json' | 'send'>} client */
  constructor(client) {
    this.client = client
    /** @type {Person | null} */
    this.person = null
    /** @type {Set<() => void>} */
    this.listeners = new Set()
  }

  /** Whether there are accounts here. */
  get named() {
    return this.person?.accounts === true
  }

  /** Whether they have other people's things before them too. */
  get isAdmin() {
    return this.named && this.may('admin')
  }

  /** Whether it is a cookie of this browser that lets them in, so that they can log out here: of a login, or of the server’s token. */
  get canLogOut() {
    return this.named && ['session', 'server'].includes(this.person?.by ?? '')
  }

  /** @param {Scope} scope */
  may(scope) {
    return !this.named || this.person?.scopes.includes(scope) === true
  }

  /** Why they may not, as a sentence; '' where they may. @param {Scope} scope */
  whyNot(scope) {
    if (this.may(scope)) return ''
    return scope === 'admin' ? t('Only an admin can do this.') : t('Your role here is viewer: it can look at everything of its own, not run or change it. Ask an admin.')
  }

  /** @param {() => void} listener */
  listen(listener) {
    this.listeners.add(listener)
  }

  /** Asks the server; one that does not answer leaves what is known. */
  async load() {
    const person = await this.client.json('/easel/accounts/me').catch(() => null)
    if (person) this.take(person)
  }

  /** @param {Person} person */
  take(person) {
    this.person = person
    this.listeners.forEach(listener => listener())
  }
}

/** @param {Role} role */
export const roleWord = role => ({ admin: t('Admin'), artist: t('Artist'), viewer: t('Viewer') })[role] ?? role
