import type { SpanView } from '../traceql/evaluate/span-view.ts'

/** flag u8 | length u32 big-endian. Source: grpc/grpc doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message". */
const HEAD_BYTES = 5
/** Spans of one message: clients take 4 MiB unless they are told otherwise. */
const CHUNK_BYTES = 1024 * 1024
/** Of a span beside its texts and attributes. */
const SPAN_BYTES = 256

/** Messages one behind the other, as gRPC sends them. */
export function framed(messages: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(messages.reduce((sum, { length }) => sum + HEAD_BYTES + length, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const message of messages) {
    view.setUint32(at + 1, message.length)
    out.set(message, at + HEAD_BYTES)
    at += HEAD_BYTES + message.length
  }
  return out
}

/** Spans in pieces that fit a message each; a span larger than that is alone. */
export function* chunksOfSpans(spans: readonly SpanView[]): Generator<readonly SpanView[]> {
  let from = 0
  let bytes = 0
  for (const [i, { columns, row }] of spans.entries()) {
    let size = SPAN_BYTES
    for (const { from: starts, to: ends } of columns.ranges) size += (ends[row] as number) - (starts[row] as number)
    if (bytes + size > CHUNK_BYTES && i > from) {
      yield spans.slice(from, i)
      from = i
      bytes = 0
    }
    bytes += size
  }
  if (from < spans.length) yield spans.slice(from)
}
