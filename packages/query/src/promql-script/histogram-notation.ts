import {
  CUSTOM_BUCKETS_SCHEMA,
  EXPONENTIAL_SCHEMA_MAX,
  EXPONENTIAL_SCHEMA_MIN,
  type Histogram,
  RESET_HINT,
  type ResetHint,
} from '@vantage/model'
import { add, makeBuckets, subtract } from '@vantage/model/histograms'
import { NotationError } from './notation-error.ts'

const FIELD = /([a-z_]+):(\[[^\]]*\]|[^\s{}[\]]+)/g
const BODY = /^\{\{\s*((?:[a-z_]+:(?:\[[^\]]*\]|[^\s{}[\]]+)\s*)*)\}\}$/

const HINTS: Readonly<Record<string, ResetHint>> = {
  unknown: RESET_HINT.unknown,
  reset: RESET_HINT.reset,
  not_reset: RESET_HINT.notReset,
  gauge: RESET_HINT.gauge,
}

const NUMBER_FIELDS = ['schema', 'sum', 'count', 'z_bucket', 'z_bucket_w', 'offset', 'n_offset'] as const
const LIST_FIELDS = ['buckets', 'n_buckets', 'custom_values'] as const

/**
 * Reads `{{schema:1 count:4 sum:5 z_bucket:1 z_bucket_w:0.1 offset:-1 buckets:[1 2] n_offset:0 n_buckets:[1]
 * custom_values:[5 10] counter_reset_hint:gauge}}`; what is left out is zero or empty, bucket i of a list has the
 * index `offset + i`. Source: prometheus/prometheus docs/configuration/unit_testing_rules.md, "series".
 */
export function parseHistogram(text: string): Histogram {
  const body = BODY.exec(text)
  if (body === null) throw new NotationError(`want {{key:value …}}, got ${JSON.stringify(text)}`)
  const fields = new Map<string, string>()
  for (const [, key = '', value = ''] of (body[1] as string).matchAll(FIELD)) {
    if (fields.has(key)) throw new NotationError(`want ${key} once in ${JSON.stringify(text)}`)
    fields.set(key, value)
  }
  const known: readonly string[] = [...NUMBER_FIELDS, ...LIST_FIELDS, 'counter_reset_hint']
  for (const key of fields.keys()) {
    if (!known.includes(key)) throw new NotationError(`want one of ${known.join(', ')}, got ${key}`)
  }
  return build(fields)
}

function build(fields: ReadonlyMap<string, string>): Histogram {
  const number = (key: (typeof NUMBER_FIELDS)[number]) => toNumber(fields.get(key) ?? '0')
  const list = (key: (typeof LIST_FIELDS)[number]) => toNumbers(fields.get(key) ?? '[]')
  const schema = number('schema')
  const isExponential = schema >= EXPONENTIAL_SCHEMA_MIN && schema <= EXPONENTIAL_SCHEMA_MAX
  if (!Number.isInteger(schema) || (!isExponential && schema !== CUSTOM_BUCKETS_SCHEMA)) {
    throw new NotationError(`want a schema of −4 … 8 or −53, got ${schema}`)
  }
  const hint = fields.get('counter_reset_hint') ?? 'unknown'
  const resetHint = HINTS[hint]
  if (resetHint === undefined) throw new NotationError(`want a reset hint, got ${hint}`)
  return {
    schema,
    resetHint,
    count: number('count'),
    sum: number('sum'),
    zeroCount: number('z_bucket'),
    zeroThreshold: number('z_bucket_w'),
    positive: bucketsFrom(number('offset'), list('buckets')),
    negative: bucketsFrom(number('n_offset'), list('n_buckets')),
    customValues: Float64Array.from(list('custom_values')),
  }
}

function bucketsFrom(offset: number, counts: readonly number[]): Histogram['positive'] {
  if (!Number.isInteger(offset)) throw new NotationError(`want a whole offset, got ${offset}`)
  return makeBuckets(
    counts.map((_, i) => offset + i),
    counts,
  )
}

function toNumbers(text: string): number[] {
  if (!text.startsWith('[')) throw new NotationError(`want a list in brackets, got ${JSON.stringify(text)}`)
  const items = text.slice(1, -1).trim()
  return items === '' ? [] : items.split(/\s+/).map(toNumber)
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const INFINITE = /^([+-]?)inf(?:inity)?$/i

function toNumber(text: string): number {
  if (NUMBER.test(text)) return Number(text)
  const infinite = INFINITE.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return Number.NaN
  throw new NotationError(`want a number, got ${JSON.stringify(text)}`)
}

/** `count + 1` histograms, each the one before plus (or minus) the step. */
export function repeatHistogram(
  first: Histogram,
  step: Histogram | undefined,
  sign: string,
  count: number,
): Histogram[] {
  const out = [first]
  let last = first
  for (let i = 0; i < count; i++) {
    if (step !== undefined) last = stepFrom(last, step, sign)
    out.push(last)
  }
  return out
}

function stepFrom(last: Histogram, step: Histogram, sign: string): Histogram {
  const total = sign === '-' ? subtract(last, step) : add(last, step)
  if (total === undefined) throw new NotationError('want a step with buckets of the same kind')
  return total.histogram
}
