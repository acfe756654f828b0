export {
  add,
  align,
  areCompatible,
  areEqual,
  commonHint,
  divide,
  type HistogramTotal,
  isFiniteHistogram,
  multiply,
  subtract,
  withHint,
} from './arithmetic.ts'
export {
  type BucketRange,
  bucketRanges,
  exponentialBound,
  negativeRange,
  positiveRange,
  usesCustomBuckets,
  zeroRange,
} from './bounds.ts'
export { hasDecreased, haveSameIndexes, makeBuckets, mapCounts, walkPairs } from './buckets.ts'
export {
  commonBounds,
  commonZeroThreshold,
  compact,
  haveSameBounds,
  outsideZero,
  toBounds,
  toSchema,
  widenZero,
} from './layout.ts'
