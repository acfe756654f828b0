import { type Histogram, RESET_HINT } from '@vantage/model'
import {
  commonBounds,
  hasDecreased,
  haveSameBounds,
  outsideZero,
  toBounds,
  toSchema,
  usesCustomBuckets,
  widenZero,
} from '@vantage/model/histograms'

/**
 * True where a counter must have started again between two histograms: a count went down, or the layout changed in a
 * way that only a new start explains (finer buckets, a smaller zero bucket). What the histogram itself says wins.
 * Source: prometheus/docs docs/specs/native_histograms.md, "Counter reset considerations".
 */
export function isReset(now: Histogram, before: Histogram): boolean {
  if (now.resetHint === RESET_HINT.reset) return true
  if (now.resetHint === RESET_HINT.notReset) return false
  if (now.count < before.count) return true
  if (usesCustomBuckets(now)) return isCustomReset(now, before)
  if (now.schema > before.schema || now.zeroThreshold < before.zeroThreshold) return true
  const widened = widenZero(before, now.zeroThreshold)
  if (widened.zeroThreshold !== now.zeroThreshold || now.zeroCount < widened.zeroCount) return true
  const old = toSchema(widened, now.schema)
  const { schema, zeroThreshold } = now
  // What lies inside the zero bucket is counted there.
  return (
    hasDecreased(now.positive, outsideZero(old.positive, schema, zeroThreshold)) ||
    hasDecreased(now.negative, outsideZero(old.negative, schema, zeroThreshold))
  )
}

function isCustomReset(now: Histogram, before: Histogram): boolean {
  if (!usesCustomBuckets(before)) return true
  if (haveSameBounds(now, before)) return hasDecreased(now.positive, before.positive)
  const bounds = commonBounds(now, before)
  return hasDecreased(toBounds(now, bounds).positive, toBounds(before, bounds).positive)
}
