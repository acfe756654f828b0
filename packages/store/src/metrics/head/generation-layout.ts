/**
 * Words of a generation (generation.ts) in its shared segments. One thread writes, many read in place.
 *
 *   record of a series (16 words, at series id × 16)
 *     0 tail region (live) | 1 newest chunk (live) | 2 chunks | 3 newest late region (live)
 *     4 newest exemplar (live) | 5 exemplars | 6 late floats | 7 newest histogram in order (live)
 *     8 smallest time, f64 | 10 largest time in order, f64 | 12 time of the newest exemplar, f64
 *     14 newest late histogram (live) | 15 start times (live, `start-runs.ts`)
 *   tail and late region: count (live) | capacity | older region (late only) | written | (time f64, value) × capacity
 *   chunk: older chunk | samples | bytes of the time block | bytes of the value block | first time | last time | blocks
 *   exemplar: older | label bytes | time f64 | value f64 | labels as JSON
 *   histogram: older | bytes | time f64 | late floats that came before it | – | bytes of `encodeHistogram`
 *
 * Floats and histograms of a series share its times: what is not newer than both is late. A histogram is never moved
 * nor packed here; a series that begins with one has an empty tail.
 *
 * A tail's samples are *written* first and counted, for readers to see, by `publish`: one atomic store a series and
 * batch instead of one a sample, between which the processor may run ahead of what memory has yet to deliver.
 *
 * A reader loads *live* words in the order tail, chunk, late: a sample that moves from the tail into a chunk is seen
 * at least once. A region that the writer left is used again only when no query that could see it still runs.
 */
export const RECORD_WORD_BITS = 4
export const RECORD = {
  tail: 0,
  chunk: 1,
  chunks: 2,
  late: 3,
  exemplar: 4,
  exemplars: 5,
  lateCount: 6,
  histogram: 7,
  minTime: 8,
  maxTime: 10,
  exemplarTime: 12,
  lateHistogram: 14,
  starts: 15,
} as const
export const REGION = { count: 0, capacity: 1, older: 2, written: 3, header: 4 } as const
/** Of a sample in a region: its time, its value. Side by side, so that adding one waits for one place in memory. */
export const SAMPLE_WORDS = 4
export const CHUNK = { older: 0, count: 1, timeBytes: 2, valueBytes: 3, first: 4, last: 6, header: 8 } as const
export const EXEMPLAR = { older: 0, bytes: 1, time: 2, value: 4, header: 6 } as const
export const HISTOGRAM = { older: 0, bytes: 1, time: 2, lateBefore: 4, header: 6 } as const

export const APPENDED = { stored: 0, duplicate: 1, conflict: 2, late: 3 } as const

/** The class of a region by its capacity: 3, 7, 15, 31 → 0, 1, 2, 3. */
export function classOf(capacity: number): number {
  return 29 - Math.clz32(capacity + 1)
}

export function capacityOf(kind: number): number {
  return (4 << kind) - 1
}

export function wordsOf(kind: number): number {
  return REGION.header + capacityOf(kind) * SAMPLE_WORDS
}

/** True for a time that goes behind the last one of a tail. */
export function isNext(timeMs: number, lastMs: number, latestMs: number): boolean {
  return timeMs > lastMs && timeMs <= latestMs
}
