/** The server's clock as far as it has told it; the own one before. */
export class ServerClock {
  /** Server clock − monotonic clock of this thread, ms. */
  #offsetMs = Date.now() - performance.now()

  set(nowMs: number): void {
    this.#offsetMs = nowMs - performance.now()
  }

  /** Unix ms; never jumps with the clock of this machine. */
  nowMs(): number {
    return performance.now() + this.#offsetMs
  }
}
