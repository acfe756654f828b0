import { hexBytes, type LogBatch } from '@vantage/model'

/** What a line may say of itself lies in its first bytes. */
const HEAD_BYTES = 1_024

/** Severity numbers of the words that loggers use. Source: opentelemetry-proto logs/v1; RFC 5424 section 6.2.1. */
const SEVERITIES: Readonly<Record<string, number>> = {
  trace: 1,
  trc: 1,
  debug: 5,
  dbg: 5,
  info: 9,
  inf: 9,
  information: 9,
  informational: 9,
  notice: 10,
  warn: 13,
  wrn: 13,
  warning: 13,
  error: 17,
  err: 17,
  critical: 21,
  crit: 21,
  fatal: 21,
  panic: 21,
  alert: 22,
  emerg: 23,
  emergency: 23,
}

/** pino and bunyan write levels as numbers. */
const NUMBERS: Readonly<Record<string, number>> = { 10: 1, 20: 5, 30: 9, 40: 13, 50: 17, 60: 21 }

/** `"level":"error"`, `level=error`, `severity: WARN`. */
const LEVEL_FIELD =
  /(?:^|[\s,{"'])(?:level|lvl|severity|severity_text|severityText|log\.level|loglevel)["']?\s*[:=]\s*["']?([A-Za-z]+|\d{2}(?!\d))/i

/** A word of its own in capitals, or in brackets. */
const LEVEL_WORD =
  /(?:^|[\s|:>])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|CRIT|FATAL|PANIC|ALERT|EMERG)(?=$|[\s|:,\]])|[[<(](trace|debug|info|notice|warn|warning|error|err|critical|crit|fatal|panic|alert|emerg)[\])>]/

const TRACE_FIELD = /(?:trace[_.]?id|traceID)["']?\s*[:=]\s*["']?([0-9a-f]{32})(?![0-9a-f])/i
const SPAN_FIELD = /(?:span[_.]?id|spanID)["']?\s*[:=]\s*["']?([0-9a-f]{16})(?![0-9a-f])/i
/** Source: W3C Trace Context, section 3.2. */
const TRACEPARENT = /(?<![0-9a-f])[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?![0-9a-f])/

/** `"time":"2026-01-02T03:04:05.678Z"`, `ts=…`, or at the start of the line. */
const TIME =
  /(?:(?:^|[\s,{"'])(?:time|timestamp|ts|@timestamp)["']?\s*[:=]\s*["']?|^\[?)(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)/

/**
 * Fills in what a row's sender left out and its line says: severity, trace and span id, time. JSON, logfmt and plain
 * lines. What the sender said stays. The same line always says the same, so that a replay finds it again.
 */
export function readLine(batch: LogBatch, row: number): void {
  const { columns } = batch
  const lacksIds = isEmptyId(columns.traceIds, row)
  const lacksSeverity = columns.severities[row] === 0
  const lacksTime = columns.times[row] === 0n
  if (!lacksIds && !lacksSeverity && !lacksTime) return
  const { bytes, from, to } = columns.bodies
  const start = from[row] as number
  const length = Math.min((to[row] as number) - start, HEAD_BYTES)
  if (length === 0) return
  const head = Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1')
  if (lacksSeverity) columns.severities[row] = severityOf(head)
  if (lacksIds) readIds(batch, row, head)
  if (lacksTime) columns.times[row] = timeOf(head)
}

function isEmptyId(traceIds: Uint8Array, row: number): boolean {
  for (let i = row * 16; i < row * 16 + 16; i++) if (traceIds[i] !== 0) return false
  return true
}

/** @returns 1 … 24, 0 where the line says none */
export function severityOf(head: string): number {
  const field = LEVEL_FIELD.exec(head)?.[1]
  const named = field === undefined ? 0 : severityOfWord(field)
  if (named > 0) return named
  const word = LEVEL_WORD.exec(head)
  return word === null ? 0 : severityOfWord((word[1] ?? word[2]) as string)
}

/** @returns 1 … 24 of a word or number that loggers use, 0 of others */
export function severityOfWord(word: string): number {
  return SEVERITIES[word.toLowerCase()] ?? NUMBERS[word] ?? 0
}

function readIds(batch: LogBatch, row: number, head: string): void {
  const parent = TRACEPARENT.exec(head)
  const traceId = TRACE_FIELD.exec(head)?.[1] ?? parent?.[1]
  if (traceId === undefined) return
  const trace = hexBytes(traceId, 16)
  if (trace === undefined || /^0+$/.test(traceId)) return
  batch.columns.traceIds.set(trace, row * 16)
  const spanId = SPAN_FIELD.exec(head)?.[1] ?? (parent?.[1] === traceId ? parent[2] : undefined)
  const span = spanId === undefined ? undefined : hexBytes(spanId, 8)
  if (span !== undefined) batch.columns.spanIds.set(span, row * 8)
}

/** Times without a zone are UTC. @returns unix ns, 0 where the line says none */
export function timeOf(head: string): bigint {
  const text = TIME.exec(head)?.[1]
  if (text === undefined) return 0n
  const [, seconds = '', fraction = '', zone = ''] = /^([\d-]+[T ][\d:]+)(?:[.,](\d+))?(.*)$/.exec(text) ?? []
  const atMs = Date.parse(`${seconds.replace(' ', 'T')}${zone === '' ? 'Z' : zone}`)
  if (Number.isNaN(atMs)) return 0n
  return BigInt(atMs) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}
