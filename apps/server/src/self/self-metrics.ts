import { compilePattern, err, type Fault, fault, ok, type Result } from '@vantage/model'
import type { ExposedFamily, ExposedSample } from '@vantage/observe'

interface Histogram {
  sampleCount: string
  sampleSum: number | string
  readonly bucket: { readonly cumulativeCount: string; readonly upperBound: number | string }[]
}

/**
 * `io.prometheus.client.MetricFamily` as ProtoJSON. Source: prometheus/client_model metrics.proto; protobuf.dev,
 * "ProtoJSON Format": 64-bit integers are texts, and so are numbers that JSON has not.
 * @param pattern of whole names; '' = all
 */
export function selfMetrics(families: readonly ExposedFamily[], pattern: string): Result<unknown[], Fault> {
  const compiled = compilePattern(pattern === '' ? '.*' : pattern)
  if (!compiled.ok) {
    const message = `invalid parameter "metric_name_pattern": ${compiled.error.message}`
    return err(fault('bad_request', message, { reason: 'bad_data' }))
  }
  return ok(families.filter(({ name, samples }) => samples.length > 0 && compiled.value.matches(name)).map(familyOf))
}

function familyOf({ name, help, type, samples }: ExposedFamily): unknown {
  const metric =
    type === 'histogram'
      ? histogramsOf(name, samples)
      : samples.map(({ labels, value }) => ({ label: pairsOf(labels), [type]: { value: numberOf(value) } }))
  return { name, help, type: type.toUpperCase(), metric }
}

/** Samples of one child follow each other: its buckets, sum and count. */
function histogramsOf(name: string, samples: readonly ExposedSample[]): unknown[] {
  const metrics: unknown[] = []
  let open: Histogram = { sampleCount: '0', sampleSum: 0, bucket: [] }
  for (const { name: part, labels, value } of samples) {
    const bound = labels.at(-1)
    if (part === `${name}_sum`) open.sampleSum = numberOf(value)
    else if (part === `${name}_count`) {
      open.sampleCount = String(value)
      metrics.push({ label: pairsOf(labels), histogram: open })
      open = { sampleCount: '0', sampleSum: 0, bucket: [] }
    } else if (bound !== '+Inf') open.bucket.push({ cumulativeCount: String(value), upperBound: Number(bound) })
  }
  return metrics
}

function pairsOf(labels: readonly string[]): { name: string; value: string }[] {
  const pairs: { name: string; value: string }[] = []
  for (let i = 0; i < labels.length; i += 2) pairs.push({ name: labels[i] as string, value: labels[i + 1] as string })
  return pairs
}

function numberOf(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}
