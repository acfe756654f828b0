import type { QueryBudget, SampleColumns } from '@vantage/model'

/** Bytes that one cache keeps. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024
const KEPT_MAX = 64

/**
 * What is worked out from the times of a series alone, kept for those that share them. Every scraped target has times
 * of its own, and series in the order of their labels are now of this target, now of that.
 */
export class PerTimes<T> {
  readonly #bytes: number
  readonly #make: () => T
  readonly #budget: QueryBudget
  readonly #max: number
  /** By the key of their times, oldest first. */
  readonly #kept = new Map<number, { value: T; version: number; count: number }>()
  /** For times without a key. */
  readonly own: T
  #key = 0
  #count = -1
  #last: T
  #versions = 0
  /** False: what `of` returned last is yet to be worked out. */
  isKnown = false
  /** Names what `of` returned last: a number for each time that it is worked out. */
  version = 0

  /** @param bytes of one value */
  constructor(bytes: number, make: () => T, budget: QueryBudget) {
    this.#bytes = bytes
    this.#make = make
    this.#budget = budget
    this.#max = Math.max(1, Math.min(KEPT_MAX, Math.floor(KEPT_BYTES_MAX / Math.max(1, bytes))))
    this.own = make()
    this.#last = this.own
  }

  of({ timesKey, count }: SampleColumns): T {
    return this.ofKey(timesKey, count)
  }

  /** @param key names the times, 0 none; `count` of them */
  ofKey(key: number, count: number): T {
    // Fast path: the times are those of the last series.
    if (key !== 0 && key === this.#key && count === this.#count) {
      this.isKnown = true
      return this.#last
    }
    this.#key = key
    this.#count = count
    this.#last = key === 0 ? this.#workOut(this.own) : this.#find(key, count)
    return this.#last
  }

  /** For times that no other series shares. */
  ofNone(): T {
    this.#key = 0
    this.#last = this.#workOut(this.own)
    return this.#last
  }

  #find(key: number, count: number): T {
    const known = this.#kept.get(key)
    if (known?.count === count) {
      this.isKnown = true
      this.version = known.version
      return known.value
    }
    const value = this.#workOut(known?.value ?? this.#room())
    this.#kept.set(key, { value, version: this.version, count })
    return value
  }

  #workOut(value: T): T {
    this.isKnown = false
    this.version = ++this.#versions
    return value
  }

  /** A new value, or that of the oldest key. */
  #room(): T {
    if (this.#kept.size >= this.#max) {
      for (const [oldest, { value }] of this.#kept) {
        this.#kept.delete(oldest)
        return value
      }
    }
    this.#budget.chargeBytes(this.#bytes)
    return this.#make()
  }
}
