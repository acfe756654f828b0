/** Relative distance of two values that counts as equal: sums of the same numbers in another order differ by less. */
const TOLERANCE = 1e-9

type ApiPoint = readonly [seconds: number, text: string]

export interface ApiSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: ApiPoint
  readonly values?: readonly ApiPoint[]
}

/** The answer of `/api/v1/query` or `/api/v1/query_range`, as far as it is compared. */
export type ApiAnswer =
  | { readonly status: 'error'; readonly error: string }
  | { readonly status: 'success'; readonly data: ApiData }

interface ApiData {
  readonly resultType: 'vector' | 'matrix' | 'scalar' | 'string'
  /** Series, or one point where the type is scalar or string. */
  readonly result: readonly ApiSeries[] | ApiPoint
}

/**
 * @param isOrdered the order of the series is part of the answer
 * @returns the first difference, '' where there is none
 */
export function compareAnswers(ours: ApiAnswer, theirs: ApiAnswer, isOrdered: boolean): string {
  if (theirs.status === 'error') return `Prometheus refuses it: ${theirs.error}`
  if (ours.status === 'error') return `refused: ${ours.error}`
  if (ours.data.resultType !== theirs.data.resultType) {
    return `want a ${theirs.data.resultType}, got a ${ours.data.resultType}`
  }
  const [ourSeries, theirSeries] = [seriesOf(ours.data), seriesOf(theirs.data)]
  if (theirSeries.length === 0) return 'Prometheus finds nothing: the query proves nothing'
  const [ourByKey, theirByKey] = [byKey(ourSeries), byKey(theirSeries)]
  for (const key of theirByKey.keys()) if (!ourByKey.has(key)) return `want series ${key}, got ${ourByKey.size} others`
  for (const key of ourByKey.keys()) if (!theirByKey.has(key)) return `want no series ${key}`
  for (const [key, series] of theirByKey) {
    const difference = comparePoints(pointsOf(ourByKey.get(key) as ApiSeries), pointsOf(series))
    if (difference !== '') return `${key}: ${difference}`
  }
  return isOrdered ? compareOrder(ourSeries) : ''
}

function seriesOf({ resultType, result }: ApiData): readonly ApiSeries[] {
  if (resultType === 'vector' || resultType === 'matrix') return result as readonly ApiSeries[]
  return [{ metric: {}, value: result as ApiPoint }]
}

function byKey(series: readonly ApiSeries[]): Map<string, ApiSeries> {
  return new Map(series.map((one) => [keyOf(one.metric), one]))
}

function keyOf(metric: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`
}

function pointsOf({ value, values }: ApiSeries): readonly ApiPoint[] {
  return values ?? (value === undefined ? [] : [value])
}

function comparePoints(ours: readonly ApiPoint[], theirs: readonly ApiPoint[]): string {
  if (ours.length !== theirs.length) return `want ${theirs.length} points, got ${ours.length}`
  for (const [i, [theirSeconds, theirText]] of theirs.entries()) {
    const [ourSeconds, ourText] = ours[i] as ApiPoint
    if (Math.round(ourSeconds * 1000) !== Math.round(theirSeconds * 1000)) {
      return `want a point at ${theirSeconds}, got one at ${ourSeconds}`
    }
    if (!isEqual(ourText, theirText)) return `at ${theirSeconds} want ${theirText}, got ${ourText}`
  }
  return ''
}

function isEqual(ours: string, theirs: string): boolean {
  if (ours === theirs) return true
  const [a, b] = [toNumber(ours), toNumber(theirs)]
  if (Number.isNaN(a) || Number.isNaN(b) || !Number.isFinite(a) || !Number.isFinite(b)) return false
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b))
}

function toNumber(text: string): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text)
}

/** Equal values may stand in any order, so it is our own order that is judged, up or down. */
function compareOrder(series: readonly ApiSeries[]): string {
  const values = series.flatMap((one) => pointsOf(one).map(([, text]) => toNumber(text)))
  const isRising = values.every((value, i) => i === 0 || value >= (values[i - 1] as number))
  const isFalling = values.every((value, i) => i === 0 || value <= (values[i - 1] as number))
  return isRising || isFalling ? '' : 'want sorted values'
}
