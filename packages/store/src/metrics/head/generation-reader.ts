import {
  assert,
  decodeHistogram,
  type Exemplar,
  FaultError,
  fault,
  type Histogram,
  type HistogramColumns,
  type Labels,
  SampleColumns,
} from '@vantage/model'
import { decodeValues } from '../codec/value-decoder.ts'
import { IntList } from '../int-list.ts'
import { CHUNK_SAMPLES_MAX, SEGMENT_WORD_BITS, SEGMENT_WORD_MASK, SEGMENT_WORDS, TAIL_SAMPLES_MAX } from '../limits.ts'
import { mergeColumns, SortScratch, sortByTime } from '../merge-columns.ts'
import {
  attachDelta,
  doubleAt,
  loadWord,
  type SegmentsDelta,
  SharedSegments,
  segmentsSince,
  wordAt,
} from '../shared-segments.ts'
import type { StartColumn } from '../start-column.ts'
import { TimeList } from '../time-list.ts'
import { TimesTrail } from '../times-trail.ts'
import type { Generation } from './generation.ts'
import { CHUNK, EXEMPLAR, HISTOGRAM, RECORD, RECORD_WORD_BITS, REGION, SAMPLE_WORDS } from './generation-layout.ts'
import { StartRuns } from './start-runs.ts'

/** What a reader lacks of a generation. Serialisable. */
export interface GenerationDelta {
  readonly id: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly hasHistograms: boolean
  readonly hasStartTimes: boolean
  readonly records: SegmentsDelta
  readonly data: SegmentsDelta
}

/** @param isLive adds spare segments, for a generation that is still written */
export function generationDelta(
  generation: Generation,
  knownRecords: number,
  knownData: number,
  isLive: boolean,
): GenerationDelta {
  if (isLive) {
    const used = Math.ceil(generation.data.top / SEGMENT_WORDS)
    generation.data.cover((used + Math.max(SPARE_SEGMENTS_MIN, used >>> 2)) * SEGMENT_WORDS)
  }
  return {
    id: generation.id,
    minTimeMs: generation.minTimeMs,
    maxTimeMs: generation.maxTimeMs,
    hasHistograms: generation.histogramCount > 0,
    hasStartTimes: generation.startedSeriesCount > 0,
    records: segmentsSince(generation.records, knownRecords),
    data: segmentsSince(generation.data, knownData),
  }
}

/** Working memory of one reading thread. */
export class ReadScratch {
  readonly times = new Float64Array(TAIL_SAMPLES_MAX + 1)
  readonly timeHalves = new Uint32Array(this.times.buffer)
  readonly values = new Float64Array(TAIL_SAMPLES_MAX + 1)
  readonly valueHalves = new Uint32Array(this.values.buffer)
  /** One chunk of a part. */
  readonly chunkValues = new Float64Array(CHUNK_SAMPLES_MAX)
  readonly chunkHalves = new Uint32Array(this.chunkValues.buffer)
  readonly chunks = new IntList()
  readonly trail = new TimesTrail()
  /** Addresses of histograms. */
  readonly histograms = new IntList()
  readonly late = new SortScratch()
  /** Samples that are read again for their start times. */
  readonly startedFloats = new SampleColumns(64)
  readonly startedTimes = new TimeList()
  readonly startRuns = new StartRuns()
}

const decoder = new TextDecoder()

/** Segments that a view carries beyond what is used, so that a query can follow the writer while it runs. */
const SPARE_SEGMENTS_MIN = 16

/** The writer filled all spare segments while the query ran: it must be asked again, on a new view. */
function outrun(): FaultError {
  return new FaultError(
    fault('unavailable', 'the query ran so long that intake outran its view: repeat it', {
      reason: 'view_outran',
      retryAfterSeconds: 1,
    }),
  )
}

