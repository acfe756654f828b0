export { type Exposition, exposition } from './exposition.ts'
export { type LogFields, Logger, type LogLevel } from './logger.ts'
export {
  Counter,
  DURATION_BUCKETS_SECONDS,
  type ExposedFamily,
  type ExposedSample,
  type FamilyType,
  Gauge,
  Histogram,
  Registry,
} from './registry.ts'
