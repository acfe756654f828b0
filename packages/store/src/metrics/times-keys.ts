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
  readonly #columns: KeyedTimes[] = []
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

  #keyOf(samples: SampleColumns): number {
    const { count, times, ranks, isThinned } = samples
    if (count === 0) return 0
    // Fast path: neighbours in label order mostly come from one scrape.
    if (this.#lastKey !== 0 && isEqual(this.#columns[this.#lastKey - 1] as KeyedTimes, samples)) return this.#lastKey
    const hash = mixWord(hashTimes(times, count), isThinned ? samples.fullCount : count)
    const known = this.#byHash.get(hash)
    if (known !== undefined) return isEqual(this.#columns[known - 1] as KeyedTimes, samples) ? known : 0
    if (this.#columns.length === TIME_COLUMNS_MAX) return 0
    this.#columns.push({ times: times.slice(0, count), ranks: isThinned ? ranks.slice(0, count) : undefined })
    this.#byHash.set(hash, this.#columns.length)
    return this.#columns.length
  }
}

/** The same times among more samples that were left out are others. */
interface KeyedTimes {
  readonly times: Float64Array
  /** Set where samples were left out. */
  readonly ranks: Int32Array | undefined
}

function isEqual({ times, ranks }: KeyedTimes, samples: SampleColumns): boolean {
  if (times.length !== samples.count || (ranks !== undefined) !== samples.isThinned) return false
  for (let i = 0; i < times.length; i++) if (times[i] !== samples.times[i]) return false
  if (ranks !== undefined) for (let i = 0; i < ranks.length; i++) if (ranks[i] !== samples.ranks[i]) return false
  return true
}

/** Ends and eight times between: enough to tell scrapes apart, cheap for long columns. */
function hashTimes(times: Float64Array, count: number): number {
  let hash = count
  const step = Math.max(1, count >>> 3)
  for (let i = 0; i < count; i += step) hash = mixWord(hash, (times[i] as number) | 0)
  return finishHash(mixWord(hash, (times[count - 1] as number) | 0))
}
