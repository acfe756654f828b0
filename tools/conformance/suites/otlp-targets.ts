import { runTracesJob } from '../../../packages/api/src/index.ts'
import {
  LOGS_REQUEST,
  METRICS_REQUEST,
  OtlpInterner,
  OtlpJsonDecoder,
  OtlpLogsDecoder,
  OtlpMetricsDecoder,
  OtlpTracesDecoder,
  TRACES_REQUEST,
} from '../../../packages/decode/src/otlp/index.ts'
import { OtlpJsonTranscoder } from '../../../packages/decode/src/otlp/json.ts'
import {
  BODY_KIND,
  type Clock,
  decodeAttributes,
  decodeHistogram,
  decodeValue,
  type Fault,
  hexText,
  isZero,
  type Labels,
  LogBatch,
  labelsToRecord,
  lokiName,
  MetricBatch,
  originMetadata,
  pairs,
  SpanBatch,
  streamLabels,
  systemClock,
  valueText,
} from '../../../packages/model/src/index.ts'
import { MemorySpans, unlimitedBudget } from '../../../packages/model/src/testing/index.ts'
import { ServerProcess } from '../server-process.ts'
import type { LogFact, SeriesFact } from './otlp-facts.ts'

export type OtlpSignal = 'traces' | 'logs' | 'metrics'
export type OtlpForm = 'json' | 'protobuf'

/** Where OTLP is sent and read again. `send` rejects where the whole is refused, and says what of it is. */
export interface OtlpTarget {
  send(signal: OtlpSignal, form: OtlpForm, body: Uint8Array<ArrayBuffer>): Promise<string>
  /** Its `resourceSpans`. */
  trace(traceId: string): Promise<unknown>
  logs(): Promise<readonly LogFact[]>
  series(): Promise<readonly SeriesFact[]>
  close(): Promise<void>
}

const SCHEMAS = { traces: TRACES_REQUEST, logs: LOGS_REQUEST, metrics: METRICS_REQUEST } as const
const FOREVER = Number.POSITIVE_INFINITY

export function protobufOf(signal: OtlpSignal, body: unknown): Uint8Array<ArrayBuffer> {
  const json = Buffer.from(JSON.stringify(body))
  const transcoder = new OtlpJsonTranscoder(SCHEMAS[signal])
  transcoder.start(json, json.length)
  const outcome = transcoder.step(FOREVER, systemClock)
  if (outcome !== 'done') throw new Error(`not OTLP: ${outcome === 'more' ? 'it has no end' : outcome.message}`)
  return Uint8Array.from(transcoder.writer.finish())
}

interface Decoder<Batch> {
  start(body: Uint8Array, length: number, batch: Batch): void
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault
}

function decode<Batch>(decoder: Decoder<Batch>, body: Uint8Array, batch: Batch): Batch {
  decoder.start(body, body.length, batch)
  const outcome = decoder.step(FOREVER, systemClock)
  if (outcome !== 'done') throw new Error(outcome === 'more' ? 'a decoder without a deadline stopped' : outcome.message)
  return batch
}

/** The decoders, a store in memory and the API's answer. */
export async function memoryTarget(): Promise<OtlpTarget> {
  const spans = new MemorySpans()
  const logs: LogFact[] = []
  const series: SeriesFact[] = []
  const send = async (signal: OtlpSignal, form: OtlpForm, body: Uint8Array): Promise<string> => {
    if (signal === 'traces') {
      const decoder = new OtlpTracesDecoder()
      const whole = form === 'json' ? new OtlpJsonDecoder(TRACES_REQUEST, decoder) : decoder
      const batch = decode(whole, body, new SpanBatch())
      spans.appendBatch('default', batch)
      return refusals(batch)
    }
    if (signal === 'logs') {
      const decoder = new OtlpLogsDecoder()
      const whole = form === 'json' ? new OtlpJsonDecoder(LOGS_REQUEST, decoder) : decoder
      const batch = decode(whole, body, new LogBatch())
      logs.push(...logFacts(batch))
      return refusals(batch)
    }
    const decoder = new OtlpMetricsDecoder(new OtlpInterner(1, 1_000))
    const whole = form === 'json' ? new OtlpJsonDecoder(METRICS_REQUEST, decoder) : decoder
    const batch = decode(whole, body, new MetricBatch())
    series.push(...seriesFacts(batch))
    return refusals(batch)
  }
  const trace = async (traceId: string) => {
    const answer = runTracesJob({ kind: 'trace', traceId, form: 'otlp-json' }, 'default', spans, unlimitedBudget)
    if (!answer.ok) throw new Error(answer.error.message)
    return (JSON.parse(Buffer.from(answer.value).toString('utf8')) as { batches: unknown }).batches
  }
  return { send, trace, logs: async () => logs, series: async () => series, close: async () => {} }
}

function refusals({ refused }: { readonly refused: readonly { readonly message: string }[] }): string {
  return refused.map(({ message }) => message).join('; ')
}

