import { type Fault, fault, type TenantId } from '@vantage/model'
import type { ArchivedTrace, FileRow } from './catalogue/protocol.ts'

/** Of one tenant: each file that is over is looked through for them. */
const ARCHIVED_MAX = 10_000

/** Traces that are kept whatever their age. */
export class ArchivedTraces {
  readonly #tenants = new Map<TenantId, Map<string, ArchivedTrace>>()

  load(traces: readonly ArchivedTrace[]): void {
    for (const trace of traces) this.add(trace)
  }

  /** @returns why it may not be kept, too */
  check({ tenant, traceId }: ArchivedTrace): Fault | undefined {
    const own = this.#tenants.get(tenant)
    if (own === undefined || own.size < ARCHIVED_MAX || own.has(traceId)) return undefined
    return fault('unprocessable', `archive: ${ARCHIVED_MAX} traces are kept already; take one away first`)
  }

  add(trace: ArchivedTrace): void {
    const own = this.#tenants.get(trace.tenant) ?? new Map<string, ArchivedTrace>()
    this.#tenants.set(trace.tenant, own)
    own.set(trace.traceId, trace)
  }

  /** @returns false where it was not kept */
  remove(tenant: TenantId, traceId: string): boolean {
    return this.#tenants.get(tenant)?.delete(traceId) === true
  }

  /** Ids of those whose spans may lie in a file. */
  within({ tenant, signal, minTimeNs, maxTimeNs }: FileRow): readonly string[] {
    const own = signal === 'spans' ? this.#tenants.get(tenant) : undefined
    if (own === undefined) return []
    return [...own.values()]
      .filter(({ startNs, endNs }) => startNs <= maxTimeNs && endNs >= minTimeNs)
      .map(({ traceId }) => traceId)
  }
}
