/**
 * Times (unix ns, 64 bits signed) as two halves in an Int32Array, low at 2 · place, high at 2 · place + 1: loops over
 * rows must not make a bigint for each.
 */

const LONG_MIN = -(2n ** 63n)
const LONG_MAX = 2n ** 63n - 1n

/** @returns negative, 0 or positive, as `a` at place `i` is before, equal to or after `b` at place `j` */
export function compareTimes(a: Int32Array, i: number, b: Int32Array, j: number): number {
  const high = (a[i * 2 + 1] as number) - (b[j * 2 + 1] as number)
  if (high !== 0) return high
  return ((a[i * 2] as number) >>> 0) - ((b[j * 2] as number) >>> 0)
}

export function timeAt(halves: Int32Array, place: number): bigint {
  return (BigInt(halves[place * 2 + 1] as number) << 32n) | BigInt((halves[place * 2] as number) >>> 0)
}

/** One time as halves; what 64 bits cannot hold becomes the nearest that they can. */
export function halvesOfTime(timeNs: bigint): Int32Array {
  const held = timeNs < LONG_MIN ? LONG_MIN : timeNs > LONG_MAX ? LONG_MAX : timeNs
  return new Int32Array([Number(BigInt.asIntN(32, held)), Number(BigInt.asIntN(32, held >> 32n))])
}

/** First of `order[from, to)`, whose times ascend, that is not before `timeNs`; `to` where all are. */
export function lowerBound(times: Int32Array, order: Int32Array, from: number, to: number, timeNs: bigint): number {
  if (timeNs > LONG_MAX) return to
  const wanted = halvesOfTime(timeNs)
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareTimes(times, order[middle] as number, wanted, 0) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Rows [0, count) in the order of their times; equal times stay in the order of the rows. Merges the runs that are
 * there: rows that came nearly in order cost little more than a look.
 */
export function timeOrder(times: Int32Array, count: number): Int32Array {
  const order = new Int32Array(count)
  const runs: number[] = []
  for (let row = 0; row < count; row++) {
    order[row] = row
    if (row === 0 || compareTimes(times, row - 1, times, row) > 0) runs.push(row)
  }
  runs.push(count)
  let from = order
  let to = runs.length > 2 ? new Int32Array(count) : order
  let ends = runs
  while (ends.length > 2) {
    const merged: number[] = []
    for (let i = 0; i + 1 < ends.length; i += 2) {
      const start = ends[i] as number
      const middle = ends[i + 1] as number
      merged.push(start)
      mergeRuns(times, from, start, middle, ends[i + 2] ?? middle, to)
    }
    merged.push(count)
    ends = merged
    const done = to
    to = from
    from = done
  }
  return from
}

function mergeRuns(
  times: Int32Array,
  from: Int32Array,
  start: number,
  middle: number,
  end: number,
  to: Int32Array,
): void {
  let left = start
  let right = middle
  for (let at = start; at < end; at++) {
    const takesLeft =
      left < middle && (right >= end || compareTimes(times, from[left] as number, times, from[right] as number) <= 0)
    to[at] = from[takesLeft ? left++ : right++] as number
  }
}
