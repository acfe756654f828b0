import { type Clock, DEFAULT_TENANT, type Fault, type TenantId } from '@vantage/model'
import type { Counter, Histogram, Logger, Registry } from '@vantage/observe'
import type { IntakeAccepted, IntakeFault } from './intake.ts'
import { TENANT_LABELS_MAX } from './limits.ts'
import type { RecentRequests } from './recent.ts'
import type { Signal } from './signal.ts'

/** How one request went, as far as it came. */
export interface Visit {
  readonly signal: Signal
  readonly receiver: string
  /** Undefined before the credential was known. */
  readonly tenant: TenantId | undefined
  readonly startedMonotonicMs: number
  /** Read from the wire so far. */
  readonly wireBytes: number
}

interface CountsOptions {
  readonly registry: Registry
  readonly logger: Logger
  readonly clock: Clock
  readonly recent: RecentRequests
}

/**
 * Counts, logs and remembers every request once, at its answer.
 * Sum check: received items = acknowledged + discarded, for every tenant.
 */
export class IntakeCounts {
  readonly #requests: Counter
  readonly #items: Counter
  readonly #acked: Counter
  readonly #discarded: Counter
  readonly #discardedBytes: Counter
  readonly #durations: Histogram
  readonly #options: CountsOptions
  readonly #tenants = new Set<TenantId>()

  constructor(options: CountsOptions) {
    const { registry } = options
    this.#options = options
    this.#requests = registry.counter('vantage_ingest_requests_total', 'Requests of writers by outcome.', [
      'receiver',
      'code',
    ])
    this.#items = registry.counter(
      'vantage_ingest_items_total',
      'Items that writers sent (samples, data points, log records, spans).',
      ['signal', 'receiver', 'tenant'],
    )
    this.#acked = registry.counter('vantage_acked_items_total', 'Items acknowledged: logged, synced and applied.', [
      'signal',
      'receiver',
      'tenant',
    ])
    this.#discarded = registry.counter('vantage_discarded_items_total', 'Items refused, by reason.', [
      'signal',
      'reason',
      'tenant',
    ])
    this.#discardedBytes = registry.counter(
      'vantage_discarded_bytes_total',
      'Bytes of bodies that were refused as a whole, by reason.',
      ['signal', 'reason', 'tenant'],
    )
    this.#durations = registry.histogram(
      'vantage_ingest_duration_seconds',
      'From the beginning of a request to its acknowledgement, the sync of the log included.',
      ['receiver'],
    )
  }

  /** A door is open: what it takes is 0 until somebody comes. */
  open({ signal, receiver }: Pick<Visit, 'signal' | 'receiver'>): void {
    const tenant = this.#tenantLabel(DEFAULT_TENANT)
    this.#requests.begin(receiver, 'ok')
    this.#items.begin(signal, receiver, tenant)
    this.#acked.begin(signal, receiver, tenant)
  }

  accepted(visit: Visit, outcome: IntakeAccepted): void {
    const tenant = this.#tenantLabel(visit.tenant)
    let refused = 0
    for (const { reason, count } of outcome.refused) {
      refused += count
      this.#discarded.add(count, visit.signal, reason, tenant)
      this.#warn(visit, reason, 'some items of a request were refused')
    }
    this.#items.add(outcome.items + refused, visit.signal, visit.receiver, tenant)
    this.#acked.add(outcome.items, visit.signal, visit.receiver, tenant)
    const code = refused === 0 ? 'ok' : 'partial'
    this.#requests.add(1, visit.receiver, code)
    this.#durations.observe((this.#options.clock.monotonicMs() - visit.startedMonotonicMs) / 1_000, visit.receiver)
    this.#remember(visit, code, outcome.items, refused, outcome.refused[0]?.message ?? '')
  }

  refused(visit: Visit, fault: IntakeFault): void {
    const tenant = this.#tenantLabel(visit.tenant)
    const problems = fault.problems ?? []
    for (const { reason } of problems) this.#discarded.add(1, visit.signal, reason, tenant)
    this.#items.add(problems.length, visit.signal, visit.receiver, tenant)
    this.#discardedBytes.add(visit.wireBytes, visit.signal, fault.reason ?? fault.code, tenant)
    this.#requests.add(1, visit.receiver, fault.code)
    // A caller that went away is no news.
    if (fault.code !== 'cancelled') this.#warn(visit, fault.reason ?? fault.code, 'a request was refused', fault)
    this.#remember(visit, fault.code, 0, problems.length, fault.message)
  }

  #warn(visit: Visit, reason: string, message: string, fault?: Fault): void {
    const { receiver } = visit
    const tenant = visit.tenant ?? ''
    this.#options.logger.warnSparsely(`${receiver} ${tenant} ${reason}`, message, {
      receiver,
      tenant,
      reason,
      code: fault?.code,
      limit: fault?.limit,
    })
  }

  #remember(visit: Visit, code: 'ok' | 'partial' | Fault['code'], items: number, refused: number, message: string) {
    const { clock, recent } = this.#options
    const durationMs = clock.monotonicMs() - visit.startedMonotonicMs
    recent.add({
      atMs: clock.nowMs(),
      signal: visit.signal,
      receiver: visit.receiver,
      tenant: visit.tenant ?? '',
      code,
      items,
      refused,
      wireBytes: visit.wireBytes,
      durationMs,
      message,
    })
  }

  #tenantLabel(tenant: TenantId | undefined): string {
    if (tenant === undefined) return ''
    if (this.#tenants.has(tenant)) return tenant
    if (this.#tenants.size >= TENANT_LABELS_MAX) return 'other'
    this.#tenants.add(tenant)
    return tenant
  }
}
