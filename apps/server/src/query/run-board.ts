/** Where the words of a board are, in order. */
const TAKEN = 0
const FRONT = 1
const BACK = 2
const JOINED = 3
const FINISHED = 4
const FAILED = 5
const WORDS = 6

/** Takes all claims that may still come: a task has far fewer runs. */
const ALL_TAKEN = 2 ** 30
/** A wait looks up this often whether its query was ended. */
const LOOK_UP_MS = 20

/**
 * The runs of one shared task, claimed by several threads without a lock. The asker claims from the front and helpers
 * from the back, so that each thread meets the same series again and its page cache fits.
 */
export class RunBoard {
  /** Shared between the threads. */
  readonly words: Int32Array<SharedArrayBuffer>
  readonly #runs: number

  constructor(runs: number, words?: Int32Array<SharedArrayBuffer>) {
    this.#runs = runs
    this.words = words ?? new Int32Array(new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT))
    if (words === undefined) this.words[BACK] = runs
  }

  /** @returns a run that nobody else has or gets, or -1 */
  claimFront(): number {
    return this.#take() ? Atomics.add(this.words, FRONT, 1) : -1
  }

  /** As `claimFront`, from the other end. */
  claimBack(): number {
    return this.#take() ? Atomics.sub(this.words, BACK, 1) - 1 : -1
  }

  /** As many may take as there are runs, so the two ends never meet in one. */
  #take(): boolean {
    return Atomics.add(this.words, TAKEN, 1) < this.#runs
  }

  /** Nobody gets a run any more. */
  close(): void {
    Atomics.store(this.words, TAKEN, ALL_TAKEN)
  }

  /** Before the first claim of a helper. */
  join(): void {
    Atomics.add(this.words, JOINED, 1)
  }

  /** After a helper has sent its answer. */
  finish(): void {
    Atomics.add(this.words, FINISHED, 1)
    Atomics.notify(this.words, FINISHED)
  }

  /** A helper will never finish. */
  fail(): void {
    Atomics.store(this.words, FAILED, 1)
    Atomics.notify(this.words, FINISHED)
  }

  /**
   * Blocks this thread until all who joined have finished. After a claim that got nothing, nobody with a run can join.
   * @param check throws where the query was ended
   * @returns false where one of them failed
   */
  wait(check: () => void): boolean {
    for (;;) {
      if (Atomics.load(this.words, FAILED) === 1) return false
      const finished = Atomics.load(this.words, FINISHED)
      if (finished >= Atomics.load(this.words, JOINED)) return true
      Atomics.wait(this.words, FINISHED, finished, LOOK_UP_MS)
      check()
    }
  }
}
