import type { Labels } from '@vantage/model'

/**
 * Where live views listen. Flags are looked up once per row, so that a store that nobody watches pays one byte load.
 * Callbacks run inside `apply`: they copy what they need and return.
 */
export class SeriesTap {
  /** One byte per series: 1 = watched. */
  flags = new Uint8Array(1024)
  /** Samples of watched series, as they are stored. */
  onSample: (series: number, timeMs: number, value: number) => void = () => {}
  /** A series that came up, whoever watches. */
  onSeries: ((series: number, labels: Labels) => void) | undefined = undefined
  /** Series ids changed (the index was rebuilt): forget them and select again. */
  onRenumber: (() => void) | undefined = undefined

  watch(series: number): void {
    if (series >= this.flags.length) this.cover(series + 1)
    this.flags[series] = 1
  }

  unwatch(series: number): void {
    if (series < this.flags.length) this.flags[series] = 0
  }

  cover(size: number): void {
    if (size <= this.flags.length) return
    const next = new Uint8Array(Math.max(size, this.flags.length * 2))
    next.set(this.flags)
    this.flags = next
  }
}
