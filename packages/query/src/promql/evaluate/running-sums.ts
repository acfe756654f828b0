import type { SampleColumns } from '@vantage/model'

/** Sums of whole numbers up to this are exact, and so is what lies between two of them. */
const EXACT_MAX = 2 ** 52

/** What running sums can say of a window. */
export type Summary = 'sum' | 'mean'

/**
 * Running sums of series whose values are all whole, as most counters and gauges are: what overlapping windows hold is
 * then the difference of two of them, and no more rounded than the compensated sum of the samples.
 */
export class RunningSums {
  #sums = new Float64Array(1024)

  /** @returns at `i` the sum of the samples before the i-th; undefined = not whole, or too large to be exact */
  of({ values, count }: SampleColumns): Float64Array | undefined {
    if (this.#sums.length <= count) this.#sums = new Float64Array(count * 2)
    const sums = this.#sums
    let total = 0
    for (let i = 0; i < count; i++) {
      const value = values[i] as number
      total += value
      // Not a number fails the second test, whatever is infinite the first.
      if (value !== Math.floor(value) || !(total <= EXACT_MAX && total >= -EXACT_MAX)) return undefined
      sums[i + 1] = total
    }
    return sums
  }
}

/** Writes a row from running sums; windows without a sample have no value. */
export function summarize(
  sums: Float64Array,
  summary: Summary,
  from: Int32Array,
  to: Int32Array,
  values: Float64Array,
  present: Uint8Array,
): void {
  for (let step = 0; step < values.length; step++) {
    const first = from[step] as number
    const end = to[step] as number
    present[step] = end > first ? 1 : 0
    if (end === first) continue
    const sum = (sums[end] as number) - (sums[first] as number)
    values[step] = summary === 'sum' ? sum : sum / (end - first)
  }
}

/** True where windows hold each sample so often that sums pay: as far as the one in the middle tells. */
export function areOverlapping(from: Int32Array, to: Int32Array, count: number): boolean {
  const middle = from.length >>> 1
  return ((to[middle] as number) - (from[middle] as number)) * from.length > 2 * count
}
