export {
  type AggregatorOptions,
  type Flush,
  type FlushedSeries,
  STATSD_SERIES_MAX,
  StatsdAggregator,
  type StatsdRefusal,
} from './aggregator.ts'
export {
  ALL_TAG_STYLES,
  readStatsdLine,
  type StatsdEvent,
  type StatsdProblem,
  type StatsdSink,
  type TagStyles,
} from './line.ts'
export { type Mapped, StatsdMapper } from './mapper.ts'
export { DEFAULT_BUCKETS, type EventKind, type Mapping, type ObserverOptions } from './mapping.ts'
export { escapeName } from './name.ts'
