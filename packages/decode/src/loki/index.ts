export { NO_LABEL_LIMITS, type PushLimits } from '../limits.ts'
export { LokiPushDecoder } from './push.ts'
export { LokiPushJsonDecoder } from './push-json.ts'
