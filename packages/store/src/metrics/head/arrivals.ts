/** Stamps that are told apart; what an older one is asked for counts as changed from the beginning. */
const STAMPS_MAX = 512

/**
 * How far back in time a tenant's data has changed since some moment: late samples, new series of old samples,
 * deletions. Who keeps something that was worked out from samples asks whether it still holds.
 */
export class Arrivals {
  /** Per stamp, the earliest time that changed between it and the next. */
  readonly #earliest: number[] = [Number.POSITIVE_INFINITY]
  #first = 0

  /** Data from `timeMs` on has changed. */
  note(timeMs: number): void {
    const last = this.#earliest.length - 1
    if (timeMs < (this.#earliest[last] as number)) this.#earliest[last] = timeMs
  }

  /** A name for now, to ask with later. */
  stamp(): number {
    if (this.#earliest.at(-1) !== Number.POSITIVE_INFINITY) {
      this.#earliest.push(Number.POSITIVE_INFINITY)
      if (this.#earliest.length > STAMPS_MAX) {
        this.#earliest.shift()
        this.#first++
      }
    }
    return this.#first + this.#earliest.length - 1
  }

  /** The earliest time that has changed since `stamp`: Infinity where nothing has, -Infinity where nobody knows. */
  earliestSince(stamp: number): number {
    if (stamp < this.#first) return Number.NEGATIVE_INFINITY
    let earliest = Number.POSITIVE_INFINITY
    for (let i = stamp - this.#first; i < this.#earliest.length; i++) {
      earliest = Math.min(earliest, this.#earliest[i] as number)
    }
    return earliest
  }
}
