import { arrayAt, isRecord, type Json, labelsOf, numberAt, recordAt, textAt, textsOf } from './json.ts'

/** One log row as the page shows it. */
export interface LogLine {
  readonly timeNs: bigint
  readonly line: string
  /** Labels of its stream and its structured metadata. */
  readonly labels: Readonly<Record<string, string>>
}

/** One trace that a search found. */
export interface FoundTrace {
  readonly traceId: string
  readonly rootService: string
  readonly rootName: string
  readonly startNs: bigint
  readonly durationMs: number
  readonly matched: number
  readonly services: readonly { readonly name: string; readonly spans: number; readonly errors: number }[]
}

export interface TraceEvent {
  readonly timeNs: bigint
  readonly name: string
  readonly attributes: readonly (readonly [string, string])[]
}

/** One span with everything that it was sent with. */
export interface TraceSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  /** Place in SPAN_KINDS. */
  readonly kind: number
  readonly startNs: bigint
  readonly endNs: bigint
  readonly service: string
  readonly isError: boolean
  readonly statusMessage: string
  readonly attributes: readonly (readonly [string, string])[]
  readonly resource: readonly (readonly [string, string])[]
  readonly events: readonly TraceEvent[]
  readonly links: readonly TraceLink[]
}

/** Another span that this one names. */
export interface TraceLink {
  readonly traceId: string
  readonly spanId: string
  readonly attributes: readonly (readonly [string, string])[]
}

const STATUS_ERROR = 2

/** Reads the streams of Loki's answer, one list of lines, newest first or as `direction` asked for them. */
export function readLogLines(body: Json): LogLine[] {
  const lines = arrayAt(recordAt(body, 'data'), 'result')
    .filter(isRecord)
    .flatMap((stream) => {
      const labels = labelsOf(stream['stream'])
      return arrayAt(stream, 'values').flatMap((value): LogLine[] => {
        const [time, line] = Array.isArray(value) ? (value as unknown[]) : []
        if (typeof time !== 'string' || typeof line !== 'string' || !/^-?\d+$/.test(time)) return []
        return [{ timeNs: BigInt(time), line, labels }]
      })
    })
  return lines.sort((a, b) => (a.timeNs < b.timeNs ? 1 : a.timeNs > b.timeNs ? -1 : 0))
}

/** Reads a message of a followed query: its lines, newest first, and how many were left out since the last. */
export function readTailMessage(text: string): { readonly lines: LogLine[]; readonly dropped: number } {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  if (!isRecord(body)) return { lines: [], dropped: 0 }
  const lines = readLogLines({ data: { result: body['streams'] } })
  return { lines, dropped: arrayAt(body, 'dropped_entries').length }
}

/** Lines that are alike but for what varies. */
export interface LogPattern {
  /** `<_>` stands for what varies. */
  readonly pattern: string
  readonly level: string
  /** How many lines began in each step. */
  readonly samples: readonly { readonly timeMs: number; readonly count: number }[]
}

export function readPatterns(body: Json): LogPattern[] {
  return arrayAt(body, 'data')
    .filter(isRecord)
    .map((one) => ({
      pattern: textAt(one, 'pattern'),
      level: textAt(one, 'level'),
      samples: arrayAt(one, 'samples')
        .filter((sample): sample is [number, number] => Array.isArray(sample) && sample.length === 2)
        .map(([seconds, count]) => ({ timeMs: Number(seconds) * 1000, count: Number(count) })),
    }))
}

/** A label of rows, or what a parser reads from their lines. */
export interface LogField {
  readonly label: string
  /** string, int, float, boolean, duration or bytes. */
  readonly type: string
  /** Different values of the rows that were looked at. */
  readonly cardinality: number
  /** Stages that read it from a line; empty = it was sent with the row. */
  readonly parsers: readonly string[]
}

export function readFields(body: Json): LogField[] {
  return arrayAt(body, 'fields')
    .filter(isRecord)
    .map((one) => ({
      label: textAt(one, 'label'),
      type: textAt(one, 'type'),
      cardinality: numberAt(one, 'cardinality'),
      parsers: textsOf(arrayAt(one, 'parsers')),
    }))
}

