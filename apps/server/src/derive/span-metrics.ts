import type { SeriesToWrite } from '@vantage/decode/remote-write'
import { hexText, type MetricMetadata, SPAN_KINDS, type SpanBatch, STATUS_CODES } from '@vantage/model'
import { CumulativeHistogram, sampleOf } from './cumulative.ts'
import { type Sender, senderOf } from './sender.ts'

/** Rows of one tenant's table; spans beyond are counted under `span_name="other"`. */
const OPERATIONS_MAX = 5_000
const OTHER = 'other'

interface Operation {
  readonly sender: Sender
  readonly labels: Readonly<Record<string, string>>
  calls: number
  readonly latency: CumulativeHistogram
}

/**
 * Requests, errors and durations of each service, operation, kind and status, counted as spans come in; ordinary metrics
 * by the names that Tempo's metrics generator gives them. Owner: one tenant. Counters begin with the process.
 */
export class SpanMetrics {
  readonly #operations = new Map<string, Operation>()

  add(batch: SpanBatch): void {
    const { columns } = batch
    const senders = new Map<number, Sender>()
    for (let row = 0; row < columns.count; row++) {
      const origin = columns.origins[row] as number
      let sender = senders.get(origin)
      if (sender === undefined) {
        sender = senderOf(batch.originOf(origin))
        senders.set(origin, sender)
      }
      this.#addRow(batch, row, sender)
    }
  }

  /** What was counted of them is over: they begin anew, should they send again. */
  forget(isGone: (sender: Sender) => boolean): void {
    for (const [key, { sender }] of this.#operations) if (isGone(sender)) this.#operations.delete(key)
  }

  /** States everything as of now. */
  series(nowMs: number): SeriesToWrite[] {
    const out: SeriesToWrite[] = []
    for (const { labels, calls, latency } of this.#operations.values()) {
      out.push(sampleOf('traces_spanmetrics_calls_total', labels, calls, nowMs))
      out.push(...latency.series('traces_spanmetrics_latency', labels, nowMs))
    }
    return out
  }

  #addRow({ columns }: SpanBatch, row: number, sender: Sender): void {
    const { bytes, from, to } = columns.names
    const start = from[row] as number
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + start, (to[row] as number) - start).toString('utf8')
    const operation = this.#operationOf(sender, name, columns.kinds[row] as number, columns.statusCodes[row] as number)
    const startNs = columns.startTimes[row] as bigint
    const endNs = columns.endTimes[row] as bigint
    operation.calls++
    const seconds = endNs > startNs ? Number(endNs - startNs) / 1e9 : 0
    operation.latency.add(seconds, hexText(columns.traceIds, row * 16, row * 16 + 16), Number(endNs / 1_000_000n))
  }

  #operationOf(sender: Sender, name: string, kind: number, status: number): Operation {
    const { service, namespace } = sender
    const key = `${namespace}\n${service}\n${name}\n${kind}\n${status}`
    const known = this.#operations.get(key)
    if (known !== undefined) return known
    if (this.#operations.size >= OPERATIONS_MAX && name !== OTHER) return this.#operationOf(sender, OTHER, kind, status)
    const operation: Operation = {
      sender,
      labels: {
        service,
        service_namespace: namespace,
        span_name: name,
        span_kind: `SPAN_KIND_${(SPAN_KINDS[kind] as string).toUpperCase()}`,
        status_code: `STATUS_CODE_${(STATUS_CODES[status] as string).toUpperCase()}`,
      },
      calls: 0,
      latency: new CumulativeHistogram(),
    }
    this.#operations.set(key, operation)
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
