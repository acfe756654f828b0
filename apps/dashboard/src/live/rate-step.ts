/** Turns the samples of a counter into a change per second, one at a time. */
export class RateStep {
  #formerMs = Number.NaN
  #former = Number.NaN

  /**
   * @returns change per second since the former sample; NaN for the first one, or where time stands still.
   *   After a reset (the counter fell) it counts from zero, as Prometheus does.
   */
  next(timeMs: number, value: number): number {
    const elapsedMs = timeMs - this.#formerMs
    const change = value < this.#former ? value : value - this.#former
    if (elapsedMs <= 0) return Number.NaN
    this.#formerMs = timeMs
    this.#former = value
    return (change * 1000) / elapsedMs
  }
}

/** Metrics whose growth is what one wants to see. */
export function isCounter(metric: string, type: string): boolean {
  return type === 'counter' || /_(total|count|sum|bucket)$/.test(metric)
}
