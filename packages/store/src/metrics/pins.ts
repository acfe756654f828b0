import { assert } from '@vantage/model'
import type { PinEpochs } from './head/generation.ts'

/** A running query's claim on what its view shows. Main holds all pins, so a killed worker frees its own. */
export interface Pin {
  readonly epoch: number
}

export class PinBook implements PinEpochs {
  current = 0
  readonly #pins = new Set<Pin>()
  #oldest = 0

  /** Above `current` while nothing is pinned. */
  get oldest(): number {
    return this.#pins.size === 0 ? this.current + 1 : this.#oldest
  }

  get count(): number {
    return this.#pins.size
  }

  pin(): Pin {
    this.current++
    const pin = { epoch: this.current }
    this.#pins.add(pin)
    if (this.#pins.size === 1) this.#oldest = pin.epoch
    return pin
  }

  release(pin: Pin): void {
    assert(this.#pins.delete(pin), 'a pin is released once')
    if (pin.epoch !== this.#oldest) return
    // Pins are kept in the order they were taken.
    const next = this.#pins.values().next()
    if (next.done !== true) this.#oldest = next.value.epoch
  }
}
