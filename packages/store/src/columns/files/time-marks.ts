import type { TimeGrid } from '@vantage/model'
import { KNOWN_EVERY } from '../parquet/delta.ts'
import { timeAt } from '../rows/times.ts'

/** Of a stripe with more moments than this, times are read as a whole. */
const MOMENTS_MAX = 8

/**
 * What the index keeps of the times of rows [from, to), which ascend, so that moments are found in a page without reading
 * all of it: of every `KNOWN_EVERY`th from the second such on, ns after the one before.
 * @returns undefined where they lie too far apart
 */
export function knownTimes(times: Int32Array, from: number, to: number): number[] | undefined {
  const first = timeAt(times, from)
  if (timeAt(times, to - 1) - first > Number.MAX_SAFE_INTEGER) return undefined
  const known: number[] = []
  let before = first
  for (let row = from + KNOWN_EVERY; row < to; row += KNOWN_EVERY) {
    const time = timeAt(times, row)
    known.push(Number(time - before))
    before = time
  }
  return known
}

/** Moments of a grid that part rows: none of them is before the first row, all are before the last one. */
export interface Moments {
  readonly firstNs: bigint
  readonly count: number
}

/** @returns undefined where there are so many that all times had better be read */
export function momentsWithin(
  minTimeNs: bigint,
  maxTimeNs: bigint,
  { everyNs, phaseNs }: TimeGrid,
): Moments | undefined {
  const over = (minTimeNs - phaseNs) % everyNs
  // The rest of a negative number is negative.
  const firstNs = over === 0n ? minTimeNs : minTimeNs - over + (over > 0n ? everyNs : 0n)
  if (firstNs >= maxTimeNs) return { firstNs, count: 0 }
  const last = (maxTimeNs - 1n - firstNs) / everyNs
  return last < MOMENTS_MAX ? { firstNs, count: Number(last) + 1 } : undefined
}

/** The moments as ns after the first row. */
export function offsetsOf({ firstNs, count }: Moments, minTimeNs: bigint, { everyNs }: TimeGrid): Float64Array {
  return Float64Array.from({ length: count }, (_, k) => Number(firstNs - minTimeNs + BigInt(k) * everyNs))
}

/** Times that the index keeps as ns after the first row, from that one on. */
export function sinceFirst(known: readonly number[]): Float64Array {
  const since = new Float64Array(known.length + 1)
  for (let i = 0; i < known.length; i++) since[i + 1] = (since[i] as number) + (known[i] as number)
  return since
}
