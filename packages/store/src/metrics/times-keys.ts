import type { SampleColumns } from '@vantage/model'
import { finishHash, mixWord } from './hash.ts'
import { TIME_COLUMNS_MAX } from './limits.ts'
import { TimesTrail } from './times-trail.ts'

/**
 * Hands out equal keys for equal time columns: found by a hash, believed after comparing all times. Series of one
 * scrape share their times, so a query computes window bounds once per key instead of once per series.
 * One per selection; bounded, and columns beyond the bound get the key 0.
 */
export class TimesKeys {
  readonly #columns: Float64Array[] = []
  readonly #byHash = new Map<number, number>()
  #lastKey = 0
  readonly #lastTrail = new TimesTrail()

  /** @param trail of the read that filled `samples` */
  key(samples: SampleColumns, trail: TimesTrail): number {
    // Fast path: no look at the times.
    if (this.#lastKey !== 0 && this.#lastTrail.isEqual(trail)) return this.#lastKey
    const key = this.#keyOf(samples)
    this.#lastKey = key
    this.#lastTrail.copyFrom(trail)
    return key
  }

  #keyOf({ count, times }: SampleColumns): number {
    if (count === 0) return 0
    // Fast path: neighbours in label order mostly come from one scrape.
    if (this.#lastKey !== 0 && isEqual(this.#columns[this.#lastKey - 1] as Float64Array, times, count)) {
      return this.#lastKey
    }
    const hash = hashTimes(times, count)
    const known = this.#byHash.get(hash)
    if (known !== undefined) {
      if (!isEqual(this.#columns[known - 1] as Float64Array, times, count)) return 0
      return known
    }
    if (this.#columns.length === TIME_COLUMNS_MAX) return 0
    this.#columns.push(times.slice(0, count))
    this.#byHash.set(hash, this.#columns.length)
    return this.#columns.length
  }
}

function isEqual(column: Float64Array, times: Float64Array, count: number): boolean {
  if (column.length !== count) return false
  for (let i = 0; i < count; i++) if (column[i] !== times[i]) return false
  return true
}

/** Ends and eight times between: enough to tell scrapes apart, cheap for long columns. */
function hashTimes(times: Float64Array, count: number): number {
  let hash = count
  const step = Math.max(1, count >>> 3)
  for (let i = 0; i < count; i += step) hash = mixWord(hash, (times[i] as number) | 0)
  return finishHash(mixWord(hash, (times[count - 1] as number) | 0))
}
