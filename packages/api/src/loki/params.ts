import { err, type Fault, fault, foreign, ok, parseDurationMs, type Result } from '@vantage/model'

const NS_PER_MS = 1_000_000n
const NS_PER_SECOND = 1_000_000_000n
/** Times outside this are not dates that anyone means (years −271821 to 275760). */
const TIME_MAX_MS = 8.64e15

function bad(message: string): { readonly ok: false; readonly error: Fault } {
  return err(fault('bad_request', message, { reason: 'bad_data' }))
}

export function msToNs(timeMs: number): bigint {
  return BigInt(Math.round(timeMs)) * NS_PER_MS
}

/**
 * A time as Loki's API takes it: unix ns; up to ten digits or with a point unix seconds; or RFC 3339.
 * @returns unix ns. Source: grafana/loki docs/sources/reference/loki-http-api.md, "Timestamps".
 */
export function parseTimeNs(name: string, text: string | null, fallbackNs: bigint): Result<bigint> {
  if (text === null || text === '') return ok(fallbackNs)
  const trimmed = text.trim()
  if (/^-?\d{1,19}$/.test(trimmed)) {
    return ok(trimmed.length <= 10 ? BigInt(trimmed) * NS_PER_SECOND : BigInt(trimmed))
  }
  if (/^-?\d{1,12}\.\d*$/.test(trimmed)) return ok(decimalSeconds(trimmed))
  if (/^\d(?:\.\d+)?e[+-]?\d{1,2}$/i.test(trimmed)) {
    const timeMs = Number(trimmed) * 1000
    if (Math.abs(timeMs) <= TIME_MAX_MS) return ok(msToNs(timeMs))
  }
  const date = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i.exec(trimmed)
  const seconds = date === null ? Number.NaN : Date.parse(`${date[1]}${date[3]}`)
  if (date === null || Number.isNaN(seconds)) {
    return bad(
      `invalid parameter "${name}": want unix nanoseconds, seconds or RFC 3339, got ${JSON.stringify(foreign(text))}`,
    )
  }
  return ok(msToNs(seconds) + BigInt((date[2] ?? '.').slice(1).padEnd(9, '0')))
}

function decimalSeconds(text: string): bigint {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.')
  const ns = BigInt(whole) * NS_PER_SECOND + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  return text.startsWith('-') ? -ns : ns
}

/** A duration: seconds as a number, or `5m`, `1h30m`. @returns ns, more than 0; undefined where nothing was given */
export function parseDurationNs(name: string, text: string | null): Result<bigint | undefined> {
  if (text === null || text === '') return ok(undefined)
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined
  const durationMs = seconds === undefined ? parseDurationMs(text) : seconds * 1000
  if (durationMs === undefined || durationMs <= 0 || durationMs > TIME_MAX_MS) {
    return bad(`invalid parameter "${name}": want a duration of more than 0, got ${JSON.stringify(foreign(text))}`)
  }
  return ok(BigInt(Math.round(durationMs * 1e6)))
}

export interface NsSpan {
  readonly startNs: bigint
  readonly endNs: bigint
}

/** `start`, `end` and `since`. @param spanNs how far the range reaches back where nothing is said */
export function parseSpan(params: URLSearchParams, nowNs: bigint, spanNs: bigint): Result<NsSpan> {
  const end = parseTimeNs('end', params.get('end'), nowNs)
  if (!end.ok) return end
  const since = parseDurationNs('since', params.get('since'))
  if (!since.ok) return since
  // A range that ends in the future begins before now.
  const latestNs = end.value < nowNs ? end.value : nowNs
  const start = parseTimeNs('start', params.get('start'), latestNs - (since.value ?? spanNs))
  if (!start.ok) return start
  if (end.value < start.value) return bad('invalid parameter "end": end timestamp must not be before start time')
  return ok({ startNs: start.value, endNs: end.value })
}

export function parseCount(name: string, text: string | null, fallback: number, max: number): Result<number> {
  if (text === null || text === '') return ok(fallback)
  const count = Number(text)
  if (!/^\d+$/.test(text) || count <= 0) {
    return bad(`invalid parameter "${name}": want a whole number of more than 0, got ${JSON.stringify(foreign(text))}`)
  }
  if (count > max) return bad(`invalid parameter "${name}": want at most ${max}, got ${count}`)
  return ok(count)
}

export function parseDirection(text: string | null): Result<'forward' | 'backward'> {
  const direction = (text ?? '').toLowerCase()
  if (direction === '' || direction === 'backward') return ok('backward')
  if (direction === 'forward') return ok('forward')
  return bad(`invalid parameter "direction": want forward or backward, got ${JSON.stringify(foreign(text ?? ''))}`)
}
