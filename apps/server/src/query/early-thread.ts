import type { ThreadPort } from './thread-port.ts'

/**
 * A query thread that was started before there is a store: it compiles the engine on another core while the store
 * opens, and becomes the pool's first worker.
 */
export class EarlyThread {
  #port: ThreadPort | undefined

  constructor(port: ThreadPort) {
    this.#port = port
    const forget = (): void => {
      this.#port = undefined
    }
    port.on('error', forget)
    port.on('exit', forget)
  }

  /** @returns the thread, for one caller once; undefined where it has ended */
  take(): ThreadPort | undefined {
    const port = this.#port
    this.#port = undefined
    return port
  }

  /** Ends it where nobody has taken it. */
  async end(): Promise<void> {
    await this.take()?.terminate()
  }
}
