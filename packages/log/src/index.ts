export { TOPIC_POLICIES, type TopicPolicy } from './policies.ts'
export { SegmentLog, type SegmentLogOptions } from './segment-log.ts'
export { LogOpenError } from './segments.ts'
