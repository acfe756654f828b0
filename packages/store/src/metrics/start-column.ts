/**
 * Since when the samples at `times` count: `starts[i]` (unix ms, 0 = unknown) belongs to `times[i]`. `times` is borrowed
 * from whoever read the samples; the rest is reused between series.
 */
export class StartColumn {
  times: Float64Array = new Float64Array(0)
  count = 0
  starts = new Float64Array(1024)
  /** False: all are unknown. */
  isKnown = false

  /** @param times ascending, at least `count` long; valid as long as the column is used */
  reset(times: Float64Array, count: number): void {
    this.times = times
    this.count = count
    this.isKnown = false
    if (this.starts.length < count) this.starts = new Float64Array(Math.max(count, this.starts.length * 2))
    else this.starts.fill(0, 0, count)
  }

  /** @returns the first place whose time is not below `timeMs` */
  find(timeMs: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.times[middle] as number) < timeMs) low = middle + 1
      else high = middle
    }
    return low
  }

  /** @returns the first place from `from` on whose time is not below `timeMs` */
  seek(from: number, timeMs: number): number {
    let at = from
    while (at < this.count && (this.times[at] as number) < timeMs) at++
    return at
  }

  /** Adds what is known: time → start. */
  addTo(out: Map<number, number>): void {
    if (!this.isKnown) return
    for (let i = 0; i < this.count; i++) {
      const start = this.starts[i] as number
      if (start !== 0) out.set(this.times[i] as number, start)
    }
  }

  set(at: number, startMs: number): void {
    this.starts[at] = startMs
    if (startMs !== 0) this.isKnown = true
  }
}
