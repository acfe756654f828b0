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

  get maxBytes(): number {
    return this.#maxBytes
  }

  /** Whatever the body, one request may run while nothing else does: a cap below a body's own cap is no deadlock. */
  tryTake(bytes: number): boolean {
    if (this.#usedBytes > 0 && this.#usedBytes + bytes > this.#maxBytes) return false
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
    if (!this.#account.tryTake(more)) return false
    this.#heldBytes = bytes
    return true
  }

  release(): void {
    this.#account.release(this.#heldBytes)
    this.#heldBytes = 0
  }
}
