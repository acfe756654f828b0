import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { type Clock, err, type Fault, fault, type LogRecord, ok, PAYLOAD_ENCODINGS, type Result } from '@vantage/model'

/** A decoder may hold the main thread so long before it lets others run. */
const SLICE_MS = 5

/** A decoder that was started and goes on slice by slice. */
export interface SlicedDecoder {
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault
}

/** Runs a decoder to its end, giving way to others between slices. @returns why the body cannot be read */
export async function runSliced(decoder: SlicedDecoder, clock: Clock): Promise<Fault | undefined> {
  for (;;) {
    const outcome = decoder.step(clock.monotonicMs() + SLICE_MS, clock)
    if (outcome === 'done') return undefined
    if (outcome !== 'more') return outcome
    await new Promise((resume) => setImmediate(resume))
  }
}

/** Does work that stops now and then, giving way to others between slices. */
export async function runWork<Outcome>(work: Generator<void, Outcome>, clock: Clock): Promise<Outcome> {
  for (let deadlineMs = clock.monotonicMs() + SLICE_MS; ; ) {
    const { done, value } = work.next()
    if (done === true) return value
    if (clock.monotonicMs() < deadlineMs) continue
    await new Promise((resume) => setImmediate(resume))
    deadlineMs = clock.monotonicMs() + SLICE_MS
  }
}

/** Runs a decoder to its end at once, as a replay does. */
export function runWhole(decoder: SlicedDecoder, clock: Clock): Fault | undefined {
  const outcome = decoder.step(Number.POSITIVE_INFINITY, clock)
  return outcome === 'done' || outcome === 'more' ? undefined : outcome
}

/** The payload of a log record as the decoders take it. */
export function unpackPayload({ encoding, payload }: LogRecord): Result<Uint8Array> {
  try {
    if (encoding === PAYLOAD_ENCODINGS.gzip) return ok(gunzipSync(payload))
    if (encoding === PAYLOAD_ENCODINGS.zstd) return ok(zstdDecompressSync(payload))
    return ok(payload)
  } catch (error) {
    // One record that does not unpack must not keep the rest from being served.
    return err(fault('bad_request', `payload: ${(error as Error).message}`))
  }
}
