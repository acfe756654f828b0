import {
  type Clock,
  err,
  type Fault,
  fault,
  foreign,
  hexBytes,
  hexText,
  type NsRange,
  ok,
  parseDurationMs,
  type Result,
} from '@vantage/model'

const S_NS = 1_000_000_000n
const MS_NS = 1_000_000n

/** A time as Tempo takes it: unix seconds with or without fraction, unix ms, unix ns (told by size), or RFC 3339. */
export function parseTimeNs(name: string, text: string | null): Result<bigint | undefined, Fault> {
  if (text === null || text === '') return ok(undefined)
  if (/^\d{16,19}$/.test(text)) return ok(BigInt(text))
  if (/^\d{12,15}$/.test(text)) return ok(BigInt(text) * MS_NS)
  const seconds = /^(\d{1,11})(?:\.(\d{1,9})\d*)?$/.exec(text)
  if (seconds !== null) return ok(BigInt(seconds[1] as string) * S_NS + BigInt((seconds[2] ?? '').padEnd(9, '0')))
  const timeMs = Date.parse(text)
  if (!Number.isNaN(timeMs)) return ok(BigInt(timeMs) * MS_NS)
  return err(fault('bad_request', `${name}: want unix seconds or RFC 3339, got ${JSON.stringify(foreign(text))}`))
}

/** `start` and `end`; without them the last `defaultSeconds` until now. The end is exclusive. */
export function parseRange(params: URLSearchParams, clock: Clock, defaultSeconds: number): Result<NsRange, Fault> {
  const [start, end] = ['start', 'end'].map((name) => parseTimeNs(name, params.get(name))) as [
    ReturnType<typeof parseTimeNs>,
    ReturnType<typeof parseTimeNs>,
  ]
  if (!start.ok) return start
  if (!end.ok) return end
  const since = parseSpan('since', params.get('since'))
  if (!since.ok) return since
  const endNs = end.value ?? BigInt(Math.ceil(clock.nowMs())) * MS_NS
  const startNs = start.value ?? endNs - (since.value ?? BigInt(defaultSeconds) * S_NS)
  if (startNs <= endNs) return ok({ startNs, endNs })
  return err(fault('bad_request', 'want start before end'))
}

const GO_UNIT_NS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3_600e9 }
const GO_DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/
const GO_PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g

/** A length of time in ns: `1d`, `1.5s`, `300us`, or plain seconds. */
export function parseSpan(name: string, text: string | null): Result<bigint | undefined, Fault> {
  if (text === null || text === '') return ok(undefined)
  if (/^\d+(\.\d+)?$/.test(text)) return ok(BigInt(Math.round(Number(text) * 1e9)))
  const ms = parseDurationMs(text)
  if (ms !== undefined) return ok(BigInt(ms) * MS_NS)
  if (text.length <= 64 && GO_DURATION.test(text)) {
    const parts = [...text.matchAll(GO_PART)]
    const ns = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (GO_UNIT_NS[unit as string] as number), 0)
    return ok(BigInt(Math.round(ns)))
  }
  return err(fault('bad_request', `${name}: want a duration such as 1m30s, got ${JSON.stringify(foreign(text))}`))
}

/** @param zero what 0 stands for; all that are allowed unless told otherwise */
export function parseCount(
  name: string,
  text: string | null,
  byDefault: number,
  max: number,
  zero = max,
): Result<number, Fault> {
  if (text === null || text === '') return ok(byDefault)
  const count = /^\d{1,9}$/.test(text) ? Number(text) : -1
  if (count >= 0 && count <= max) return ok(count === 0 ? zero : count)
  return err(fault('bad_request', `${name}: want a number from 0 to ${max}, got ${JSON.stringify(foreign(text))}`))
}

/** A trace id in hex, with or without the zeros that lead it. @returns 32 lower-case digits */
export function parseTraceId(text: string): Result<string, Fault> {
  const bytes = text === '' ? undefined : hexBytes(text.padStart(32, '0'), 16)
  if (bytes !== undefined) return ok(hexText(bytes, 0, 16))
  return err(fault('bad_request', `trace id: want at most 32 hex digits, got ${JSON.stringify(foreign(text))}`))
}

/** A text as a TraceQL string. */
export function quotedText(text: string): string {
  return JSON.stringify(text.toWellFormed())
}

/** An attribute's name as TraceQL quotes it. */
export function quotedName(name: string): string {
  return `"${name.replaceAll(/["\\]/g, '\\$&')}"`
}

/** A condition on an attribute whose value is known as text only: it may be stored as a text, a number or a boolean. */
export function textCondition(field: string, text: string): string {
  const quoted = `${field} = ${quotedText(text)}`
  const isPlain = /^-?\d{1,18}(\.\d{1,18})?$/.test(text) || text === 'true' || text === 'false'
  return isPlain ? `(${quoted} || ${field} = ${text})` : quoted
}
