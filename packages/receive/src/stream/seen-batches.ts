import type { Clock } from '@vantage/model'

/** Numbers of one client that are remembered, and how long after its last batch. */
const WINDOW_SEQS = 10_000
const WINDOW_MS = 600_000
const CLIENTS_MAX = 10_000

interface Client<T> {
  usedMonotonicMs: number
  /** Insertion order is the order of arrival. */
  readonly outcomes: Map<number, Promise<T>>
}

/**
 * Remembers the batches of clients that name themselves, so that one sent again is not taken again: also while its
 * first copy is still on its way to the disk.
 */
export class SeenBatches<T> {
  readonly #clock: Clock
  /** The least recently used first. */
  readonly #clients = new Map<string, Client<T>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Runs `take` for a batch that was not seen, else gives what its first copy came to. A failure is forgotten. */
  once(client: string, seq: number, take: () => Promise<T>, isTaken: (outcome: T) => boolean): Promise<T> {
    const { outcomes } = this.#touch(client)
    const known = outcomes.get(seq)
    if (known !== undefined) return known
    const outcome = take().then((found) => {
      if (!isTaken(found)) outcomes.delete(seq)
      return found
    })
    outcomes.set(seq, outcome)
    if (outcomes.size > WINDOW_SEQS) outcomes.delete(outcomes.keys().next().value as number)
    return outcome
  }

  #touch(name: string): Client<T> {
    const nowMs = this.#clock.monotonicMs()
    for (const [oldest, client] of this.#clients) {
      if (nowMs - client.usedMonotonicMs < WINDOW_MS && this.#clients.size < CLIENTS_MAX) break
      this.#clients.delete(oldest)
    }
    const client = this.#clients.get(name) ?? { usedMonotonicMs: nowMs, outcomes: new Map<number, Promise<T>>() }
    client.usedMonotonicMs = nowMs
    this.#clients.delete(name)
    this.#clients.set(name, client)
    return client
  }
}
