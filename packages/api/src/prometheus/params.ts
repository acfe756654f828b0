import { err, type Fault, fault, foreign, ok, parseDurationMs, type Result, type SeriesScan } from '@vantage/model'
import { type EngineOptions, parsePromql } from '@vantage/query/promql'

/** Times outside this are not dates that anyone means (years −271821 to 275760), as unix ms. */
const TIME_MAX_MS = 8.64e15

function bad(message: string): { readonly ok: false; readonly error: Fault } {
  return err(fault('bad_request', message, { reason: 'bad_data' }))
}

/** A time as the Prometheus API takes it: unix seconds with a fraction, or RFC 3339. */
export function parseTime(name: string, text: string | null, fallbackMs: number): Result<number> {
  if (text === null || text === '') return ok(fallbackMs)
  const trimmed = text.trim()
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) {
    const timeMs = Math.round(Number(trimmed) * 1000)
    if (Math.abs(timeMs) <= TIME_MAX_MS) return ok(timeMs)
  }
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(trimmed)) {
    const timeMs = Date.parse(trimmed)
    if (!Number.isNaN(timeMs)) return ok(timeMs)
  }
  return bad(`invalid parameter "${name}": cannot parse ${JSON.stringify(foreign(text))} to a valid timestamp`)
}

/** A duration: seconds as a number, or a Prometheus duration. */
export function parseStep(name: string, text: string): Result<number> {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    const durationMs = Math.round(Number(text) * 1000)
    if (Number.isFinite(durationMs)) return ok(durationMs)
  }
  const durationMs = parseDurationMs(text)
  if (durationMs === undefined) {
    return bad(`invalid parameter "${name}": cannot parse ${JSON.stringify(foreign(text))} to a valid duration`)
  }
  return ok(durationMs)
}

export function parseLimit(text: string | null, name = 'limit'): Result<number> {
  if (text === null || text === '') return ok(0)
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 0) return ok(limit)
  return bad(`invalid parameter "${name}": want a whole number from 0, got ${JSON.stringify(foreign(text))}`)
}

export function parseLookback(text: string | null): Result<number | undefined> {
  if (text === null || text === '') return ok(undefined)
  const parsed = parseStep('lookback_delta', text)
  if (parsed.ok && parsed.value <= 0) return bad('invalid parameter "lookback_delta": want more than 0')
  return parsed
}

/** Selectors (`match[]`) as scans over a range. Metric names with metric selectors only, as upstream. */
export function parseSelectors(
  texts: readonly string[],
  range: { readonly startMs: number; readonly endMs: number },
  options: EngineOptions,
  name = 'match[]',
): Result<SeriesScan[]> {
  const scans: SeriesScan[] = []
  for (const text of texts) {
    const parsed = parsePromql(text, options)
    if (!parsed.ok) return bad(`invalid parameter "${name}": ${parsed.error.message}`)
    if (parsed.value.kind !== 'vectorSelector') {
      return bad(`invalid parameter "${name}": want a series selector, got ${JSON.stringify(foreign(text))}`)
    }
    scans.push({ matchers: parsed.value.matchers, ...range })
  }
  return ok(scans)
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
])

/** Absent and empty are false; the forms are those of Go's strconv.ParseBool. */
export function parseBoolean(name: string, text: string | null): Result<boolean> {
  if (text === null || text === '') return ok(false)
  const value = BOOLEANS.get(text)
  if (value !== undefined) return ok(value)
  return bad(`invalid parameter "${name}": want true or false, got ${JSON.stringify(foreign(text))}`)
}
