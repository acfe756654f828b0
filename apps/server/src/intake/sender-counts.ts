import type { NameCount, TenantId } from '@vantage/model'

/** Senders of all tenants that are counted by themselves; what further ones create is counted as `other`. */
const SENDERS_MAX = 1_000
const OTHER = 'other'

/**
 * Who made how many series since the start: by door and sender (`remote-write from 10.0.0.7`, `otlp-http key 1a2b3c4d`,
 * `scrape job node`). Only those that ever made one are kept. What the replay at the start makes again has a door but no
 * sender any more; what lies in parts has neither.
 */
export class SenderCounts {
  readonly #created = new Map<TenantId, Map<string, number>>()
  #count = 0

  add(tenant: TenantId, receiver: string, sender: string, createdSeries: number): void {
    if (createdSeries === 0) return
    const name = sender === '' ? receiver : `${receiver} ${sender}`
    let counts = this.#created.get(tenant)
    if (counts === undefined) {
      counts = new Map()
      this.#created.set(tenant, counts)
    }
    const known = counts.get(name)
    if (known !== undefined) counts.set(name, known + createdSeries)
    else if (this.#count < SENDERS_MAX) {
      this.#count++
      counts.set(name, createdSeries)
    } else counts.set(OTHER, (counts.get(OTHER) ?? 0) + createdSeries)
  }

  /** Largest first. */
  top(tenant: TenantId, limit: number): NameCount[] {
    return [...(this.#created.get(tenant) ?? [])]
      .map(([name, value]) => ({ name, value }))
      .sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1))
      .slice(0, limit)
  }
}
