import type { SeriesToWrite } from '@vantage/decode/remote-write'
import { hexText, isBytes, type MetricMetadata, SPAN_KINDS, type SpanBatch, STATUS_CODES } from '@vantage/model'
import { CumulativeHistogram, sampleOf } from './cumulative.ts'
import { type Sender, sendersOf } from './sender.ts'
import { endMsOf, secondsOf, type TimeHalves, timeHalves } from './span-times.ts'

/** Rows of one tenant's table; spans beyond are counted under `span_name="other"`. */
const OPERATIONS_MAX = 5_000
const OTHER = Buffer.from('other')

interface Operation {
  readonly sender: Sender
  readonly name: Uint8Array
  readonly kind: number
  readonly status: number
  readonly labels: Readonly<Record<string, string>>
  calls: number
  readonly latency: CumulativeHistogram
}

/**
 * Requests, errors and durations of each service, operation, kind and status, counted as spans come in; ordinary metrics
 * by the names that Tempo's metrics generator gives them. Owner: one tenant. Counters begin with the process.
 */
export class SpanMetrics {
  #operations: Operation[] = []
  /** By sender, then by the hash of what tells its operations apart. */
  readonly #senders = new Map<string, Map<number, Operation[]>>()

  /** @param senders of the batch's origins */
  add(batch: SpanBatch, senders: readonly Sender[] = sendersOf(batch)): void {
    const times = timeHalves(batch)
    const { count, origins } = batch.columns
    for (let row = 0; row < count; row++) this.#addRow(batch, times, row, senders[origins[row] as number] as Sender)
  }

  /** What was counted of them is over: they begin anew, should they send again. */
  forget(isGone: (sender: Sender) => boolean): void {
    for (const { sender } of this.#operations) if (isGone(sender)) this.#senders.delete(sender.key)
    this.#operations = this.#operations.filter(({ sender }) => !isGone(sender))
  }

  /** States everything as of now. */
  series(nowMs: number): SeriesToWrite[] {
    const out: SeriesToWrite[] = []
    for (const { labels, calls, latency } of this.#operations) {
      out.push(sampleOf('traces_spanmetrics_calls_total', labels, calls, nowMs))
      out.push(...latency.series('traces_spanmetrics_latency', labels, nowMs))
    }
    return out
  }

  #addRow({ columns }: SpanBatch, times: TimeHalves, row: number, sender: Sender): void {
    const { bytes, from, to } = columns.names
    const kind = columns.kinds[row] as number
    const status = columns.statusCodes[row] as number
    const operation = this.#operationOf(sender, bytes, from[row] as number, to[row] as number, kind, status)
    const seconds = secondsOf(times, row)
    operation.calls++
    if (!operation.latency.add(seconds)) return
    const traceId = hexText(columns.traceIds, row * 16, row * 16 + 16)
    const spanId = hexText(columns.spanIds, row * 8, row * 8 + 8)
    operation.latency.keepExemplar(seconds, { traceId, spanId }, endMsOf(times, row))
  }

  #operationOf(sender: Sender, bytes: Uint8Array, from: number, to: number, kind: number, status: number): Operation {
    let byHash = this.#senders.get(sender.key)
    if (byHash === undefined) {
      byHash = new Map()
      this.#senders.set(sender.key, byHash)
    }
    let hash = kind * 4 + status
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
    const known = byHash.get(hash) ?? []
    for (const one of known) {
      if (one.kind === kind && one.status === status && isBytes(bytes, from, to, one.name)) return one
    }
    if (this.#operations.length >= OPERATIONS_MAX && !isBytes(bytes, from, to, OTHER)) {
      return this.#operationOf(sender, OTHER, 0, OTHER.length, kind, status)
    }
    const name = bytes.slice(from, to)
    const operation: Operation = {
      sender,
      name,
      kind,
      status,
      labels: {
        service: sender.service,
        service_namespace: sender.namespace,
        span_name: Buffer.from(name).toString(),
        span_kind: `SPAN_KIND_${(SPAN_KINDS[kind] as string).toUpperCase()}`,
        status_code: `STATUS_CODE_${(STATUS_CODES[status] as string).toUpperCase()}`,
      },
      calls: 0,
      latency: new CumulativeHistogram(),
    }
    this.#operations.push(operation)
    byHash.set(hash, [...known, operation])
    return operation
  }
}

export const SPAN_METRICS_METADATA: readonly MetricMetadata[] = [
  {
    metric: 'traces_spanmetrics_calls_total',
    type: 'counter',
    unit: '',
    help: 'Spans by service, operation, kind, status.',
  },
  { metric: 'traces_spanmetrics_latency', type: 'histogram', unit: 's', help: 'Durations of spans.' },
]
