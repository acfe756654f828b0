import type { Attributes } from './attributes.ts'

/** Source: opentelemetry-proto trace/v1, Span.Event. */
export interface SpanEvent {
  readonly timeUnixNs: bigint
  readonly name: string
  readonly attributes: Attributes
  readonly droppedAttributes: number
}

/** Source: opentelemetry-proto trace/v1, Span.Link. Ids are lower-case hex. */
export interface SpanLink {
  readonly traceId: string
  readonly spanId: string
  readonly traceState: string
  readonly attributes: Attributes
  readonly droppedAttributes: number
  readonly flags: number
}
