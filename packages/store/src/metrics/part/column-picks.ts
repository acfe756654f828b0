import type { Moments } from '@vantage/model'
import { CHUNK_SAMPLES_MAX } from '../limits.ts'

/** Some samples of a time column. */
export interface ColumnPicks {
  readonly places: Int32Array
  readonly times: Float64Array
}

/** Looking for places pays where it leaves out so many of the samples: more where those left out are looked at. */
const NEWEST_SHARE_MAX = 1 / 2
const WINDOW_SHARE_MAX = 1 / 4

/** Room for the places of one column. */
const newest = new Int32Array(CHUNK_SAMPLES_MAX)
const oldest = new Int32Array(CHUNK_SAMPLES_MAX)

/**
 * Which samples of a column are the newest at one of the moments, or the first or last of a window that ends there.
 * Always those next to other columns, of which nothing is known here.
 * @returns undefined where that is many of them
 */
export function picksOf(times: Float64Array, moments: Moments): ColumnPicks | undefined {
  const { windowMs, stepMs } = moments
  const last = times.length - 1
  const perMoment = windowMs === undefined ? 1 : 2
  const share = windowMs === undefined ? NEWEST_SHARE_MAX : WINDOW_SHARE_MAX
  // Of times at even intervals so many would be picked.
  if (((times[last] as number) - (times[0] as number)) * perMoment > share * stepMs * last) return undefined
  let count = newestAt(times, moments, newest)
  newest[count++] = last
  if (windowMs !== undefined) {
    const begins = newestAt(times, { ...moments, startMs: moments.startMs - windowMs }, oldest)
    count = addFirst(newest, count, oldest, begins)
  }
  if (count > times.length * share) return undefined
  const picked = new Float64Array(count)
  for (let i = 0; i < count; i++) picked[i] = times[newest[i] as number] as number
  return { places: newest.slice(0, count), times: picked }
}

/**
 * Finds the newest sample at each moment before the last sample.
 * @param out gets their places, ascending, each once
 * @returns how many
 */
function newestAt(times: Float64Array, { startMs, stepMs, steps }: Moments, out: Int32Array): number {
  const last = times.length - 1
  const firstMs = times[0] as number
  const endMs = Math.min(times[last] as number, startMs + steps * stepMs)
  let moment = Math.max(0, Math.ceil((firstMs - startMs) / stepMs))
  if (startMs + moment * stepMs < firstMs) moment++
  let count = 0
  let place = 0
  // From moment to moment mostly as many places as the last time.
  let stride = 0
  for (let ms = startMs + moment * stepMs; ms < endMs; ms = startMs + ++moment * stepMs) {
    let next = Math.min(place + stride, last)
    while ((times[next] as number) > ms) next--
    while ((times[next + 1] as number) <= ms) next++
    stride = next - place
    if (count === 0 || next > place) out[count++] = next
    place = next
  }
  return count
}

/** Unites places with the first one and those behind the newest before windows begin. @returns how many there are */
function addFirst(places: Int32Array, count: number, before: Int32Array, begins: number): number {
  const ends = places.slice(0, count)
  let united = 0
  let next = 0
  places[united++] = 0
  for (let i = 0; i < begins; i++) {
    const begin = (before[i] as number) + 1
    while (next < count && (ends[next] as number) < begin) united = addPlace(places, united, ends[next++] as number)
    united = addPlace(places, united, begin)
  }
  while (next < count) united = addPlace(places, united, ends[next++] as number)
  return united
}

function addPlace(places: Int32Array, count: number, place: number): number {
  if (places[count - 1] === place) return count
  places[count] = place
  return count + 1
}
