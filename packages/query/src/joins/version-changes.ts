import { attribute, type Origin, serviceOf, valueText } from '@vantage/model'

/** A service runs another version than before: a deploy, or one that was taken back. */
export interface VersionChange {
  readonly service: string
  readonly timeNs: bigint
  readonly from: string
  readonly to: string
}

/** Versions of one service by when each began first. */
type Versions = Map<string, bigint>

/** Finds changes of `service.version` in rows of any order. Versions that run side by side change once. */
export class VersionChanges {
  readonly #services = new Map<string, Versions>()
  readonly #known = new Map<Origin, { readonly versions: Versions; readonly version: string } | undefined>()

  add(origin: Origin, timeNs: bigint): void {
    let known = this.#known.get(origin)
    if (known === undefined && !this.#known.has(origin)) {
      known = this.#read(origin)
      this.#known.set(origin, known)
    }
    if (known === undefined) return
    const first = known.versions.get(known.version)
    if (first === undefined || timeNs < first) known.versions.set(known.version, timeNs)
  }

  /** @returns newest first */
  finish(): VersionChange[] {
    const changes: VersionChange[] = []
    for (const [service, versions] of this.#services) {
      const ordered = [...versions].sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0))
      ordered.forEach(([to, timeNs], i) => {
        const before = ordered[i - 1]
        if (before !== undefined) changes.push({ service, timeNs, from: before[0], to })
      })
    }
    return changes.sort((a, b) => (a.timeNs < b.timeNs ? 1 : a.timeNs > b.timeNs ? -1 : 0))
  }

  #read(origin: Origin): { versions: Versions; version: string } | undefined {
    const value = attribute(origin.resource, 'service.version')
    const version = value === undefined ? '' : valueText(value)
    if (version === '') return undefined
    const service = serviceOf(origin)
    const versions = this.#services.get(service) ?? new Map<string, bigint>()
    this.#services.set(service, versions)
    return { versions, version }
  }
}
