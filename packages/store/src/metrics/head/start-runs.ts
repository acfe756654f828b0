import { SEGMENT_WORD_BITS } from '../limits.ts'
import { doubleAt, loadWord, type SharedSegments, setDouble, setWord, storeWord, wordAt } from '../shared-segments.ts'
import type { StartColumn } from '../start-column.ts'

/**
 * Since when the samples of one series count. Series that never said so have nothing of this but a zero in their record.
 *
 *   block: newest run (live) | newest late start (live)
 *   run, late start: older | – | time f64 | start f64 (unix ms, 0 = unknown)
 *
 * A run holds for samples that came in order, from its time until the next run begins: one is all that a process which
 * does not restart needs. A late sample of a series that has a block has a late start; of equal times the newer counts.
 * What a sample needs is published before the sample.
 */
const BLOCK = { run: 0, late: 1, words: 2 } as const
const ENTRY = { older: 0, time: 2, start: 4, words: 6 } as const

/**
 * Writer only: notes the start of a sample that is about to be stored.
 * @param word of the record that names the block
 * @returns true where the series had none before
 */
export function noteStart(
  records: SharedSegments,
  data: SharedSegments,
  word: number,
  timeMs: number,
  startMs: number,
  isLate: boolean,
): boolean {
  let block = wordAt(records, word)
  const isFirst = block === 0
  if (isFirst) {
    if (startMs === 0) return false
    block = data.allocate(BLOCK.words)
  }
  const list = block + (isLate ? BLOCK.late : BLOCK.run)
  const newest = wordAt(data, list)
  // Fast path: the process that counts still runs.
  if (!isLate && (newest === 0 ? 0 : doubleAt(data, newest + ENTRY.start)) === startMs) return false
  const entry = data.allocate(ENTRY.words)
  setWord(data, entry + ENTRY.older, newest)
  setDouble(data, entry + ENTRY.time, timeMs)
  setDouble(data, entry + ENTRY.start, startMs)
  storeWord(data, list, entry)
  if (isFirst) storeWord(records, word, block)
  return isFirst
}

/** The starts of one series as a reader has loaded them; reused between series. */
export class StartRuns {
  /** Ascending; run i holds from `times[i]` on. */
  readonly #times: number[] = []
  readonly #starts: number[] = []
  readonly #late = new Map<number, number>()

  /**
   * Loads what samples from `fromMs` on may need; call it after the samples are read.
   * @param block as the record names it, not 0
   * @returns false where the view does not reach as far as the writer is: the query must be repeated
   */
  load(data: SharedSegments, block: number, fromMs: number): boolean {
    this.#times.length = 0
    this.#starts.length = 0
    this.#late.clear()
    if (data.words[block >>> SEGMENT_WORD_BITS] === undefined) return false
    for (let at = loadWord(data, block + BLOCK.run); at !== 0; at = wordAt(data, at)) {
      if (data.words[at >>> SEGMENT_WORD_BITS] === undefined) return false
      const time = doubleAt(data, at + ENTRY.time)
      this.#times.push(time)
      this.#starts.push(doubleAt(data, at + ENTRY.start))
      if (time <= fromMs) break
    }
    this.#times.reverse()
    this.#starts.reverse()
    for (let at = loadWord(data, block + BLOCK.late); at !== 0; at = wordAt(data, at)) {
      if (data.words[at >>> SEGMENT_WORD_BITS] === undefined) return false
      const time = doubleAt(data, at + ENTRY.time)
      if (!this.#late.has(time)) this.#late.set(time, doubleAt(data, at + ENTRY.start))
    }
    return true
  }

  /** No starts at all. */
  clear(): void {
    this.#times.length = 0
    this.#starts.length = 0
    this.#late.clear()
  }

  /** Sets the starts of `out` at the times of samples that are the generation's own, ascending. */
  apply(times: Float64Array, count: number, out: StartColumn): void {
    let at = 0
    let run = -1
    for (let i = 0; i < count; i++) {
      const time = times[i] as number
      at = out.seek(at, time)
      if (at === out.count) return
      if (out.times[at] !== time) continue
      while (run + 1 < this.#times.length && (this.#times[run + 1] as number) <= time) run++
      const late = this.#late.size === 0 ? undefined : this.#late.get(time)
      out.set(at, late ?? (run < 0 ? 0 : (this.#starts[run] as number)))
    }
  }
}
