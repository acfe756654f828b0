import { varintLength, writeVarint, zigzag } from '@vantage/bytes'
import { bucketSpans, type Histogram, hasWholeCounts, type Labels, METRIC_NAME, RESET_HINT } from '@vantage/model'
import { encodeMessage, type Message } from '../encode-message.ts'

/** A series of a family at one time: a number, or a native histogram with exponential buckets. */
export interface FamilySample {
  readonly labels: Labels
  readonly timeMs: number
  readonly value: number | Histogram
}

/** What the numbers of a family are; of its histograms the message knows by itself. */
export type NumberType = 'counter' | 'gauge' | 'untyped'

/** Source: prometheus/client_model io/prometheus/client/metrics.proto, MetricType. */
const TYPES = { counter: 0, gauge: 1, untyped: 3, histogram: 4, gaugeHistogram: 5 } as const

const NUMBER: Message = { value: { field: 1, type: 'double' } }
const SPAN: Message = { offset: { field: 1, type: 'integer' }, length: { field: 2, type: 'integer' } }
const METRIC: Message = {
  label: { field: 1, type: { name: { field: 1, type: 'text' }, value: { field: 2, type: 'text' } } },
  gauge: { field: 2, type: NUMBER },
  counter: { field: 3, type: NUMBER },
  untyped: { field: 5, type: NUMBER },
  timestampMs: { field: 6, type: 'integer' },
  histogram: {
    field: 7,
    type: {
      sampleCount: { field: 1, type: 'integer' },
      sampleCountFloat: { field: 4, type: 'double' },
      sampleSum: { field: 2, type: 'double' },
      schema: { field: 5, type: 'integer' },
      zeroThreshold: { field: 6, type: 'double' },
      zeroCount: { field: 7, type: 'integer' },
      zeroCountFloat: { field: 8, type: 'double' },
      negativeSpan: { field: 9, type: SPAN },
      negativeDelta: { field: 10, type: 'integer' },
      negativeCount: { field: 11, type: 'double' },
      positiveSpan: { field: 12, type: SPAN },
      positiveDelta: { field: 13, type: 'integer' },
      positiveCount: { field: 14, type: 'double' },
    },
  },
}
const FAMILY: Message = {
  name: { field: 1, type: 'text' },
  type: { field: 3, type: 'integer' },
  metric: { field: 4, type: METRIC },
}

/**
 * The samples of one name as `MetricFamily` messages, each behind its length: one of the numbers, one of the histograms
 * that only grow, one of those that do not.
 *
 * Source: prometheus/client_model io/prometheus/client/metrics.proto; Prometheus documentation, "Federation".
 */
export function encodeMetricFamilies(
  name: string,
  numberType: NumberType,
  samples: readonly FamilySample[],
): Uint8Array {
  const byType = Map.groupBy(samples, ({ value }) => {
    if (typeof value === 'number') return TYPES[numberType]
    return value.resetHint === RESET_HINT.gauge ? TYPES.gaugeHistogram : TYPES.histogram
  })
  const families = [...byType].map(([type, members]) => {
    const metric = members.map((sample) => metricOf(sample, numberType))
    return delimited(encodeMessage(FAMILY, { name, type, metric }))
  })
  return Buffer.concat(families)
}

function delimited(message: Uint8Array): Uint8Array {
  const headBytes = varintLength(message.length)
  const out = new Uint8Array(headBytes + message.length)
  writeVarint(out, 0, message.length)
  out.set(message, headBytes)
  return out
}

function metricOf({ labels, timeMs, value }: FamilySample, numberType: NumberType): object {
  const label: { name: string; value: string }[] = []
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] as string
    if (name !== METRIC_NAME) label.push({ name, value: labels[i + 1] as string })
  }
  const content = typeof value === 'number' ? { [numberType]: { value } } : { histogram: histogramOf(value) }
  return { label, ...content, timestampMs: timeMs }
}

function histogramOf(histogram: Histogram): object {
  const { count, zeroCount, positive, negative } = histogram
  const counts = hasWholeCounts(histogram)
    ? {
        ...{ sampleCount: count, zeroCount },
        negativeDelta: deltas(negative.counts),
        positiveDelta: deltas(positive.counts),
      }
    : {
        ...{ sampleCountFloat: count, zeroCountFloat: zeroCount },
        negativeCount: [...negative.counts],
        positiveCount: [...positive.counts],
      }
  return {
    sampleSum: histogram.sum,
    schema: zigzag(histogram.schema),
    zeroThreshold: histogram.zeroThreshold,
    negativeSpan: spans(negative.indexes),
    positiveSpan: spans(positive.indexes),
    ...counts,
  }
}

function deltas(counts: Float64Array): number[] {
  return [...counts].map((count, i) => zigzag(count - (counts[i - 1] ?? 0)))
}

function spans(indexes: Int32Array): object[] {
  return bucketSpans(indexes).map(({ offset, length }) => ({ offset: zigzag(offset), length }))
}
