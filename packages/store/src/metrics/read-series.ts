import { HistogramColumns, type Moments, SampleColumns } from '@vantage/model'
import { ReadScratch } from './head/generation-reader.ts'
import { mergeColumns } from './merge-columns.ts'
import type { SampleSource } from './series-index.ts'
import { StartColumn } from './start-column.ts'
import { TimeList } from './time-list.ts'

/** Working memory of one thread that unites sources. */
export class UnionScratch {
  readonly source = new ReadScratch()
  readonly floats = new SampleColumns(1024)
  readonly room = new SampleColumns(1024)
  /** Samples between buckets. */
  readonly gap = new SampleColumns(1024)
  readonly times = new TimeList()
  readonly timesRoom = new TimeList()
  readonly histograms = new HistogramColumns()
  readonly histogramsRoom = new HistogramColumns()
  /** What a series holds, while its start times are looked for. */
  readonly started = new SampleColumns(64)
  readonly startedTimes = new TimeList()
  readonly starts = new StartColumn()
}

/**
 * Adds what one source holds of a series to what older sources held, so that of equal times the newest source's sample
 * stays, whichever kind it is. Call it for each source, oldest first; the floats, the histograms and the histograms'
 * times of a range that are read so never share a time.
 * @param out reset before the first source; floats, ascending
 * @returns false where samples were left out that have no place among those of other sources: read all of them then
 */
export function addFloats(
  source: SampleSource,
  series: number,
  startMs: number,
  endMs: number,
  out: SampleColumns,
  scratch: UnionScratch,
  moments?: Moments,
): boolean {
  if (!source.mayHold(series, startMs, endMs)) return true
  // Fast path: most reads touch one source.
  if (out.count === 0) {
    out.isFreeOfMarkers = false
    out.isAscending = false
    source.read(series, startMs, endMs, out, scratch.source, moments)
  } else {
    const { floats } = scratch
    floats.reset()
    source.read(series, startMs, endMs, floats, scratch.source, moments)
    out.isFreeOfMarkers &&= floats.isFreeOfMarkers
    out.isAscending &&= isAscendingAfter(out, floats)
    const isThinned = out.isThinned || floats.isThinned
    if (isThinned && !isBehind(floats, out)) return false
    if (isThinned) out.rankRest()
    mergeColumns(out, 0, floats, scratch.room)
    if (floats.isThinned) rankAppended(out, floats)
  }
  if (!source.hasHistograms || out.count === 0) return true
  scratch.source.trail.spoil()
  const { times } = scratch
  times.reset()
  const first = out.times[0] as number
  const last = out.times[out.count - 1] as number
  source.histogramTimes(series, first, last, times, scratch.source)
  dropFloatsAt(out, times)
  return true
}

function isBehind(newer: SampleColumns, out: SampleColumns): boolean {
  return newer.count === 0 || (out.times[out.count - 1] as number) < (newer.times[0] as number)
}

/** Gives `newer`, which stands at the end of `out`, the places that follow. */
function rankAppended(out: SampleColumns, newer: SampleColumns): void {
  newer.rankRest()
  const { ranks, count, fullCount } = newer
  out.rankThinned(ranks.subarray(0, count), fullCount - 1 - (ranks[count - 1] as number))
}

/** True where no value of `newer` makes the values of both fall: all of it lies behind, and not lower. */
function isAscendingAfter(out: SampleColumns, newer: SampleColumns): boolean {
  if (newer.count === 0) return true
  const last = out.count - 1
  if ((out.times[last] as number) >= (newer.times[0] as number)) return false
  return newer.isAscending && (out.values[last] as number) <= (newer.values[0] as number)
}

/** Like `addFloats`, for histograms. */
export function addHistograms(
  source: SampleSource,
  series: number,
  startMs: number,
  endMs: number,
  out: HistogramColumns,
  scratch: UnionScratch,
): void {
  if (!source.mayHold(series, startMs, endMs)) return
  if (out.count > 0) {
    const { floats } = scratch
    floats.reset()
    source.read(series, out.times[0] as number, out.times[out.count - 1] as number, floats, scratch.source)
    dropHistogramsAt(out, floats)
  }
  if (!source.mayHoldHistograms(series, startMs, endMs)) return
  if (out.count === 0) {
    source.readHistograms(series, startMs, endMs, out, scratch.source)
    return
  }
  const { histograms } = scratch
  histograms.reset()
  source.readHistograms(series, startMs, endMs, histograms, scratch.source)
  mergeHistograms(out, histograms, scratch.histogramsRoom)
}

