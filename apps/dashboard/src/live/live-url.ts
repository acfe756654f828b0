import { OWN_PREFIX } from '../explore/catalogue.ts'

export const WINDOWS_S = [10, 30, 60] as const
export const COLUMNS = [2, 3, 4, 5] as const
export const SORTS = ['name', 'value', 'change', 'oddness'] as const
export type LiveSort = (typeof SORTS)[number]
/** Series that are received at most; the server lets no page have more than the last. */
export const SERIES_LIMITS = [100, 400, 1_000, 2_000] as const
const SERIES_LIMIT = 400

/** Everything but our own figures and the buckets of classic histograms, which are many and say little alone. */
export const DEFAULT_MATCHERS = `{__name__!~"${OWN_PREFIX}.*|.*_bucket|"}`

export interface LiveState {
  /** A PromQL selector. */
  readonly matchers: string
  readonly windowS: number
  readonly columns: number
  /** Value of the label `instance`; '' for all hosts. */
  readonly host: string
  readonly isKiosk: boolean
  /** What the cards were ordered by when that was asked for last. */
  readonly sort: LiveSort
  /** Series that are received at most. */
  readonly seriesMax: number
  /** Right edge of all charts while they are frozen, server time in unix ms; undefined = they run. */
  readonly frozenAtMs: number | undefined
  /** Names of metrics that are shown as tables. */
  readonly tables: readonly string[]
  /** Names of metrics that stay in front. */
  readonly pinned: readonly string[]
  /** `metric=number` for each chart with a threshold. */
  readonly thresholds: ReadonlyMap<string, number>
}

export function readLive(params: URLSearchParams): LiveState {
  const windowS = Number(params.get('window'))
  const columns = Number(params.get('cols'))
  const sort = params.get('sort') as LiveSort
  const seriesMax = Number(params.get('series'))
  const frozenAtMs = Number(params.get('at'))
  return {
    matchers: params.get('q') || DEFAULT_MATCHERS,
    windowS: (WINDOWS_S as readonly number[]).includes(windowS) ? windowS : 30,
    columns: (COLUMNS as readonly number[]).includes(columns) ? columns : 3,
    host: params.get('host') ?? '',
    isKiosk: params.get('kiosk') === '1',
    sort: SORTS.includes(sort) ? sort : 'name',
    seriesMax: (SERIES_LIMITS as readonly number[]).includes(seriesMax) ? seriesMax : SERIES_LIMIT,
    frozenAtMs: frozenAtMs > 0 && Number.isFinite(frozenAtMs) ? frozenAtMs : undefined,
    tables: params.getAll('table'),
    pinned: params.getAll('pin'),
    thresholds: readThresholds(params.getAll('threshold')),
  }
}

function readThresholds(texts: readonly string[]): Map<string, number> {
  const thresholds = new Map<string, number>()
  for (const text of texts) {
    const at = text.lastIndexOf('=')
    const value = Number(text.slice(at + 1))
    if (at > 0 && text.slice(at + 1) !== '' && Number.isFinite(value)) thresholds.set(text.slice(0, at), value)
  }
  return thresholds
}

/** The parameter of the limit; the usual one leaves none. */
export function seriesText(seriesMax: number): string | null {
  return seriesMax === SERIES_LIMIT ? null : String(seriesMax)
}

export function thresholdTexts(thresholds: ReadonlyMap<string, number>): string[] {
  return [...thresholds].map(([metric, value]) => `${metric}=${value}`)
}
