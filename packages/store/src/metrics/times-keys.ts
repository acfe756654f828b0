import type { SampleColumns } from '@vantage/model'
import { finishHash, mixWord } from './hash.ts'
import { TIME_COLUMNS_MAX } from './limits.ts'
import type { TimesTrail } from './times-trail.ts'

/**
 * Hands out equal keys for equal time columns: found by a hash, believed after comparing all times. Series of one
 * scrape share their times, so a query computes window bounds once per key instead of once per series.
 * One per selection; bounded, and columns beyond the bound get the key 0.
 */
export class TimesKeys {
  readonly #columns: Float64Array[] = []
  readonly #byHash = new Map<number, number>()
  #lastKey = 0
  /** By the hash of the trail: trails whose keys are known. */
  readonly #trails = new Map<number, { readonly trail: TimesTrail; readonly key: number }>()
  #last: { readonly trail: TimesTrail; readonly key: number } | undefined

  /** @param trail of the read that filled `samples` */
  key(samples: SampleColumns, trail: TimesTrail): number {
    // Fast path: no look at the times.
    if (this.#last?.trail.isEqual(trail) === true) return this.#last.key
    const hash = trail.hash()
    const known = this.#trails.get(hash)
    if (known?.trail.isEqual(trail) === true) {
      this.#last = known
      return known.key
    }
    const key = this.#keyOf(samples)
    this.#lastKey = key
    if (trail.isKnown && key !== 0 && this.#trails.size < TIME_COLUMNS_MAX) {
      this.#last = { trail: trail.copy(), key }
      this.#trails.set(hash, this.#last)
    }
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
