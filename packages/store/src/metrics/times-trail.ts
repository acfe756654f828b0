import { finishHash, mixWord } from './hash.ts'
import { IntList } from './int-list.ts'

const STEP_INTS = 4

/**
 * Where the times of one read came from: equal trails of one range name equal times, without a look at them. A source
 * that cannot name its times spoils the trail.
 */
export class TimesTrail {
  readonly #steps = new IntList()
  isKnown = true

  reset(): void {
    this.#steps.reset()
    this.isKnown = true
  }

  /** Samples [from, to) of a time column that never changes. */
  push(source: number, column: number, from: number, to: number): void {
    const steps = this.#steps
    steps.reserve(steps.count + STEP_INTS)
    const { items, count } = steps
    items[count] = source
    items[count + 1] = column
    items[count + 2] = from
    items[count + 3] = to
    steps.count = count + STEP_INTS
  }

  /** Times that nothing names. */
  spoil(): void {
    this.isKnown = false
  }

  isEqual(other: TimesTrail): boolean {
    if (!this.isKnown || !other.isKnown || this.#steps.count !== other.#steps.count) return false
    const mine = this.#steps.items
    const others = other.#steps.items
    for (let i = 0; i < this.#steps.count; i++) if (mine[i] !== others[i]) return false
    return true
  }

  hash(): number {
    const { items, count } = this.#steps
    let hash = count
    for (let i = 0; i < count; i++) hash = mixWord(hash, items[i] as number)
    return finishHash(hash)
  }

  copy(): TimesTrail {
    const copy = new TimesTrail()
    copy.isKnown = this.isKnown
    const { items, count } = this.#steps
    for (let i = 0; i < count; i++) copy.#steps.push(items[i] as number)
    return copy
  }
}
