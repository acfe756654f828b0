import type { Topic } from '@vantage/model'
import { BUS_KEEP_BYTES, BUS_KEEP_MS } from './limits.ts'

/**
 * What may be removed from a topic.
 * `consumed`: segments below every one of `consumers`; their offsets live in the catalogue of what they sealed and
 * are told to the log at each start. Until all of them have spoken, nothing is removed.
 * `kept`: by age and size, read or not.
 */
export type TopicPolicy =
  | { readonly kind: 'consumed'; readonly consumers: readonly string[] }
  | { readonly kind: 'kept'; readonly maxAgeMs: number; readonly maxBytes: number }

const BUS: TopicPolicy = { kind: 'kept', maxAgeMs: BUS_KEEP_MS, maxBytes: BUS_KEEP_BYTES }

export const TOPIC_POLICIES: Readonly<Record<Topic, TopicPolicy>> = {
  'metrics-raw': { kind: 'consumed', consumers: ['metrics'] },
  'raw-logs': { kind: 'consumed', consumers: ['logs'] },
  'spans-raw': { kind: 'consumed', consumers: ['spans'] },
  'profiles-raw': { kind: 'consumed', consumers: ['profiles'] },
  'standardized-logs': BUS,
  'processed-metrics': BUS,
  alerts: BUS,
  'dead-letters': BUS,
}
