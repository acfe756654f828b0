import { SampleColumns } from '@vantage/model'

/** Samples in arrival order and, after `sortByTime`, ascending and one per time in `sorted`. */
export class SortScratch {
  readonly arrived = new SampleColumns(64)
  readonly sorted = new SampleColumns(64)
  readonly merged = new SampleColumns(1024)
  order = new Int32Array(64)

  get count(): number {
    return this.arrived.count
  }

  reset(): void {
    this.arrived.reset()
    this.sorted.reset()
  }

  push(timeMs: number, low: number, high: number): void {
    const { arrived } = this
    arrived.reserve(arrived.count + 1)
    arrived.times[arrived.count] = timeMs
    arrived.halves[arrived.count * 2] = low
    arrived.halves[arrived.count * 2 + 1] = high
    arrived.count++
  }
}

/** Sorts what arrived; of equal times the one pushed first stays. */
export function sortByTime(scratch: SortScratch): void {
  const { arrived, sorted } = scratch
  const count = arrived.count
  if (scratch.order.length < count) scratch.order = new Int32Array(count * 2)
  const order = scratch.order.subarray(0, count)
  for (let i = 0; i < count; i++) order[i] = i
  const times = arrived.times
  order.sort((a, b) => (times[a] as number) - (times[b] as number) || a - b)
  sorted.reset()
  sorted.reserve(count)
  for (let i = 0; i < count; i++) {
    const from = order[i] as number
    const time = times[from] as number
    if (sorted.count > 0 && sorted.times[sorted.count - 1] === time) continue
    copySample(arrived, from, sorted)
  }
}

/**
 * Merges the ascending `newer` into the ascending samples [from, out.count) of `out`; of equal times `newer` wins.
 * @param room working memory; its content is lost
 */
export function mergeColumns(out: SampleColumns, from: number, newer: SampleColumns, room: SampleColumns): void {
  if (newer.count === 0) return
  // Fast path: everything newer lies behind.
  if (out.count === from || (out.times[out.count - 1] as number) < (newer.times[0] as number)) {
    appendColumns(out, newer, 0, newer.count)
    return
  }
  room.reset()
  room.reserve(out.count - from + newer.count)
  let i = from
  let j = 0
  while (i < out.count && j < newer.count) {
    const a = out.times[i] as number
    const b = newer.times[j] as number
    if (a < b) copySample(out, i++, room)
    else {
      if (a === b) i++
      copySample(newer, j++, room)
    }
  }
  while (i < out.count) copySample(out, i++, room)
  while (j < newer.count) copySample(newer, j++, room)
  out.count = from
  appendColumns(out, room, 0, room.count)
}

/** Appends samples [from, to) of `source`, bit for bit. */
export function appendColumns(out: SampleColumns, source: SampleColumns, from: number, to: number): void {
  out.reserve(out.count + to - from)
  out.times.set(source.times.subarray(from, to), out.count)
  out.halves.set(source.halves.subarray(from * 2, to * 2), out.count * 2)
  out.count += to - from
}

/** `to` must have room. */
function copySample(source: SampleColumns, at: number, to: SampleColumns): void {
  to.times[to.count] = source.times[at] as number
  to.halves[to.count * 2] = source.halves[at * 2] as number
  to.halves[to.count * 2 + 1] = source.halves[at * 2 + 1] as number
  to.count++
}
