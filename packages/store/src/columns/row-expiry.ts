import type { Matcher, TenantId } from '@vantage/model'
import type { ArchivedTraces } from './archived-traces.ts'
import type { FileRow, SignalName } from './catalogue/protocol.ts'
import type { Tombstone } from './deletions.ts'
import { RETENTION_MS } from './limits.ts'

/** Rows with a period of their own. */
export interface RowRetentionFilter {
  readonly signal: SignalName
  /** Undefined = of all tenants. */
  readonly tenant?: TenantId
  /** Of stream labels (`streamLabels` of model). Empty = all rows of the tenant that no filter with matchers takes. */
  readonly matchers: readonly Matcher[]
  /** Infinity = for ever. */
  readonly keepMs: number
}

/** How long rows are kept: those that several filters with matchers take for the shortest of their periods. */
export interface RowRetention {
  /** Of rows that no filter takes. Infinity = for ever. */
  readonly keepMs: Readonly<Record<SignalName, number>>
  readonly filters: readonly RowRetentionFilter[]
}

export const ROW_RETENTION: RowRetention = { keepMs: { logs: RETENTION_MS, spans: RETENTION_MS }, filters: [] }

/** Periods of one tenant and signal. */
interface Periods {
  readonly restMs: number
  readonly named: readonly RowRetentionFilter[]
}

const EVERYWHEN = { startNs: -(2n ** 63n), endNs: 2n ** 63n - 1n }
/** What is over is over whatever deletions a file knows. */
const LAST = Number.MAX_SAFE_INTEGER

/** Which rows of files are over. A file's rows age together, from its newest row or its arrival, whichever is later. */
export class RowExpiry {
  readonly #retention: RowRetention
  readonly #archive: ArchivedTraces
  readonly #periods = new Map<string, Periods>()
  #nowMs = Number.NEGATIVE_INFINITY

  constructor(retention: RowRetention, archive: ArchivedTraces) {
    this.#retention = retention
    this.#archive = archive
  }

  learnTime(nowMs: number): void {
    this.#nowMs = nowMs
  }

  /** True where nothing of the file is to be kept. */
  isOver(file: FileRow): boolean {
    const { restMs, named } = this.#periodsOf(file)
    const ageMs = this.#ageMs(file)
    return restMs < ageMs && named.every(({ keepMs }) => keepMs < ageMs) && this.#archive.within(file).length === 0
  }

  /** The rows of a file that are over, as deletions of them. */
  of(file: FileRow): readonly Tombstone[] {
    const { restMs, named } = this.#periodsOf(file)
    const ageMs = this.#ageMs(file)
    const passed = named.filter(({ keepMs }) => keepMs < ageMs)
    const isRest = restMs < ageMs
    if (!isRest && passed.length === 0) return []
    const archived = this.#archive.within(file)
    const shared = { ...EVERYWHEN, offset: LAST, ...(archived.length === 0 ? {} : { keepsTraces: archived }) }
    if (isRest && passed.length === named.length) return [{ ...shared, matchers: [] }]
    const rest = { ...shared, matchers: [], unless: named.map(({ matchers }) => matchers) }
    return [...passed.map(({ matchers }) => ({ ...shared, matchers })), ...(isRest ? [rest] : [])]
  }

  /** How many of the periods that its rows may have are over: what a rewrite leaves is right until there is another. */
  passed(file: FileRow): number {
    const { restMs, named } = this.#periodsOf(file)
    const ageMs = this.#ageMs(file)
    return named.filter(({ keepMs }) => keepMs < ageMs).length + (restMs < ageMs ? 1 : 0)
  }

  #ageMs(file: FileRow): number {
    return this.#nowMs - Math.max(Number(file.maxTimeNs / 1_000_000n), file.arrivedMs)
  }

  #periodsOf({ tenant, signal }: FileRow): Periods {
    const key = `${signal} ${tenant}`
    const known = this.#periods.get(key)
    if (known !== undefined) return known
    const own = this.#retention.filters.filter(
      (one) => one.signal === signal && (one.tenant === undefined || one.tenant === tenant),
    )
    const ofTenant = own.filter(({ matchers }) => matchers.length === 0).map(({ keepMs }) => keepMs)
    const restMs = ofTenant.length === 0 ? this.#retention.keepMs[signal] : Math.min(...ofTenant)
    const periods = { restMs, named: own.filter(({ matchers }) => matchers.length > 0) }
    this.#periods.set(key, periods)
    return periods
  }
}