/** Reads Tempo's answer to a search. */
export function readFoundTraces(body: Json): FoundTrace[] {
  return arrayAt(body, 'traces')
    .filter(isRecord)
    .map((trace) => ({
      traceId: textAt(trace, 'traceID'),
      rootService: textAt(trace, 'rootServiceName'),
      rootName: textAt(trace, 'rootTraceName'),
      startNs: longAt(trace, 'startTimeUnixNano'),
      durationMs: numberAt(trace, 'durationMs'),
      matched: numberAt(recordAt(trace, 'spanSet'), 'matched'),
      services: Object.entries(recordAt(trace, 'serviceStats')).map(([name, figures]) => ({
        name,
        spans: isRecord(figures) ? numberAt(figures, 'spanCount') : 0,
        errors: isRecord(figures) ? numberAt(figures, 'errorCount') : 0,
      })),
    }))
}

/** Reads a trace in OTLP/JSON. */
export function readTrace(body: Json): TraceSpan[] {
  const groups = arrayAt(body, 'batches').length > 0 ? arrayAt(body, 'batches') : arrayAt(body, 'resourceSpans')
  return groups.filter(isRecord).flatMap((group) => {
    const resource = pairsAt(recordAt(group, 'resource'), 'attributes')
    const service = resource.find(([key]) => key === 'service.name')?.[1] ?? 'unknown_service'
    return arrayAt(group, 'scopeSpans')
      .filter(isRecord)
      .flatMap((scope) => arrayAt(scope, 'spans').filter(isRecord))
      .map((span) => readSpan(span, service, resource))
  })
}

function readSpan(span: Json, service: string, resource: TraceSpan['resource']): TraceSpan {
  const status = recordAt(span, 'status')
  return {
    traceId: textAt(span, 'traceId'),
    spanId: textAt(span, 'spanId'),
    parentSpanId: textAt(span, 'parentSpanId'),
    name: textAt(span, 'name'),
    kind: numberAt(span, 'kind'),
    startNs: longAt(span, 'startTimeUnixNano'),
    endNs: longAt(span, 'endTimeUnixNano'),
    service,
    isError: numberAt(status, 'code') === STATUS_ERROR,
    statusMessage: textAt(status, 'message'),
    attributes: pairsAt(span, 'attributes'),
    resource,
    events: arrayAt(span, 'events')
      .filter(isRecord)
      .map((event) => ({
        timeNs: longAt(event, 'timeUnixNano'),
        name: textAt(event, 'name'),
        attributes: pairsAt(event, 'attributes'),
      })),
    links: arrayAt(span, 'links')
      .filter(isRecord)
      .map((link) => ({
        traceId: textAt(link, 'traceId'),
        spanId: textAt(link, 'spanId'),
        attributes: pairsAt(link, 'attributes'),
      })),
  }
}

function pairsAt(from: Json, key: string): (readonly [string, string])[] {
  return arrayAt(from, key)
    .filter(isRecord)
    .map((one) => [textAt(one, 'key'), anyText(recordAt(one, 'value'))])
}

/** The text of an AnyValue in JSON; arrays and maps as JSON. */
function anyText(value: Json): string {
  if (typeof value['stringValue'] === 'string') return value['stringValue']
  for (const key of ['intValue', 'doubleValue', 'boolValue', 'bytesValue']) {
    if (value[key] !== undefined) return String(value[key])
  }
  return Object.keys(value).length === 0 ? '' : JSON.stringify(plain(value))
}

function plain(value: Json): unknown {
  if (isRecord(value['arrayValue'])) return arrayAt(value['arrayValue'], 'values').filter(isRecord).map(plain)
  if (isRecord(value['kvlistValue'])) {
    const entries = arrayAt(value['kvlistValue'], 'values').filter(isRecord)
    return Object.fromEntries(entries.map((one) => [textAt(one, 'key'), plain(recordAt(one, 'value'))]))
  }
  return Object.values(value)[0]
}

function longAt(from: Json, key: string): bigint {
  const value = from[key]
  return typeof value === 'string' && /^-?\d+$/.test(value) ? BigInt(value) : 0n
}

/** One number of a metrics query, with what tells its series. */
export interface TraceFigure {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export function readTraceFigures(body: Json): TraceFigure[] {
  return arrayAt(body, 'series')
    .filter(isRecord)
    .map((one) => ({ labels: Object.fromEntries(pairsAt(one, 'labels')), value: Number(one['value']) }))
}

/** Only attributes of spans and of who sent them: those that series can be told apart by. */
export function readTraceFields(body: Json): string[] {
  return arrayAt(body, 'scopes')
    .filter(isRecord)
    .filter((scope) => textAt(scope, 'name') === 'span' || textAt(scope, 'name') === 'resource')
    .flatMap((scope) => textsOf(arrayAt(scope, 'tags')).map((tag) => `${textAt(scope, 'name')}.${tag}`))
    .sort()
}
