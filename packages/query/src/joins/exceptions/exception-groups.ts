import { createHash } from 'node:crypto'
import { hexText, isZero, type LogBlock, NO_ORIGIN, type NsRange, type SpanBlock, valueText } from '@vantage/model'
import { findAttribute } from '../../traceql/evaluate/attribute-bytes.ts'
import { SpanView } from '../../traceql/evaluate/span-view.ts'
import { eventText, ServiceNames } from '../../traces/span-facts.ts'

/** Exceptions that are alike: the same type at the same place, with messages that differ in numbers and quoted parts. */
export interface ExceptionGroup {
  /** 16 hex digits; the same for the same exceptions at any time. */
  readonly fingerprint: string
  /** `exception.type`. */
  readonly type: string
  readonly count: number
  readonly firstNs: bigint
  readonly lastNs: bigint
  /** Most frequent first. */
  readonly services: readonly { readonly service: string; readonly count: number }[]
  /** Events of spans, and log records; what both tell counts once. */
  readonly ofSpans: number
  readonly ofLogs: number
  /** How many there were in each of TREND_STEPS equal parts of the time that was asked for. */
  readonly trend: readonly number[]
  readonly newest: Sample
}

/** One exception of a group. */
export interface Sample {
  readonly service: string
  readonly message: string
  readonly stacktrace: string
  /** '' of a log record that belongs to none. */
  readonly traceId: string
  readonly spanId: string
  /** Name of the span; '' of a log record. */
  readonly operation: string
}

interface Exception extends Sample {
  readonly type: string
  readonly timeNs: bigint
}

interface Group {
  readonly fingerprint: string
  readonly type: string
  count: number
  ofLogs: number
  firstNs: bigint
  lastNs: bigint
  readonly services: Map<string, number>
  readonly trend: number[]
  newest: Sample
}

const TREND_STEPS = 40
/** Groups told apart; exceptions beyond them are one group of the type `other`. */
const GROUPS_MAX = 2_000
const OTHER = 'other'
/** Services counted in one group. */
const SERVICES_MAX = 50
/** Spans whose exceptions are remembered, so that log records of the same are not counted again. */
const SPANS_MAX = 100_000
const MESSAGE_CHARS_MAX = 200
const STACK_CHARS_MAX = 16 * 1024

const KEYS = ['type', 'message', 'stacktrace'].map((name) => ({
  dotted: Buffer.from(`exception.${name}`),
  /** As structured metadata of Loki's clients has it. */
  plain: Buffer.from(`exception_${name}`),
}))

/** Groups exceptions of spans and log records. Spans come first. Source: OpenTelemetry semantic conventions, "Exceptions". */
export class ExceptionGroups {
  readonly #groups = new Map<string, Group>()
  readonly #names = new ServiceNames()
  readonly #view = new SpanView()
  /** Span ids with the fingerprints of their exceptions. */
  readonly #seen = new Set<string>()
  readonly #service: string | undefined
  readonly #range: NsRange
  /** True where there are more groups than are told apart. */
  isCut = false

  /** @param service only of this one; undefined = all */
  constructor(service: string | undefined, range: NsRange) {
    this.#service = service
    this.#range = range
  }

