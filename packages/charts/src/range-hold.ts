/** How long a smaller range must last before an axis shrinks to it. */
export const SHRINK_AFTER_MS = 10_000

/** The range of a value axis: it grows at once and shrinks late, so that live charts do not pump. */
export class RangeHold {
  min = 0
  max = 1
  #isSet = false
  #smallerSinceMs: number | undefined

  /** Offers what the data spans now. @returns true where the held range changed */
  offer(min: number, max: number, nowMs: number): boolean {
    if (!(min <= max)) return false
    if (!this.#isSet || min < this.min || max > this.max) {
      const grown = this.#isSet
      this.min = grown ? Math.min(this.min, min) : min
      this.max = grown ? Math.max(this.max, max) : max
      this.#isSet = true
      this.#smallerSinceMs = undefined
      return true
    }
    // A quarter of slack is kept: a range that wobbles stays as it is.
    if (max - min > (this.max - this.min) * 0.75) {
      this.#smallerSinceMs = undefined
      return false
    }
    this.#smallerSinceMs ??= nowMs
    if (nowMs - this.#smallerSinceMs < SHRINK_AFTER_MS) return false
    this.min = min
    this.max = max
    this.#smallerSinceMs = undefined
    return true
  }

  reset(): void {
    this.#isSet = false
    this.#smallerSinceMs = undefined
  }
}

/** Widens a data range to whole ticks, from zero where asked, never empty. */
export function paddedRange(min: number, max: number, fromZero: boolean): readonly [number, number] {
  if (!(min <= max)) return [0, 1]
  const low = fromZero ? Math.min(0, min) : min
  const high = fromZero ? Math.max(0, max) : max
  if (low === high) return low === 0 ? [0, 1] : low > 0 ? [fromZero ? 0 : low * 0.9, low * 1.1] : [low * 1.1, 0]
  const pad = (high - low) * 0.08
  return [low === 0 ? 0 : low - pad, high === 0 ? 0 : high + pad]
}
