/** A growing list of times (unix ms) that is reused between calls; owned by one caller at a time. */
export class TimeList {
  items = new Float64Array(64)
  count = 0

  reset(): void {
    this.count = 0
  }

  push(timeMs: number): void {
    if (this.count === this.items.length) {
      const next = new Float64Array(this.items.length * 2)
      next.set(this.items)
      this.items = next
    }
    this.items[this.count++] = timeMs
  }
}
