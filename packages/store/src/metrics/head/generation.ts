import type { Exemplar } from '@vantage/model'
import { IntQueue } from '../int-list.ts'
import {
  EXEMPLAR_GAP_MS,
  EXEMPLAR_LABEL_BYTES_MAX,
  EXEMPLARS_AT_ONCE,
  EXEMPLARS_PER_SERIES_MAX,
  SEGMENT_WORD_BITS,
  SEGMENT_WORD_MASK,
  TAIL_SAMPLES_MAX,
  TAIL_SAMPLES_MIN,
} from '../limits.ts'
import { doubleAt, SharedSegments, setDouble, setWord, storeWord, wordAt } from '../shared-segments.ts'
import {
  APPENDED,
  capacityOf,
  classOf,
  EXEMPLAR,
  HISTOGRAM,
  isNext,
  RECORD,
  RECORD_WORD_BITS,
  REGION,
  SAMPLE_WORDS,
  wordsOf,
} from './generation-layout.ts'
import { noteStart } from './start-runs.ts'
import type { TailPacker } from './tail-packer.ts'

/** Tells a writer which memory no running query can see any more. */
export interface PinEpochs {
  /** Grows with each pin. */
  readonly current: number
  /** The epoch of the oldest running pin, or a value above `current`. */
  readonly oldest: number
}

const REGION_CLASSES = 4
/** Classes of tails that are left for a larger one. */
const SMALLEST_LEFT = classOf(TAIL_SAMPLES_MIN)
const LARGEST_LEFT = classOf(TAIL_SAMPLES_MAX)
/** Tails that wait to be published; more are published at once. */
const TOUCHED_MAX = 4_096

/** The samples of one tenant between two seals, in shared segments (generation-layout.ts). */
export class Generation {
  readonly id: number
  readonly records = new SharedSegments()
  readonly data = new SharedSegments()
  readonly #packer: TailPacker
  readonly #pins: PinEpochs
  /** Regions by capacity class that were left, oldest first, and the epoch at which each was left. */
  readonly #left = Array.from({ length: REGION_CLASSES }, () => new IntQueue())
  readonly #leftEpochs = Array.from({ length: REGION_CLASSES }, () => new IntQueue())
  /** Floats and histograms. */
  sampleCount = 0
  histogramCount = 0
  seriesCount = 0
  chunkCount = 0
  lateCount = 0
  exemplarCount = 0
  /** Series that said since when they count. */
  startedSeriesCount = 0
  minTimeMs = Number.POSITIVE_INFINITY
  maxTimeMs = Number.NEGATIVE_INFINITY
  /** Series ids below this have a record. */
  recordCount = 0
  /** Start of the sample that is being added, 0 = unknown. */
  #startMs = 0
  /** Tails with samples that no reader sees yet. */
  readonly #touched = new Int32Array(TOUCHED_MAX)
  #touchedCount = 0

  constructor(id: number, packer: TailPacker, pins: PinEpochs) {
    this.id = id
    this.#packer = packer
    this.#pins = pins
  }

  get byteLength(): number {
    return this.records.byteLength + this.data.byteLength
  }

  /** True where samples or exemplars may lie in [startMs, endMs]; exemplars are not looked at. */
  mayHold(startMs: number, endMs: number): boolean {
    return this.exemplarCount > 0 || (this.minTimeMs <= endMs && this.maxTimeMs >= startMs)
  }

  /** Makes room for the record of a series; call once per series and batch row before `append`. */
  coverSeries(series: number): void {
    if (series < this.recordCount) return
    this.records.cover((series + 1) << RECORD_WORD_BITS)
    this.recordCount = (this.records.buffers.length << SEGMENT_WORD_BITS) >>> RECORD_WORD_BITS
  }

