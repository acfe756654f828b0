import { ProtobufWriter } from '@vantage/bytes'
import type { Refusal } from '@vantage/model'

/** What was refused of one batch. */
export interface RejectedItems extends Refusal {
  readonly seq: number
}

/** `Ack`: 1 up_to_seq, 2 rejected*. Source: proto/telemetry.proto. */
export function encodeAck(upToSeq: number, rejected: readonly RejectedItems[]): Uint8Array {
  const out = new ProtobufWriter()
  out.varint(0x08, upToSeq)
  writeRejected(out, 0x12, rejected)
  return out.finish()
}

/** `PushSummary`: 1 batches, 2 samples, 3 rejected*. */
export function encodePushSummary(batches: number, samples: number, rejected: readonly RejectedItems[]): Uint8Array {
  const out = new ProtobufWriter()
  out.varint(0x08, batches)
  out.varint(0x10, samples)
  writeRejected(out, 0x1a, rejected)
  return out.finish()
}

function writeRejected(out: ProtobufWriter, tag: number, rejected: readonly RejectedItems[]): void {
  for (const { seq, reason, count, message } of rejected) {
    const mark = out.open(tag)
    out.varint(0x08, seq)
    out.text(0x12, reason)
    out.varint(0x18, count)
    out.text(0x22, message)
    out.close(mark)
  }
}
