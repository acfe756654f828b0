import type { DifferenceQuestion } from '@vantage/api/client'
import type { TimeSpan } from '@vantage/charts'
import type { SearchChange } from '../app/router.ts'

/** Against what a region is held: the time around it, the time before, or the others of the same time. */
export const AGAINST = ['around', 'previous', 'rest'] as const
export type Against = (typeof AGAINST)[number]

/** What is explained, as the URL holds it. */
export interface Explained {
  readonly signal: DifferenceQuestion['signal']
  readonly query: string
  /** '' = everything. */
  readonly scope: string
  readonly region: TimeSpan
  readonly against: Against
  /** The time around the region. */
  readonly around: TimeSpan
  /** Of a box on a heatmap: its values, which the query says in words of its own. */
  readonly values?: { readonly low: number; readonly high: number } | undefined
}

/** Parameters of the page, whatever part of it asks. */
const PARAM = { query: 'explain', signal: 'explain.of', scope: 'explain.in', region: 'explain.at' } as const
const [AGAINST_PARAM, AROUND_PARAM, VALUES_PARAM] = ['explain.vs', 'explain.around', 'explain.values']

export const EXPLAIN_PARAM = PARAM.query
export const REGION_PARAM = PARAM.region
export const NOTHING_EXPLAINED: SearchChange = Object.fromEntries(
  [...Object.values(PARAM), AGAINST_PARAM, AROUND_PARAM, VALUES_PARAM].map((name) => [name, null]),
)

export function explainChange({ signal, query, scope, region, against, around, values }: Explained): SearchChange {
  return {
    [PARAM.query]: query,
    [PARAM.signal]: signal === 'spans' ? null : signal,
    [PARAM.scope]: scope === '' ? null : scope,
    [PARAM.region]: spanText(region),
    [AGAINST_PARAM]: against === 'around' ? null : against,
    [AROUND_PARAM]: spanText(around),
    [VALUES_PARAM]: values === undefined ? null : `${values.low},${values.high}`,
  }
}

/** @returns undefined where the URL explains nothing that can be read */
export function explainedOf(params: URLSearchParams): Explained | undefined {
  const query = params.get(PARAM.query)
  const region = spanOf(params.get(PARAM.region))
  if (query === null || region === undefined) return undefined
  const against = params.get(AGAINST_PARAM) as Against
  return {
    signal: params.get(PARAM.signal) === 'logs' ? 'logs' : 'spans',
    query,
    scope: params.get(PARAM.scope) ?? '',
    region,
    against: AGAINST.includes(against) ? against : 'around',
    around: spanOf(params.get(AROUND_PARAM)) ?? region,
    values: valuesOf(params.get(VALUES_PARAM)),
  }
}

/** What is asked of the server. A region without anything around it is held against the time before. */
export function questionOf({ signal, query, scope, region, against, around }: Explained): DifferenceQuestion {
  const isAlone = around.startMs >= region.startMs && around.endMs <= region.endMs
  const baseline = against !== 'around' ? against : isAlone ? 'previous' : around
  return { signal, query, scope, ...region, baseline }
}

function valuesOf(text: string | null): Explained['values'] {
  const [low = Number.NaN, high = Number.NaN] = (text ?? '').split(',').map(Number)
  return low < high ? { low, high } : undefined
}

function spanText({ startMs, endMs }: TimeSpan): string {
  return `${Math.floor(startMs)}-${Math.ceil(endMs)}`
}

/** `1700000000000-1700000060000` */
export function spanOf(text: string | null): TimeSpan | undefined {
  const [, start, end] = /^(\d{1,16})-(\d{1,16})$/.exec(text ?? '') ?? []
  const span = { startMs: Number(start), endMs: Number(end) }
  return span.endMs > span.startMs ? span : undefined
}
