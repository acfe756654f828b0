export { encodeTrace, type OriginSpans, spansByOrigin } from './encode-trace.ts'
export { type ServiceEdge, serviceGraph } from './service-graph.ts'
