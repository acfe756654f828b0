export { LokiPushDecoder } from './push.ts'
export { LokiPushJsonDecoder } from './push-json.ts'