  /**
   * Adds sample `i` of a batch, for readers to see after `publish`; its value comes as its 64 bits. Taking the columns
   * and the place, not the time, spares a number on the heap for each sample.
   * @param overrides replay: a conflict inside the tail was taken when it was live, so it is kept as a late sample
   * @returns one of `APPENDED`
   */
  append(series: number, times: Float64Array, halves: Uint32Array, i: number, overrides: boolean): number {
    const timeMs = times[i] as number
    const record = series << RECORD_WORD_BITS
    const records = this.records.words[record >>> SEGMENT_WORD_BITS] as Int32Array
    const recordDoubles = this.records.doubles[record >>> SEGMENT_WORD_BITS] as Float64Array
    const at = record & SEGMENT_WORD_MASK
    let tail = records[at] as number
    if (tail === 0) tail = this.#open(record, timeMs)
    else if (timeMs <= (recordDoubles[(at + RECORD.maxTime) >>> 1] as number)) {
      return this.#appendOld(record, timeMs, halves[i * 2] as number, halves[i * 2 + 1] as number, overrides)
    }
    let words = this.data.words[tail >>> SEGMENT_WORD_BITS] as Int32Array
    let base = tail & SEGMENT_WORD_MASK
    if (words[base + REGION.written] === words[base + REGION.capacity]) {
      tail = this.#makeRoom(record, tail)
      words = this.data.words[tail >>> SEGMENT_WORD_BITS] as Int32Array
      base = tail & SEGMENT_WORD_MASK
    }
    const count = words[base + REGION.written] as number
    const doubles = this.data.doubles[tail >>> SEGMENT_WORD_BITS] as Float64Array
    const sample = base + REGION.header + count * SAMPLE_WORDS
    doubles[sample >>> 1] = timeMs
    words[sample + 2] = halves[i * 2] as number
    words[sample + 3] = halves[i * 2 + 1] as number
    recordDoubles[(at + RECORD.maxTime) >>> 1] = timeMs
    words[base + REGION.written] = count + 1
    if (this.#touched[this.#touchedCount - 1] !== tail) this.#touch(tail)
    this.sampleCount++
    if (timeMs > this.maxTimeMs) this.maxTimeMs = timeMs
    if (timeMs < this.minTimeMs) this.minTimeMs = timeMs
    return APPENDED.stored
  }

  /**
   * `append` for samples [from, end) of one series, as far as each is newer than the one before it and not newer than
   * `latestMs`; what is anything else is left to `append`.
   * @returns the first that was not added
   */
  appendRun(
    series: number,
    times: Float64Array,
    halves: Uint32Array,
    from: number,
    end: number,
    latestMs: number,
  ): number {
    const record = series << RECORD_WORD_BITS
    const records = this.records.words[record >>> SEGMENT_WORD_BITS] as Int32Array
    const recordDoubles = this.records.doubles[record >>> SEGMENT_WORD_BITS] as Float64Array
    const maxAt = ((record & SEGMENT_WORD_MASK) + RECORD.maxTime) >>> 1
    let tail = records[record & SEGMENT_WORD_MASK] as number
    if (tail === 0) return from
    let last = recordDoubles[maxAt] as number
    let at = from
    for (let stop = from; at === stop && at < end; ) {
      const words = this.data.words[tail >>> SEGMENT_WORD_BITS] as Int32Array
      const base = tail & SEGMENT_WORD_MASK
      const count = words[base + REGION.written] as number
      const capacity = words[base + REGION.capacity] as number
      if (count === capacity) {
        // Only for a sample that goes there: an old one is compared with what the tail has.
        if (!isNext(times[at] as number, last, latestMs)) break
        tail = this.#makeRoom(record, tail)
        continue
      }
      const doubles = this.data.doubles[tail >>> SEGMENT_WORD_BITS] as Float64Array
      let sample = base + REGION.header + count * SAMPLE_WORDS
      const first = at
      stop = Math.min(end, at + capacity - count)
      for (; at < stop; at++) {
        const timeMs = times[at] as number
        if (!isNext(timeMs, last, latestMs)) break
        doubles[sample >>> 1] = timeMs
        words[sample + 2] = halves[at * 2] as number
        words[sample + 3] = halves[at * 2 + 1] as number
        sample += SAMPLE_WORDS
        last = timeMs
      }
      if (at === first) break
      recordDoubles[maxAt] = last
      words[base + REGION.written] = count + at - first
      if (this.#touched[this.#touchedCount - 1] !== tail) this.#touch(tail)
    }
    if (at === from) return from
    this.sampleCount += at - from
    if (last > this.maxTimeMs) this.maxTimeMs = last
    if ((times[from] as number) < this.minTimeMs) this.minTimeMs = times[from] as number
    return at
  }

  #touch(tail: number): void {
    if (this.#touchedCount === TOUCHED_MAX) this.publish()
    this.#touched[this.#touchedCount++] = tail
  }

  /** Lets readers see all samples that were written. A region that was left meanwhile is only counted once more. */
  publish(): void {
    for (let i = 0; i < this.#touchedCount; i++) {
      const tail = this.#touched[i] as number
      const words = this.data.words[tail >>> SEGMENT_WORD_BITS] as Int32Array
      const base = tail & SEGMENT_WORD_MASK
      Atomics.store(words, base, words[base + REGION.written] as number)
    }
    this.#touchedCount = 0
  }

  /**
   * `append` for samples that say since when they count, and for all others of a generation that has heard of any.
   * @param startMs 0 = unknown
   */
  appendStarted(
    series: number,
    times: Float64Array,
    halves: Uint32Array,
    i: number,
    startMs: number,
    overrides: boolean,
  ): number {
    const timeMs = times[i] as number
    if (timeMs > this.maxTimeOf(series)) this.#noteStart(series << RECORD_WORD_BITS, timeMs, startMs, false)
    this.#startMs = startMs
    const code = this.append(series, times, halves, i, overrides)
    this.#startMs = 0
    return code
  }

  /** Before the sample is stored, so that who sees the sample sees its start. */
  #noteStart(record: number, timeMs: number, startMs: number, isLate: boolean): void {
    if (this.startedSeriesCount === 0 && startMs === 0) return
    if (noteStart(this.records, this.data, record + RECORD.starts, timeMs, startMs, isLate)) this.startedSeriesCount++
  }

  /** Largest time in order of a series, or -Infinity. */
  maxTimeOf(series: number): number {
    if (series >= this.recordCount) return Number.NEGATIVE_INFINITY
    const record = series << RECORD_WORD_BITS
    if (wordAt(this.records, record) === 0) return Number.NEGATIVE_INFINITY
    const doubles = this.records.doubles[record >>> SEGMENT_WORD_BITS] as Float64Array
    return doubles[((record & SEGMENT_WORD_MASK) + RECORD.maxTime) >>> 1] as number
  }

  #open(record: number, timeMs: number): number {
    const tail = this.#region(TAIL_SAMPLES_MIN)
    setDouble(this.records, record + RECORD.minTime, timeMs)
    setDouble(this.records, record + RECORD.maxTime, timeMs)
    storeWord(this.records, record, tail)
    this.seriesCount++
    return tail
  }

