import { parseBytes, parseGoDuration } from '../language/units.ts'
import type { FunctionTable, TemplateFunction } from './function.ts'
import { formatTime, parseTime, utc } from './time-layout.ts'
import { asText, floorDiv, isTime, TemplateError, type TimeValue, type Value } from './value.ts'

/** Where Go's zero time lies. */
const ZERO_TIME = utc(-62_135_596_800_000_000_000n)
const NS_PER_SECOND = 1_000_000_000n

/** Numbers are seconds. Source: Masterminds/sprig date.go. */
function asTime(value: Value): TimeValue {
  if (isTime(value)) return value
  if (typeof value === 'bigint') return utc(value * NS_PER_SECOND)
  throw new TemplateError(`want a time, got ${asText(value)}`)
}

function epoch(perSecond: bigint): TemplateFunction {
  const unitNs = NS_PER_SECOND / perSecond
  return { min: 1, max: 1, run: ([value]) => String(floorDiv(asTime(value).unixNs, unitNs)) }
}

/** Digits of a number tell its unit: days, seconds, milliseconds, microseconds or nanoseconds. */
const UNIT_NS_BY_DIGITS: Readonly<Record<number, bigint>> = {
  5: 86_400n * NS_PER_SECOND,
  10: NS_PER_SECOND,
  13: 1_000_000n,
  16: 1_000n,
  19: 1n,
}

function unixToTime(value: Value): TimeValue {
  const text = asText(value)
  const unitNs = UNIT_NS_BY_DIGITS[text.length]
  if (!/^\d+$/.test(text) || unitNs === undefined) {
    throw new TemplateError(`unable to parse time '${text}': want 5, 10, 13, 16 or 19 digits`)
  }
  return utc(BigInt(text) * unitNs)
}

function seconds(value: Value): number {
  const parsed = parseGoDuration(asText(value))
  if (!parsed.ok) throw new TemplateError(parsed.message)
  return parsed.value / 1e9
}

function bytes(value: Value): bigint {
  const parsed = parseBytes(asText(value))
  if (!parsed.ok) throw new TemplateError(parsed.message)
  return BigInt(Number.isFinite(parsed.value) ? parsed.value : 0)
}

/** Source: grafana/loki template_functions.md, "Date and time". */
export const timeFunctions: FunctionTable = {
  __timestamp__: { min: 0, max: 0, run: (_, { row }) => utc(row.timeNs) },
  now: { min: 0, max: 0, run: (_, { nowNs }) => utc(nowNs) },
  date: { min: 2, max: 2, run: ([layout, time]) => formatTime(asTime(time), asText(layout)) },
  toDate: { min: 2, max: 2, run: ([layout, text]) => parseTime(asText(layout), asText(text), 'UTC') ?? ZERO_TIME },
  toDateInZone: {
    min: 3,
    max: 3,
    run: ([layout, zone, text]) => parseTime(asText(layout), asText(text), asText(zone)) ?? ZERO_TIME,
  },
  unixEpoch: epoch(1n),
  unixEpochMillis: epoch(1_000n),
  unixEpochNanos: epoch(1_000_000_000n),
  unixToTime: { min: 1, max: 1, run: ([value]) => unixToTime(value) },
  bytes: { min: 1, max: 1, run: ([value]) => bytes(value) },
  duration: { min: 1, max: 1, run: ([value]) => seconds(value) },
  duration_seconds: { min: 1, max: 1, run: ([value]) => seconds(value) },
}
