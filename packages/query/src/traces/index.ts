export { encodeMessage, type Message } from '../encode-message.ts'
export { CallPaths } from './call-paths.ts'
export { DIFF_FORMATS, type DiffFormat, traceDiff } from './diff/trace-diff.ts'
export {
  encodeJaegerDependencies,
  encodeJaegerOperations,
  encodeJaegerServices,
  encodeJaegerSpans,
} from './encode-jaeger.ts'
export { encodeTrace, type OriginSpans, spansByOrigin } from './encode-trace.ts'
export { jaegerFields, jaegerTags } from './jaeger-tags.ts'
export { chunksOfSpans, framed } from './message-frames.ts'
export { type ServiceEdge, serviceGraph } from './service-graph.ts'
export { SpanQuality } from './span-quality.ts'
export { encodeJaegerSummaries, type TraceSummary, traceSummary } from './trace-summary.ts'
