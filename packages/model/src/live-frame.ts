/**
 * The binary frame of the live socket (`/ws`), little-endian:
 *
 * | offset | type | field |
 * | --- | --- | --- |
 * | 0 | u8 | version, 1 |
 * | 1 | u8 | kind, 1 = samples |
 * | 2 | u16 | reserved, 0 |
 * | 4 | u32 | count |
 * | 8 | f64 | baseMs, unix ms |
 * | 16 | count × u32 | series reference, as told when the subscription was answered |
 * | 16 + 4 × count | count × f32 | time of the sample − baseMs, ms |
 * | 16 + 8 × count | count × f64 | value, bit-exact |
 */
const LIVE_FRAME_VERSION = 1
const LIVE_FRAME_HEADER_BYTES = 16

export interface LiveSamples {
  readonly count: number
  readonly baseMs: number
  readonly refs: Uint32Array
  readonly offsetsMs: Float32Array
  readonly values: Float64Array
}

export function liveFrameBytes(count: number): number {
  return valuesAt(count) + count * 8
}

/** Samples per frame that keep it within `frameBytesMax`. */
export function liveFrameCapacity(frameBytesMax: number): number {
  return Math.max(1, Math.floor((frameBytesMax - LIVE_FRAME_HEADER_BYTES - 8) / 16))
}

export function encodeLiveFrame(samples: LiveSamples): ArrayBuffer {
  const { count } = samples
  const buffer = new ArrayBuffer(liveFrameBytes(count))
  const view = new DataView(buffer)
  view.setUint8(0, LIVE_FRAME_VERSION)
  view.setUint8(1, 1)
  view.setUint32(4, count, true)
  view.setFloat64(8, samples.baseMs, true)
  new Uint32Array(buffer, LIVE_FRAME_HEADER_BYTES, count).set(samples.refs.subarray(0, count))
  new Float32Array(buffer, LIVE_FRAME_HEADER_BYTES + count * 4, count).set(samples.offsetsMs.subarray(0, count))
  new Float64Array(buffer, valuesAt(count), count).set(samples.values.subarray(0, count))
  return buffer
}

/** Views into `buffer`, nothing is copied; undefined where the frame is not one that we know. */
export function decodeLiveFrame(buffer: ArrayBuffer): LiveSamples | undefined {
  if (buffer.byteLength < LIVE_FRAME_HEADER_BYTES) return undefined
  const view = new DataView(buffer)
  if (view.getUint8(0) !== LIVE_FRAME_VERSION || view.getUint8(1) !== 1) return undefined
  const count = view.getUint32(4, true)
  if (buffer.byteLength !== liveFrameBytes(count)) return undefined
  return {
    count,
    baseMs: view.getFloat64(8, true),
    refs: new Uint32Array(buffer, LIVE_FRAME_HEADER_BYTES, count),
    offsetsMs: new Float32Array(buffer, LIVE_FRAME_HEADER_BYTES + count * 4, count),
    values: new Float64Array(buffer, valuesAt(count), count),
  }
}

function valuesAt(count: number): number {
  return LIVE_FRAME_HEADER_BYTES + count * 8
}