function logFacts({ columns, originOf }: LogBatch): LogFact[] {
  return Array.from({ length: columns.count }, (_, row) => {
    const { bodies, attributes } = columns
    const [from, to] = [bodies.from[row] as number, bodies.to[row] as number]
    const line =
      columns.bodyKinds[row] === BODY_KIND.value
        ? valueText(decodeValue(bodies.bytes, from, to))
        : Buffer.from(bodies.bytes.subarray(from, to)).toString()
    const text = ({ bytes, from: at, to: end }: typeof bodies) =>
      Buffer.from(bytes.subarray(at[row], end[row])).toString()
    const id = (ids: Uint8Array, length: number) =>
      isZero(ids, row * length, (row + 1) * length) ? '' : hexText(ids, row * length, (row + 1) * length)
    const origin = originOf(columns.origins[row] as number)
    const own = decodeAttributes(attributes.bytes, attributes.from[row] as number, attributes.to[row] as number)
    return {
      timeNs: String(columns.times[row]),
      line,
      fields: {
        ...labelsToRecord(streamLabels(origin)),
        ...Object.fromEntries([...originMetadata(origin), ...pairs(own, lokiName)]),
        severity_number: String(columns.severities[row]),
        severity_text: text(columns.severityTexts),
        event_name: text(columns.eventNames),
        observed_timestamp: String(columns.observedTimes[row]),
        trace_id: id(columns.traceIds, 16),
        span_id: id(columns.spanIds, 8),
      },
    }
  })
}

function seriesFacts(batch: MetricBatch): SeriesFact[] {
  const labelsOf = (row: number): Labels => {
    const labels = batch.labelsOf(row)
    if (!labels.ok) throw new Error(labels.message)
    return labels.labels
  }
  const floats = Array.from({ length: batch.rowCount }, (_, row) => {
    const at = batch.sampleFrom[row] as number
    if (at === batch.sampleFrom[row + 1]) return []
    return [factOf(labelsToRecord(labelsOf(row)), batch.values[at] as number)]
  })
  const histograms = Array.from({ length: batch.histogramCount }, (_, i) => {
    const { count, sum } = decodeHistogram(batch.histogramBytes, batch.histogramFrom[i])
    return histogramFacts(labelsToRecord(labelsOf(batch.histogramRows[i] as number)), count, sum)
  })
  return [...floats.flat(), ...histograms.flat()]
}

function factOf({ __name__: name = '', ...labels }: Record<string, string>, value: number): SeriesFact {
  return { name, labels, value }
}

function histogramFacts({ __name__: name = '', ...labels }: Record<string, string>, count: number, sum: number) {
  return [
    { name: `${name}_count`, labels, value: count },
    { name: `${name}_sum`, labels, value: sum },
  ]
}

/** Of the examples: they are of one moment in 2018. */
const EXAMPLE_SECONDS = 1_544_712_660.3
const DAY_SECONDS = 86_400

interface ApiSeries {
  readonly metric: Record<string, string>
  readonly value?: readonly [number, string]
  readonly histogram?: readonly [number, { readonly count: string; readonly sum: string }]
}

/** The whole product. */
export async function httpTarget(): Promise<OtlpTarget> {
  const server = new ServerProcess()
  await server.start()
  const url = server.baseUrl
  const ask = async (path: string, parameters: Record<string, string>) => {
    const answer = await fetch(`${url}${path}?${new URLSearchParams(parameters)}`)
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
    return answer.json()
  }
  return {
    send: async (signal, form, body) => {
      const headers = { 'content-type': form === 'json' ? 'application/json' : 'application/x-protobuf' }
      const answer = await fetch(`${url}/v1/${signal}`, { method: 'POST', headers, body })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`POST answered ${answer.status}: ${text}`)
      // In either form the message of a partial success is in the answer as it is.
      return /(want [^"]*)/.exec(text)?.[1] ?? ''
    },
    trace: async (traceId) => ((await ask(`/tempo/api/traces/${traceId}`, {})) as { batches: unknown }).batches,
    logs: async () => {
      const range = { start: String(EXAMPLE_SECONDS - DAY_SECONDS), end: String(EXAMPLE_SECONDS + DAY_SECONDS) }
      const query = { query: '{service_name=~".+"}', limit: '1000', ...range }
      const { data } = (await ask('/loki/api/v1/query_range', query)) as {
        data: { result: { stream: Record<string, string>; values: [string, string][] }[] }
      }
      return data.result.flatMap(({ stream, values }) =>
        values.map(([timeNs, line]) => ({ timeNs, line, fields: stream })),
      )
    },
    series: async () => {
      const query = { query: '{__name__=~".+"}', time: String(EXAMPLE_SECONDS + 1) }
      const { data } = (await ask('/api/v1/query', query)) as { data: { result: ApiSeries[] } }
      return data.result.flatMap(({ metric, value, histogram }) =>
        histogram === undefined
          ? [factOf(metric, Number(value?.[1]))]
          : histogramFacts(metric, Number(histogram[1].count), Number(histogram[1].sum)),
      )
    },
    close: () => server.stop(),
  }
}