  /** The tail is full: a larger one, or a packed chunk and an empty one. */
  #makeRoom(record: number, tail: number): number {
    const capacity = wordAt(this.data, tail + REGION.capacity)
    let next: number
    if (capacity < TAIL_SAMPLES_MAX) {
      next = this.#region(capacity * 2 + 1)
      this.#copyRegion(tail, next, capacity)
    } else {
      this.#packer.pack(this, record, tail)
      this.chunkCount++
      next = this.#region(TAIL_SAMPLES_MAX)
    }
    storeWord(this.records, record, next)
    this.#leave(tail, capacity)
    return next
  }

  #copyRegion(from: number, to: number, count: number): void {
    for (let i = 0; i < count * SAMPLE_WORDS; i++) {
      setWord(this.data, to + REGION.header + i, wordAt(this.data, from + REGION.header + i))
    }
    setWord(this.data, to + REGION.written, count)
    setWord(this.data, to, count)
  }

  /** A sample not newer than the series: a duplicate, a conflict inside the tail, or late. */
  #appendOld(record: number, timeMs: number, low: number, high: number, overrides: boolean): number {
    const inTail = this.#compare(wordAt(this.records, record), timeMs, low, high)
    if (inTail === APPENDED.duplicate) return inTail
    if (inTail === APPENDED.conflict && !overrides) return inTail
    if (!overrides && this.#hasHistogramAt(record, timeMs)) return APPENDED.conflict
    const inLate = this.#compare(wordAt(this.records, record + RECORD.late), timeMs, low, high)
    if (inLate === APPENDED.duplicate) return inLate
    if (inLate === APPENDED.conflict && !overrides) return inLate
    this.#appendLate(record, timeMs, low, high)
    if (timeMs < this.minTimeMs) this.minTimeMs = timeMs
    this.sampleCount++
    this.lateCount++
    return APPENDED.late
  }

  /** Looks for the time in one region, newest first. @returns duplicate, conflict, or `APPENDED.stored` for absent */
  #compare(region: number, timeMs: number, low: number, high: number): number {
    if (region === 0) return APPENDED.stored
    const words = this.data.words[region >>> SEGMENT_WORD_BITS] as Int32Array
    const doubles = this.data.doubles[region >>> SEGMENT_WORD_BITS] as Float64Array
    const base = region & SEGMENT_WORD_MASK
    for (let i = (words[base + REGION.written] as number) - 1; i >= 0; i--) {
      const at = base + REGION.header + i * SAMPLE_WORDS
      if (doubles[at >>> 1] !== timeMs) continue
      // Halves come unsigned from batches and lie signed in shared words.
      return words[at + 2] === (low | 0) && words[at + 3] === (high | 0) ? APPENDED.duplicate : APPENDED.conflict
    }
    return APPENDED.stored
  }

  #appendLate(record: number, timeMs: number, low: number, high: number): void {
    this.#noteStart(record, timeMs, this.#startMs, true)
    const newest = wordAt(this.records, record + RECORD.late)
    let region = newest
    if (newest === 0 || wordAt(this.data, newest + REGION.written) === wordAt(this.data, newest + REGION.capacity)) {
      const before = newest === 0 ? 1 : wordAt(this.data, newest + REGION.capacity)
      region = this.#region(Math.min(TAIL_SAMPLES_MAX, before * 2 + 1))
      setWord(this.data, region + REGION.older, newest)
    }
    const count = wordAt(this.data, region + REGION.written)
    const sample = region + REGION.header + count * SAMPLE_WORDS
    setDouble(this.data, sample, timeMs)
    setWord(this.data, sample + 2, low)
    setWord(this.data, sample + 3, high)
    setWord(this.data, region + REGION.written, count + 1)
    storeWord(this.data, region, count + 1)
    setWord(this.records, record + RECORD.lateCount, wordAt(this.records, record + RECORD.lateCount) + 1)
    const doubles = this.records.doubles[record >>> SEGMENT_WORD_BITS] as Float64Array
    const minAt = ((record & SEGMENT_WORD_MASK) + RECORD.minTime) >>> 1
    if (timeMs < (doubles[minAt] as number)) doubles[minAt] = timeMs
    if (region !== newest) storeWord(this.records, record + RECORD.late, region)
  }

  #hasHistogramAt(record: number, timeMs: number): boolean {
    const inOrder = this.#findHistogram(wordAt(this.records, record + RECORD.histogram), timeMs)
    return inOrder !== 0 || this.#findHistogram(wordAt(this.records, record + RECORD.lateHistogram), timeMs) !== 0
  }

  /** @returns the histogram of this time among the newest of one list, which stand for the raw tail of floats; or 0 */
  #findHistogram(newest: number, timeMs: number): number {
    let at = newest
    for (let i = 0; at !== 0 && i < TAIL_SAMPLES_MAX; i++) {
      if (doubleAt(this.data, at + HISTOGRAM.time) === timeMs) return at
      at = wordAt(this.data, at + HISTOGRAM.older)
    }
    return 0
  }

  /**
   * Adds one native histogram, encoded in `bytes[from, to)` (at most `HISTOGRAM_BYTES_MAX`), by the rules of `append`:
   * the newest histograms are what the raw tail is to floats, and a float of the same time is a conflict.
   * @param startMs since when it counts, 0 = unknown
   */
  appendHistogram(
    series: number,
    timeMs: number,
    startMs: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    overrides: boolean,
  ): number {
    const record = series << RECORD_WORD_BITS
    let code: number = APPENDED.stored
    if (wordAt(this.records, record) === 0) this.#open(record, timeMs)
    else if (timeMs <= this.maxTimeOf(series)) {
      code = this.#compareHistogram(record, timeMs, bytes, from, to, overrides)
      if (code !== APPENDED.late) return code
      this.lateCount++
    }
    const isLate = code === APPENDED.late
    this.#noteStart(record, timeMs, startMs, isLate)
    const list = record + (isLate ? RECORD.lateHistogram : RECORD.histogram)
    const at = this.data.allocate(HISTOGRAM.header + ((to - from + 3) >>> 2))
    setWord(this.data, at + HISTOGRAM.older, wordAt(this.records, list))
    setWord(this.data, at + HISTOGRAM.bytes, to - from)
    setDouble(this.data, at + HISTOGRAM.time, timeMs)
    setWord(this.data, at + HISTOGRAM.lateBefore, wordAt(this.records, record + RECORD.lateCount))
    const target = this.data.bytes[at >>> SEGMENT_WORD_BITS] as Uint8Array
    target.set(bytes.subarray(from, to), ((at & SEGMENT_WORD_MASK) + HISTOGRAM.header) * 4)
    if (!isLate) setDouble(this.records, record + RECORD.maxTime, timeMs)
    else if (timeMs < doubleAt(this.records, record + RECORD.minTime)) {
      setDouble(this.records, record + RECORD.minTime, timeMs)
    }
    storeWord(this.records, list, at)
    this.sampleCount++
    this.histogramCount++
    if (timeMs > this.maxTimeMs) this.maxTimeMs = timeMs
    if (timeMs < this.minTimeMs) this.minTimeMs = timeMs
    return code
  }

  /** A histogram not newer than the series. @returns duplicate, conflict, or `APPENDED.late` where it is to be kept */
  #compareHistogram(
    record: number,
    timeMs: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    overrides: boolean,
  ): number {
    for (const list of [RECORD.histogram, RECORD.lateHistogram]) {
      const at = this.#findHistogram(wordAt(this.records, record + list), timeMs)
      if (at === 0) continue
      if (this.#hasBytes(at, bytes, from, to)) return APPENDED.duplicate
      if (!overrides) return APPENDED.conflict
    }
    if (overrides) return APPENDED.late
    for (const list of [RECORD.tail, RECORD.late]) {
      const found = this.#compare(wordAt(this.records, record + list), timeMs, 0, 0)
      if (found !== APPENDED.stored) return APPENDED.conflict
    }
    return APPENDED.late
  }

  #hasBytes(histogram: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (wordAt(this.data, histogram + HISTOGRAM.bytes) !== to - from) return false
    const held = this.data.bytes[histogram >>> SEGMENT_WORD_BITS] as Uint8Array
    const at = ((histogram & SEGMENT_WORD_MASK) + HISTOGRAM.header) * 4
    for (let i = from; i < to; i++) if (held[at + i - from] !== bytes[i]) return false
    return true
  }

  /** Takes words for a chunk, which hold rubbish: memory of small tails that nobody can see any more, or new. */
  allocateChunk(words: number): number {
    // Counts of tails that were left since must not be written over the chunk.
    this.publish()
    for (let kind = SMALLEST_LEFT; kind < LARGEST_LEFT; kind++) {
      if (words > wordsOf(kind)) continue
      const region = this.#reuse(kind)
      if (region === 0) continue
      if (kind > SMALLEST_LEFT && words <= wordsOf(SMALLEST_LEFT)) this.#leaveSecondHalf(region, kind)
      return region
    }
    return this.data.allocate(words)
  }

  #leaveSecondHalf(region: number, kind: number): void {
    const half = region + wordsOf(kind - 1)
    const capacity = capacityOf(kind - 1)
    setWord(this.data, half + REGION.capacity, capacity)
    this.#leave(half, capacity)
  }

  /** @returns a region that was left and that nobody can see any more, or 0 */
  #reuse(kind: number): number {
    const left = this.#left[kind] as IntQueue
    const epochs = this.#leftEpochs[kind] as IntQueue
    if (left.count === 0 || epochs.first() >= this.#pins.oldest) return 0
    epochs.shift()
    return left.shift()
  }

  /** An empty region: one that nobody can see any more, or a new one. */
  #region(capacity: number): number {
    const reused = this.#reuse(classOf(capacity))
    if (reused !== 0) {
      setWord(this.data, reused, 0)
      setWord(this.data, reused + REGION.written, 0)
      setWord(this.data, reused + REGION.older, 0)
      return reused
    }
    const region = this.data.allocate(REGION.header + capacity * SAMPLE_WORDS)
    setWord(this.data, region + REGION.capacity, capacity)
    return region
  }

  #leave(region: number, capacity: number): void {
    const kind = classOf(capacity)
    ;(this.#left[kind] as IntQueue).push(region)
    ;(this.#leftEpochs[kind] as IntQueue).push(this.#pins.current)
  }

  /** Keeps an exemplar within the bounds of `limits.ts`. @returns false where it was left out */
  addExemplar(series: number, exemplar: Exemplar): boolean {
    this.coverSeries(series)
    const record = series << RECORD_WORD_BITS
    const kept = wordAt(this.records, record + RECORD.exemplars)
    const lastTime = this.records.doubles[record >>> SEGMENT_WORD_BITS]?.[
      ((record & SEGMENT_WORD_MASK) + RECORD.exemplarTime) >>> 1
    ] as number
    if (kept >= EXEMPLARS_PER_SERIES_MAX) return false
    if (kept > 0 && exemplar.timeMs === lastTime) return false
    if (kept >= EXEMPLARS_AT_ONCE && exemplar.timeMs - lastTime < EXEMPLAR_GAP_MS) return false
    const labels = Buffer.from(JSON.stringify(exemplar.labels))
    if (labels.length > EXEMPLAR_LABEL_BYTES_MAX) return false
    const at = this.data.allocate(EXEMPLAR.header + ((labels.length + 3) >>> 2))
    setWord(this.data, at + EXEMPLAR.older, wordAt(this.records, record + RECORD.exemplar))
    setWord(this.data, at + EXEMPLAR.bytes, labels.length)
    setDouble(this.data, at + EXEMPLAR.time, exemplar.timeMs)
    setDouble(this.data, at + EXEMPLAR.value, exemplar.value)
    const bytes = this.data.bytes[at >>> SEGMENT_WORD_BITS] as Uint8Array
    bytes.set(labels, ((at & SEGMENT_WORD_MASK) + EXEMPLAR.header) * 4)
    setWord(this.records, record + RECORD.exemplars, kept + 1)
    setDouble(this.records, record + RECORD.exemplarTime, exemplar.timeMs)
    storeWord(this.records, record + RECORD.exemplar, at)
    this.exemplarCount++
    return true
  }
}