  addSpans({ columns, rows, origins }: SpanBlock): void {
    const view = this.#view
    const { from, to } = columns.events
    for (const row of rows) {
      if (from[row] === to[row]) continue
      view.moveTo(columns, origins, row)
      const service = this.#names.of(view.origin)
      if (!this.#isWanted(service)) continue
      for (const { name, attributes, timeUnixNs } of view.events) {
        if (name !== 'exception') continue
        const [type = '', message = '', stacktrace = ''] = KEYS.map(({ dotted }) =>
          eventText(attributes, dotted.toString()),
        )
        const timeNs = timeUnixNs === 0n ? view.startNs : timeUnixNs
        const { traceId, spanId } = view
        const added = this.#add({ type, message, stacktrace, timeNs, service, traceId, spanId, operation: view.name })
        if (this.#seen.size < SPANS_MAX) this.#seen.add(spanId + added.fingerprint)
      }
    }
  }

  addLogs({ columns, rows, origins }: LogBlock): void {
    const { bytes, from, to } = columns.attributes
    for (const row of rows) {
      const [start, end] = [from[row] as number, to[row] as number]
      if (start === end) continue
      const [type = '', message = '', stacktrace = ''] = KEYS.map(({ dotted, plain }) => {
        const value = findAttribute(bytes, start, end, dotted) ?? findAttribute(bytes, start, end, plain)
        return value === undefined ? '' : valueText(value)
      })
      if (type === '' && message === '') continue
      const service = this.#names.of(origins[columns.origins[row] as number] ?? NO_ORIGIN)
      if (!this.#isWanted(service)) continue
      const spanId = idOf(columns.spanIds, row, 8)
      if (spanId !== '' && this.#seen.has(spanId + fingerprintOf(type, message, stacktrace))) continue
      const [timeNs, traceId] = [columns.times[row] as bigint, idOf(columns.traceIds, row, 16)]
      const group = this.#add({ type, message, stacktrace, timeNs, service, traceId, spanId, operation: '' })
      group.ofLogs++
    }
  }

  /** @returns those that were seen last first */
  finish(): ExceptionGroup[] {
    return [...this.#groups.values()]
      .map(({ services, ...group }) => ({
        ...group,
        ofSpans: group.count - group.ofLogs,
        services: [...services].map(([service, count]) => ({ service, count })).sort((a, b) => b.count - a.count),
      }))
      .sort((a, b) => (a.lastNs < b.lastNs ? 1 : a.lastNs > b.lastNs ? -1 : 0))
  }

  #isWanted(service: string): boolean {
    return this.#service === undefined || this.#service === service
  }

  #add({ type, timeNs, ...sample }: Exception): Group {
    const group = this.#groupOf(type, fingerprintOf(type, sample.message, sample.stacktrace), timeNs, sample)
    group.count++
    const step = this.#stepOf(timeNs)
    group.trend[step] = (group.trend[step] as number) + 1
    const known = group.services.get(sample.service)
    if (known !== undefined || group.services.size < SERVICES_MAX) group.services.set(sample.service, (known ?? 0) + 1)
    if (timeNs < group.firstNs) group.firstNs = timeNs
    if (timeNs > group.lastNs) {
      group.lastNs = timeNs
      group.newest = sample
    }
    return group
  }

  /** The part of the range; events may lie a little outside of it, as their spans do not. */
  #stepOf(timeNs: bigint): number {
    const { startNs, endNs } = this.#range
    const step = Math.floor((Number(timeNs - startNs) / Math.max(1, Number(endNs - startNs))) * TREND_STEPS)
    return Math.min(TREND_STEPS - 1, Math.max(0, step))
  }

  #groupOf(type: string, fingerprint: string, timeNs: bigint, sample: Sample): Group {
    const known = this.#groups.get(fingerprint)
    if (known !== undefined) return known
    if (this.#groups.size >= GROUPS_MAX && fingerprint !== OTHER) {
      this.isCut = true
      return this.#groupOf(OTHER, OTHER, timeNs, sample)
    }
    const times = { firstNs: timeNs, lastNs: timeNs }
    const trend = new Array<number>(TREND_STEPS).fill(0)
    const group: Group = {
      fingerprint,
      type,
      count: 0,
      ofLogs: 0,
      ...times,
      services: new Map(),
      trend,
      newest: sample,
    }
    this.#groups.set(fingerprint, group)
    return group
  }
}

function idOf(ids: Uint8Array, row: number, width: number): string {
  const at = row * width
  return isZero(ids, at, at + width) ? '' : hexText(ids, at, at + width)
}

function fingerprintOf(type: string, message: string, stacktrace: string): string {
  const text = [type, shapeOf(message), placeOf(stacktrace)].join('\n')
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** A message with its numbers, ids and quoted parts left out. */
function shapeOf(message: string): string {
  return message.slice(0, MESSAGE_CHARS_MAX).replaceAll(/"[^"]*"|'[^']*'|\b[0-9a-fA-F-]{8,}\b|\d+/g, '#')
}

/** The innermost frame: the first line of a stack trace that names a place, without its numbers. */
function placeOf(stacktrace: string): string {
  const lines = stacktrace.slice(0, STACK_CHARS_MAX).split('\n')
  const frame = lines.find((line) => /^\s*(at |File "|goroutine |\S+\()/.test(line)) ?? ''
  return frame.trim().replaceAll(/\d+/g, '#')
}
