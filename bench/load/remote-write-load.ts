import { ByteCursor, readVarint, snappyCompress } from '@vantage/bytes'
import { encodeRemoteWrite } from '@vantage/decode/remote-write'
import type { Labels } from '@vantage/model'

/** `12 10 09 <value: 8 bytes> 10 <time: 6 bytes>`: any unix ms from 2004 to 2109 takes six bytes as a varint. */
const SAMPLE_BYTES = 18
const VALUE_AT = 3
const TIME_AT = 12
const TIME_BYTES = 6
const PLACEHOLDER_TIME_MS = 1_700_000_000_000

/**
 * One series of a load as its bytes in a WriteRequest, with room for a fixed number of samples at its end: a request
 * is made by copying and patching, so that the sender costs little beside what it measures.
 */
export class SeriesTemplate {
  readonly bytes: Uint8Array
  readonly #samples: number

  constructor(labels: Labels, samples: number) {
    const times = new Array<number>(samples).fill(PLACEHOLDER_TIME_MS)
    this.bytes = encodeRemoteWrite([{ labels, times, values: new Float64Array(samples) }])
    this.#samples = samples
  }

  /** Sets sample `index` of this series, whose bytes were copied to `at` of `out`. */
  patch(out: DataView, at: number, index: number, timeMs: number, value: number): void {
    patchSample(out, at + this.bytes.length - (this.#samples - index) * SAMPLE_BYTES, timeMs, value)
  }
}

/** One request with one sample a series, its bytes kept: making the next body is patching and compressing. */
export class RequestTemplate {
  readonly #raw: Uint8Array
  readonly #view: DataView
  /** Where each series ends, its sample being the last of it. */
  readonly #ends: Int32Array

  constructor(labels: readonly Labels[]) {
    const values = new Float64Array(1)
    this.#raw = encodeRemoteWrite(labels.map((one) => ({ labels: one, times: [PLACEHOLDER_TIME_MS], values })))
    this.#view = new DataView(this.#raw.buffer, this.#raw.byteOffset, this.#raw.byteLength)
    this.#ends = new Int32Array(labels.length)
    const cursor = new ByteCursor(this.#raw, 0, this.#raw.length)
    for (let i = 0; i < labels.length; i++) {
      // Each series is `0a <length> <content>`.
      cursor.at++
      const length = readVarint(cursor)
      cursor.at += length
      this.#ends[i] = cursor.at
    }
  }

  /** @returns the snappy body with this time and these values; `valueAt` is given the place of the series */
  body(timeMs: number, valueAt: (series: number) => number): Buffer {
    for (const [i, end] of this.#ends.entries()) {
      patchSample(this.#view, end - SAMPLE_BYTES, timeMs, valueAt(i))
    }
    return Buffer.from(snappyCompress(this.#raw))
  }
}

function patchSample(out: DataView, at: number, timeMs: number, value: number): void {
  out.setFloat64(at + VALUE_AT, value, true)
  let rest = timeMs
  for (let i = 0; i < TIME_BYTES; i++) {
    const isLast = i === TIME_BYTES - 1
    out.setUint8(at + TIME_AT + i, isLast ? rest : (rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
}

/** Gives sample `index` of a series in one request: writes it through `patch`. */
export type FillSeries = (series: number, patch: (index: number, timeMs: number, value: number) => void) => void

/** @returns the snappy body of one request with these series in this order */
export function buildBody(templates: readonly SeriesTemplate[], order: ArrayLike<number>, fill: FillSeries): Buffer {
  let length = 0
  for (let i = 0; i < order.length; i++) length += (templates[order[i] as number] as SeriesTemplate).bytes.length
  const raw = new Uint8Array(length)
  const view = new DataView(raw.buffer)
  let at = 0
  for (let i = 0; i < order.length; i++) {
    const series = order[i] as number
    const template = templates[series] as SeriesTemplate
    raw.set(template.bytes, at)
    const seriesAt = at
    fill(series, (index, timeMs, value) => template.patch(view, seriesAt, index, timeMs, value))
    at += template.bytes.length
  }
  return Buffer.from(snappyCompress(raw))
}
