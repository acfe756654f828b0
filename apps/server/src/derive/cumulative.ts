import type { SeriesToWrite } from '@vantage/decode/remote-write'
import { type Exemplar, type Labels, labelsFromRecord, METRIC_NAME } from '@vantage/model'

/** Seconds. Source: grafana/tempo metrics-generator, default buckets of span metrics. */
const BOUNDS_SECONDS: readonly number[] = [
  0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.02, 2.05, 4.1, 8.2, 16.4,
]

/** Which span of which trace, hex. */
export interface SpanIds {
  readonly traceId: string
  readonly spanId: string
}

/** A histogram of durations that only grows, as classic series say it. */
export class CumulativeHistogram {
  readonly #counts = new Float64Array(BOUNDS_SECONDS.length + 1)
  #sum = 0
  #exemplar: Exemplar | undefined

  /** @returns true where it is the slowest since the last statement: the one that somebody will look for */
  add(seconds: number): boolean {
    let bucket = 0
    while (bucket < BOUNDS_SECONDS.length && seconds > (BOUNDS_SECONDS[bucket] as number)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#sum += seconds
    return this.#exemplar === undefined || seconds >= this.#exemplar.value
  }

  /** Keeps the trace and the span of the slowest. */
  keepExemplar(seconds: number, { traceId, spanId }: SpanIds, atMs: number): void {
    this.#exemplar = { labels: ['span_id', spanId, 'trace_id', traceId], value: seconds, timeMs: atMs }
  }

  /** States everything as of now; the exemplar is stated once, with the bucket it lies in. */
  series(name: string, labels: Readonly<Record<string, string>>, nowMs: number): SeriesToWrite[] {
    const out: SeriesToWrite[] = []
    const exemplar = this.#exemplar
    this.#exemplar = undefined
    let total = 0
    this.#counts.forEach((count, i) => {
      total += count
      const le = i < BOUNDS_SECONDS.length ? String(BOUNDS_SECONDS[i]) : '+Inf'
      const isBucketOfExemplar =
        exemplar !== undefined &&
        exemplar.value <= (BOUNDS_SECONDS[i] ?? Number.POSITIVE_INFINITY) &&
        exemplar.value > (BOUNDS_SECONDS[i - 1] ?? Number.NEGATIVE_INFINITY)
      const one = sampleOf(`${name}_bucket`, { ...labels, le }, total, nowMs)
      out.push(isBucketOfExemplar ? { ...one, exemplars: [exemplar] } : one)
    })
    out.push(sampleOf(`${name}_sum`, labels, this.#sum, nowMs), sampleOf(`${name}_count`, labels, total, nowMs))
    return out
  }
}

export function sampleOf(
  name: string,
  labels: Readonly<Record<string, string>>,
  value: number,
  nowMs: number,
): SeriesToWrite {
  const all: Labels = labelsFromRecord({ ...labels, [METRIC_NAME]: name })
  return { labels: all, times: [nowMs], values: Float64Array.of(value) }
}
