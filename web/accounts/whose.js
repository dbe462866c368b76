/** Whose a job or a file is, by name: told to admins, who have other people's before them. */

export class Whose {
  /** @param {Pick<import('../api/client.js').Client, 'json'>} client @param {import('./me.js').Me} me */
  constructor(client, me) {
    this.client = client
    this.me = me
    /** @type {Map<string, string>} */
    this.names = new Map()
  }

  /** Reads the names anew, for admins. */
  async load() {
    if (!this.me.isAdmin) return
    /** @type {{ accounts: { id: string, name: string }[] }} */
    const { accounts } = await this.client.json('/easel/accounts').catch(() => ({ accounts: [] }))
    for (const { id, name } of accounts) this.names.set(id, name)
  }

  /** '' for one's own, and where nobody else's are seen. An account that was removed is told by its id. @param {string | undefined} owner */
  of(owner) {
    if (!owner || !this.me.isAdmin || owner === this.me.person?.id) return ''
    return this.names.get(owner) ?? owner
  }
}
