import { assert } from '@vantage/model'

/** Bytes of requests that are being read or wait for the log: one account for all doors (`ingest.maxInflightBytes`). */
export class InflightBytes {
  readonly #maxBytes: number
  #usedBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /**
   * Takes `bytes` more for a request that holds `heldBytes`. The only request there is gets what it asks for:
   * a cap below a body's own cap must not refuse that body for ever.
   */
  tryTake(bytes: number, heldBytes: number): boolean {
    if (this.#usedBytes > heldBytes && this.#usedBytes + bytes > this.#maxBytes) return false
    this.#usedBytes += bytes
    return true
  }

  release(bytes: number): void {
    assert(bytes <= this.#usedBytes, 'more in-flight bytes released than taken')
    this.#usedBytes -= bytes
  }
}

/** What one request holds of the account. `release` in `finally`, once or more. */
export class InflightHold {
  readonly #account: InflightBytes
  #heldBytes = 0

  constructor(account: InflightBytes) {
    this.#account = account
  }

  /** Grows the hold to `bytes`. @returns false where the account has no room; the hold is then as before */
  ensure(bytes: number): boolean {
    const more = bytes - this.#heldBytes
    if (more <= 0) return true
    if (!this.#account.tryTake(more, this.#heldBytes)) return false
    this.#heldBytes = bytes
    return true
  }

  release(): void {
    this.#account.release(this.#heldBytes)
    this.#heldBytes = 0
  }
}
