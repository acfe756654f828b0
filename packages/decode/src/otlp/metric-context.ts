import { utf8Text } from '@vantage/bytes'
import { type Fault, fault } from '@vantage/model'
import * as field from './fields.ts'
import { KINDS, type MetricContext } from './labels.ts'

/** What the decoder of metrics begins a resource with, and what it refuses. */

/** The member of a metric that holds its points → kind. */
export const METRIC_KINDS: Readonly<Record<number, number>> = {
  [field.METRIC_GAUGE]: KINDS.gauge,
  [field.METRIC_SUM]: KINDS.sum,
  [field.METRIC_HISTOGRAM]: KINDS.histogram,
  [field.METRIC_EXPONENTIAL_HISTOGRAM]: KINDS.exponentialHistogram,
  [field.METRIC_SUMMARY]: KINDS.summary,
}

export function emptyContext(): MetricContext {
  return {
    resourceFrom: 0,
    resourceTo: 0,
    scopeFrom: 0,
    scopeTo: 0,
    schemaFrom: 0,
    schemaTo: 0,
    nameFrom: 0,
    nameTo: 0,
    unitFrom: 0,
    unitTo: 0,
    helpFrom: 0,
    helpTo: 0,
    kind: 0,
    temporality: 0,
    isMonotonic: false,
  }
}

export function refusalOf(
  context: MetricContext,
  body: Uint8Array,
): { reason: 'invalid_value'; message: string } | undefined {
  const needsTemporality =
    context.kind === KINDS.sum || context.kind === KINDS.histogram || context.kind === KINDS.exponentialHistogram
  if (
    needsTemporality &&
    context.temporality !== field.TEMPORALITY_DELTA &&
    context.temporality !== field.TEMPORALITY_CUMULATIVE
  ) {
    const name = utf8Text(body, context.nameFrom, Math.min(context.nameTo, context.nameFrom + 256))
    return {
      reason: 'invalid_value',
      message: `metric ${name}: want aggregation temporality 1 or 2, got ${context.temporality}`,
    }
  }
  return undefined
}

export function malformed(what: string, at: number): Fault {
  return fault('bad_request', `OTLP protobuf: want a whole ${what}, it is malformed at offset ${at}`)
}

export function tooManyNames(): Fault {
  return fault('too_large', 'resource, scope and metric texts of one metric are larger than 32 MiB')
}