/** Like `addHistograms`, for their times only. */
export function addHistogramTimes(
  source: SampleSource,
  series: number,
  startMs: number,
  endMs: number,
  out: TimeList,
  scratch: UnionScratch,
): void {
  if (!source.mayHold(series, startMs, endMs)) return
  if (out.count > 0) {
    const { floats } = scratch
    floats.reset()
    source.read(series, out.items[0] as number, out.items[out.count - 1] as number, floats, scratch.source)
    dropTimesAt(out, floats)
  }
  if (!source.mayHoldHistograms(series, startMs, endMs)) return
  if (out.count === 0) {
    source.histogramTimes(series, startMs, endMs, out, scratch.source)
    return
  }
  const { times } = scratch
  times.reset()
  source.histogramTimes(series, startMs, endMs, times, scratch.source)
  mergeTimes(out, times, scratch.timesRoom)
}

/** Both ascend. */
function dropFloatsAt(out: SampleColumns, times: TimeList): void {
  if (times.count === 0) return
  let kept = 0
  let j = 0
  for (let i = 0; i < out.count; i++) {
    const time = out.times[i] as number
    while (j < times.count && (times.items[j] as number) < time) j++
    if (j < times.count && times.items[j] === time) continue
    out.times[kept] = time
    out.halves[kept * 2] = out.halves[i * 2] as number
    out.halves[kept * 2 + 1] = out.halves[i * 2 + 1] as number
    kept++
  }
  out.count = kept
}

function dropHistogramsAt(out: HistogramColumns, floats: SampleColumns): void {
  if (floats.count === 0) return
  const { times, histograms } = out
  let kept = 0
  let j = 0
  for (let i = 0; i < times.length; i++) {
    const time = times[i] as number
    while (j < floats.count && (floats.times[j] as number) < time) j++
    if (j < floats.count && floats.times[j] === time) continue
    times[kept] = time
    histograms[kept] = histograms[i] as (typeof histograms)[number]
    kept++
  }
  times.length = kept
  histograms.length = kept
}

function dropTimesAt(out: TimeList, floats: SampleColumns): void {
  let kept = 0
  let j = 0
  for (let i = 0; i < out.count; i++) {
    const time = out.items[i] as number
    while (j < floats.count && (floats.times[j] as number) < time) j++
    if (j < floats.count && floats.times[j] === time) continue
    out.items[kept++] = time
  }
  out.count = kept
}

/** Merges `newer` into `out`; of equal times `newer` wins. */
function mergeHistograms(out: HistogramColumns, newer: HistogramColumns, room: HistogramColumns): void {
  room.reset()
  let i = 0
  let j = 0
  while (i < out.count || j < newer.count) {
    const a = i < out.count ? (out.times[i] as number) : Number.POSITIVE_INFINITY
    const b = j < newer.count ? (newer.times[j] as number) : Number.POSITIVE_INFINITY
    if (a < b) copyHistogram(out, i++, room)
    else {
      if (a === b) i++
      copyHistogram(newer, j++, room)
    }
  }
  out.reset()
  for (let at = 0; at < room.count; at++) copyHistogram(room, at, out)
  room.reset()
}

function copyHistogram(from: HistogramColumns, at: number, to: HistogramColumns): void {
  to.push(from.times[at] as number, from.histograms[at] as (typeof from.histograms)[number])
}

function mergeTimes(out: TimeList, newer: TimeList, room: TimeList): void {
  room.reset()
  let i = 0
  let j = 0
  while (i < out.count || j < newer.count) {
    const a = i < out.count ? (out.items[i] as number) : Number.POSITIVE_INFINITY
    const b = j < newer.count ? (newer.items[j] as number) : Number.POSITIVE_INFINITY
    room.push(Math.min(a, b))
    if (a <= b) i++
    if (b <= a) j++
  }
  out.reset()
  for (let at = 0; at < room.count; at++) out.push(room.items[at] as number)
}