/** Reads one generation in place, while its writer goes on. */
export class GenerationReader {
  readonly id: number
  readonly records: SharedSegments
  readonly data: SharedSegments
  minTimeMs = Number.POSITIVE_INFINITY
  maxTimeMs = Number.NEGATIVE_INFINITY
  /** As of the last delta; false keeps readers of floats away from the lists of histograms. */
  hasHistograms = false
  /** As of the last delta. */
  hasStartTimes = false

  /** On the writer's own thread `source` lends its segments; elsewhere deltas bring them. */
  constructor(id: number, source?: Generation) {
    this.id = id
    this.records = source?.records ?? new SharedSegments()
    this.data = source?.data ?? new SharedSegments()
  }

  update(delta: GenerationDelta): void {
    attachDelta(this.records, delta.records)
    attachDelta(this.data, delta.data)
    this.minTimeMs = delta.minTimeMs
    this.maxTimeMs = delta.maxTimeMs
    this.hasHistograms = delta.hasHistograms
    this.hasStartTimes = delta.hasStartTimes
  }

  /** True where the series may hold samples in [startMs, endMs]. */
  mayHold(series: number, startMs: number, endMs: number): boolean {
    const record = series << RECORD_WORD_BITS
    if (record >>> SEGMENT_WORD_BITS >= this.records.words.length) return false
    if (loadWord(this.records, record) === 0) return false
    const doubles = this.records.doubles[record >>> SEGMENT_WORD_BITS] as Float64Array
    const at = (record & SEGMENT_WORD_MASK) >>> 1
    return (doubles[at + 4] as number) <= endMs && (doubles[at + 5] as number) >= startMs
  }

  /** Appends the samples of [startMs, endMs] to `out`, ascending, one per time; a late one wins over an older one. */
  read(series: number, startMs: number, endMs: number, out: SampleColumns, scratch: ReadScratch): void {
    const record = series << RECORD_WORD_BITS
    if (record >>> SEGMENT_WORD_BITS >= this.records.words.length) return
    const tail = loadWord(this.records, record)
    if (tail === 0) return
    scratch.trail.spoil()
    const tailWords = this.data.words[tail >>> SEGMENT_WORD_BITS]
    if (tailWords === undefined) throw outrun()
    const tailCount = Atomics.load(tailWords, tail & SEGMENT_WORD_MASK)
    const lastChunkMs = this.#readChunks(record, startMs, endMs, out, scratch)
    this.#readTail(tail, tailCount, lastChunkMs, startMs, endMs, out)
    const late = loadWord(this.records, record + RECORD.late)
    if (late !== 0) this.#mergeLate(late, startMs, endMs, out, scratch)
  }

