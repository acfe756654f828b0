import type { SpanBatch } from '@vantage/model'

/** Columns of times as halves: a loop over spans must not make a bigint for each. */
export interface TimeHalves {
  readonly starts: Int32Array
  readonly ends: Int32Array
}

export function timeHalves({ columns }: SpanBatch): TimeHalves {
  const halves = (times: BigInt64Array) => new Int32Array(times.buffer, times.byteOffset, times.length * 2)
  return { starts: halves(columns.startTimes), ends: halves(columns.endTimes) }
}

/** Of a span that ends before it starts 0. */
export function secondsOf({ starts, ends }: TimeHalves, row: number): number {
  const high = (ends[row * 2 + 1] as number) - (starts[row * 2 + 1] as number)
  const low = ((ends[row * 2] as number) >>> 0) - ((starts[row * 2] as number) >>> 0)
  return Math.max(0, (high * 2 ** 32 + low) / 1e9)
}

/** Unix ms. */
export function endMsOf({ ends }: TimeHalves, row: number): number {
  return Math.floor(((ends[row * 2 + 1] as number) * 2 ** 32 + ((ends[row * 2] as number) >>> 0)) / 1e6)
}
