import type { ItemReason, Refusal } from '@vantage/model'

/** Collects what one batch is refused for; allocates only once something is. */
export class Refusals {
  #counts = new Map<ItemReason, { count: number; message: string }>()
  verdict: Uint8Array | undefined = undefined

  get isEmpty(): boolean {
    return this.#counts.size === 0
  }

  /**
   * Refuses items [from, to) of `itemCount` (samples, then histograms); `message` is built for the first of a reason
   * only.
   */
  add(reason: ItemReason, from: number, to: number, itemCount: number, message: () => string): void {
    if (to > from) {
      this.verdict ??= new Uint8Array((itemCount + 7) >>> 3)
      for (let i = from; i < to; i++) this.verdict[i >>> 3] = (this.verdict[i >>> 3] as number) | (1 << (i & 7))
    }
    const known = this.#counts.get(reason)
    if (known === undefined) this.#counts.set(reason, { count: to - from, message: message() })
    else known.count += to - from
  }

  list(): Refusal[] {
    return [...this.#counts].map(([reason, { count, message }]) => ({ reason, count, message }))
  }
}

/** Bit i of a verdict: item i was refused. */
export function isRefused(verdict: Uint8Array, item: number): boolean {
  return ((verdict[item >>> 3] ?? 0) & (1 << (item & 7))) !== 0
}