  /** @returns the last time of the newest chunk: a tail that does not go beyond it has been packed meanwhile */
  #readChunks(record: number, startMs: number, endMs: number, out: SampleColumns, scratch: ReadScratch): number {
    const chunks = scratch.chunks
    chunks.reset()
    let lastMs = Number.NEGATIVE_INFINITY
    let chunk = loadWord(this.records, record + RECORD.chunk)
    while (chunk !== 0) {
      const doubles = this.data.doubles[chunk >>> SEGMENT_WORD_BITS]
      if (doubles === undefined) throw outrun()
      const at = (chunk & SEGMENT_WORD_MASK) >>> 1
      const chunkLast = doubles[at + 3] as number
      if (lastMs === Number.NEGATIVE_INFINITY) lastMs = chunkLast
      if (chunkLast < startMs) break
      if ((doubles[at + 2] as number) <= endMs) chunks.push(chunk)
      chunk = wordAt(this.data, chunk)
    }
    for (let i = chunks.count - 1; i >= 0; i--) this.#readChunk(chunks.items[i] as number, startMs, endMs, out, scratch)
    return lastMs
  }

  #readChunk(chunk: number, startMs: number, endMs: number, out: SampleColumns, scratch: ReadScratch): void {
    const count = wordAt(this.data, chunk + CHUNK.count)
    const bytes = this.data.bytes[chunk >>> SEGMENT_WORD_BITS] as Uint8Array
    const timesAt = ((chunk & SEGMENT_WORD_MASK) + CHUNK.header) * 4
    const valuesAt = timesAt + wordAt(this.data, chunk + CHUNK.timeBytes)
    out.reserve(out.count + count)
    const isWhole =
      doubleAt(this.data, chunk + CHUNK.first) >= startMs && doubleAt(this.data, chunk + CHUNK.last) <= endMs
    if (isWhole) {
      const end = decodeValues(bytes, timesAt, count, out.times, scratch.timeHalves, out.count)
      assert(end === valuesAt, 'head chunk: time block')
      decodeValues(bytes, valuesAt, count, out.values, out.halves, out.count)
      out.count += count
      return
    }
    decodeValues(bytes, timesAt, count, scratch.times, scratch.timeHalves, 0)
    decodeValues(bytes, valuesAt, count, scratch.values, scratch.valueHalves, 0)
    for (let i = 0; i < count; i++) {
      const time = scratch.times[i] as number
      if (time < startMs || time > endMs) continue
      out.times[out.count] = time
      out.halves[out.count * 2] = scratch.valueHalves[i * 2] as number
      out.halves[out.count * 2 + 1] = scratch.valueHalves[i * 2 + 1] as number
      out.count++
    }
  }

  #readTail(
    tail: number,
    count: number,
    lastChunkMs: number,
    startMs: number,
    endMs: number,
    out: SampleColumns,
  ): void {
    const words = this.data.words[tail >>> SEGMENT_WORD_BITS] as Int32Array
    const doubles = this.data.doubles[tail >>> SEGMENT_WORD_BITS] as Float64Array
    const base = tail & SEGMENT_WORD_MASK
    out.reserve(out.count + count)
    for (let i = 0; i < count; i++) {
      const sample = base + REGION.header + i * SAMPLE_WORDS
      const time = doubles[sample >>> 1] as number
      if (time < startMs || time > endMs || time <= lastChunkMs) continue
      out.times[out.count] = time
      out.halves[out.count * 2] = words[sample + 2] as number
      out.halves[out.count * 2 + 1] = words[sample + 3] as number
      out.count++
    }
  }

  #mergeLate(newest: number, startMs: number, endMs: number, out: SampleColumns, scratch: ReadScratch): void {
    const late = scratch.late
    late.reset()
    for (let region = newest; region !== 0; region = wordAt(this.data, region + REGION.older)) {
      const words = this.data.words[region >>> SEGMENT_WORD_BITS]
      if (words === undefined) throw outrun()
      const doubles = this.data.doubles[region >>> SEGMENT_WORD_BITS] as Float64Array
      const base = region & SEGMENT_WORD_MASK
      // Newest first, so that of equal times the latest arrival comes first.
      for (let i = Atomics.load(words, base) - 1; i >= 0; i--) {
        const sample = base + REGION.header + i * SAMPLE_WORDS
        const time = doubles[sample >>> 1] as number
        if (time < startMs || time > endMs) continue
        late.push(time, words[sample + 2] as number, words[sample + 3] as number)
      }
    }
    if (late.count === 0) return
    sortByTime(late)
    mergeColumns(out, 0, late.sorted, late.merged)
  }

  /** Time of the oldest sample that came in order, or Infinity; for generations that are not written any more. */
  firstInOrderMs(series: number): number {
    const record = series << RECORD_WORD_BITS
    const tail = loadWord(this.records, record)
    if (tail === 0) return Number.POSITIVE_INFINITY
    let first = wordAt(this.data, tail) > 0 ? doubleAt(this.data, tail + REGION.header) : Number.POSITIVE_INFINITY
    let chunk = loadWord(this.records, record + RECORD.chunk)
    for (; chunk !== 0; chunk = wordAt(this.data, chunk)) first = doubleAt(this.data, chunk + CHUNK.first)
    let histogram = loadWord(this.records, record + RECORD.histogram)
    for (; histogram !== 0; histogram = wordAt(this.data, histogram)) {
      first = Math.min(first, doubleAt(this.data, histogram + HISTOGRAM.time))
    }
    return first
  }

  /** True where the series may hold native histograms in [startMs, endMs]. */
  mayHoldHistograms(series: number, startMs: number, endMs: number): boolean {
    if (!this.hasHistograms || !this.mayHold(series, startMs, endMs)) return false
    const record = series << RECORD_WORD_BITS
    return loadWord(this.records, record + RECORD.histogram) !== 0 || this.#lateHistogram(record) !== 0
  }

  #lateHistogram(record: number): number {
    return loadWord(this.records, record + RECORD.lateHistogram)
  }

  /** Appends the times of the histograms in [startMs, endMs], ascending, each once. */
  histogramTimes(series: number, startMs: number, endMs: number, out: TimeList, scratch: ReadScratch): void {
    if (!this.mayHoldHistograms(series, startMs, endMs)) return
    const found = this.#findHistograms(series << RECORD_WORD_BITS, startMs, endMs, scratch)
    for (let i = 0; i < found.count; i++) out.push(this.#histogramTime(found.items[i] as number))
  }

  /** Appends the histograms of [startMs, endMs], ascending, one per time: a late one wins over an older one. */
  readHistograms(series: number, startMs: number, endMs: number, out: HistogramColumns, scratch: ReadScratch): void {
    if (!this.mayHoldHistograms(series, startMs, endMs)) return
    const found = this.#findHistograms(series << RECORD_WORD_BITS, startMs, endMs, scratch)
    let before: Histogram | undefined
    for (let i = 0; i < found.count; i++) {
      const at = found.items[i] as number
      const bytes = this.data.bytes[at >>> SEGMENT_WORD_BITS] as Uint8Array
      const from = ((at & SEGMENT_WORD_MASK) + HISTOGRAM.header) * 4
      before = decodeHistogram(bytes, from, before)
      out.push(this.#histogramTime(at), before)
    }
  }

  #histogramTime(histogram: number): number {
    return doubleAt(this.data, histogram + HISTOGRAM.time)
  }

  /** Addresses of the histograms that a reader is to see, ascending in time; valid until the next call. */
  #findHistograms(record: number, startMs: number, endMs: number, scratch: ReadScratch): IntList {
    const found = scratch.histograms
    found.reset()
    this.#listHistograms(loadWord(this.records, record + RECORD.histogram), startMs, endMs, true, found)
    const inOrder = found.count
    this.#listHistograms(this.#lateHistogram(record), startMs, endMs, false, found)
    const items = found.items.subarray(0, found.count)
    if (found.count === inOrder) items.reverse()
    else {
      // Memory is handed out upwards: of equal times the larger address came later.
      items.sort((a, b) => this.#histogramTime(a) - this.#histogramTime(b) || (b >>> 0) - (a >>> 0))
      keepFirstOfTime(found, (at) => this.#histogramTime(at))
    }
    const late = loadWord(this.records, record + RECORD.late)
    if (late !== 0 && found.count > 0) this.#dropReplaced(found, this.#lateArrivals(late))
    return found
  }

  #listHistograms(newest: number, startMs: number, endMs: number, isInOrder: boolean, out: IntList): void {
    for (let at = newest; at !== 0; at = wordAt(this.data, at)) {
      if (this.data.words[at >>> SEGMENT_WORD_BITS] === undefined) throw outrun()
      const time = this.#histogramTime(at)
      if (isInOrder && time < startMs) return
      if (time >= startMs && time <= endMs) out.push(at)
    }
  }

  /** Time → number of the newest late float of that time, counted from the first late float of the series. */
  #lateArrivals(newest: number): Map<number, number> {
    const times: number[] = []
    for (let region = newest; region !== 0; region = wordAt(this.data, region + REGION.older)) {
      const words = this.data.words[region >>> SEGMENT_WORD_BITS]
      if (words === undefined) throw outrun()
      const count = Atomics.load(words, region & SEGMENT_WORD_MASK)
      for (let i = count - 1; i >= 0; i--) {
        times.push(doubleAt(this.data, region + REGION.header + i * SAMPLE_WORDS))
      }
    }
    const arrivals = new Map<number, number>()
    for (let i = times.length - 1; i >= 0; i--) arrivals.set(times[i] as number, times.length - 1 - i)
    return arrivals
  }

  /** Drops histograms whose time was taken by a late float that came after them. */
  #dropReplaced(found: IntList, arrivals: ReadonlyMap<number, number>): void {
    let kept = 0
    for (let i = 0; i < found.count; i++) {
      const at = found.items[i] as number
      const arrival = arrivals.get(this.#histogramTime(at))
      if (arrival === undefined || arrival < wordAt(this.data, at + HISTOGRAM.lateBefore)) found.items[kept++] = at
    }
    found.count = kept
  }

  /** True where a sample of the series said since when it counts. */
  mayHoldStartTimes(series: number): boolean {
    const record = series << RECORD_WORD_BITS
    if (!this.hasStartTimes || record >>> SEGMENT_WORD_BITS >= this.records.words.length) return false
    return loadWord(this.records, record + RECORD.starts) !== 0
  }

  /** Sets the starts in `out` of the series' samples in [startMs, endMs]: those it has no start of become unknown. */
  readStartTimes(series: number, startMs: number, endMs: number, out: StartColumn, scratch: ReadScratch): void {
    const record = series << RECORD_WORD_BITS
    if (record >>> SEGMENT_WORD_BITS >= this.records.words.length || out.count === 0) return
    const hasBlock = this.mayHoldStartTimes(series)
    if (!hasBlock && !out.isKnown) return
    const fromMs = Math.max(startMs, out.times[0] as number)
    const toMs = Math.min(endMs, out.times[out.count - 1] as number)
    const { startedFloats, startedTimes, startRuns } = scratch
    startedFloats.reset()
    startedTimes.reset()
    this.read(series, fromMs, toMs, startedFloats, scratch)
    this.histogramTimes(series, fromMs, toMs, startedTimes, scratch)
    startRuns.clear()
    if (hasBlock && !startRuns.load(this.data, loadWord(this.records, record + RECORD.starts), fromMs)) throw outrun()
    startRuns.apply(startedFloats.times, startedFloats.count, out)
    startRuns.apply(startedTimes.items, startedTimes.count, out)
  }

  /** Exemplars of a series in [startMs, endMs], ascending. */
  exemplars(series: number, startMs: number, endMs: number): Exemplar[] {
    const record = series << RECORD_WORD_BITS
    const found: Exemplar[] = []
    if (record >>> SEGMENT_WORD_BITS >= this.records.words.length) return found
    let at = loadWord(this.records, record + RECORD.exemplar)
    while (at !== 0) {
      const bytes = this.data.bytes[at >>> SEGMENT_WORD_BITS]
      if (bytes === undefined) throw outrun()
      const timeMs = doubleAt(this.data, at + EXEMPLAR.time)
      if (timeMs >= startMs && timeMs <= endMs) {
        const from = ((at & SEGMENT_WORD_MASK) + EXEMPLAR.header) * 4
        const text = decoder.decode(bytes.slice(from, from + wordAt(this.data, at + EXEMPLAR.bytes)))
        found.push({ labels: JSON.parse(text) as Labels, value: doubleAt(this.data, at + EXEMPLAR.value), timeMs })
      }
      at = wordAt(this.data, at)
    }
    return found.sort((a, b) => a.timeMs - b.timeMs)
  }
}

/** Keeps the first of each run of equal times. */
function keepFirstOfTime(found: IntList, timeOf: (address: number) => number): void {
  let kept = 0
  for (let i = 0; i < found.count; i++) {
    const at = found.items[i] as number
    if (kept === 0 || timeOf(found.items[kept - 1] as number) !== timeOf(at)) found.items[kept++] = at
  }
  found.count = kept
}
