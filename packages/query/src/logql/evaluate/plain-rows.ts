import type { LogBlock, LogScan, Origin, TimeGrid, TimeMarks } from '@vantage/model'
import { Row } from '../stages/row.ts'
import { BlockRows } from './block-rows.ts'
import { type Context, chargeRows, type Grid } from './context.ts'
import { greatestDivisor } from './count-pushdown.ts'
import { ALONE, type CountedSeries, firstStep, lastStep, type Place, type WindowGrid } from './range-series.ts'

/** Fields of a row that labels may be made of, beside its origin, its severity and its attributes. */
const OWN_FIELDS = ['trace_id', 'span_id', 'observed_timestamp', 'flags', 'event_name', 'severity_text']

/** True where nothing of a row's own but severity and attributes can be a wanted label. */
export function arePlainNames(wanted: ReadonlySet<string> | undefined): wanted is ReadonlySet<string> {
  return wanted !== undefined && !OWN_FIELDS.some((name) => wanted.has(name))
}

export interface PlainCount {
  readonly scan: LogScan
  readonly wanted: ReadonlySet<string>
  /** Unix ns of the first step. */
  readonly startNs: bigint
  readonly windows: WindowGrid
}

/**
 * Counts rows by labels of their streams and by level, without reading lines: most rows have the series that the first
 * row of their origin and severity had, so that no labels are put together for them.
 * @param placeOf the series of a row
 */
export function countPlainRows(
  { scan, wanted, startNs, windows }: PlainCount,
  context: Context,
  series: CountedSeries,
  placeOf: (row: Row) => Place,
): void {
  const rows = new BlockRows(wanted, context.detectsLevels, true)
  const row = new Row(wanted)
  const tally = new PlainTally(windows, series)
  const read = (block: LogBlock, at: number): Place => {
    rows.start(row, block, at)
    rows.addMetadata(row, block, at)
    return placeOf(row)
  }
  for (const block of context.reader.scan(context.tenant, scan, context.budget)) {
    const { columns } = block
    const countMixed = (some: Int32Array, isBare: boolean): void => {
      for (const at of some) {
        if (isBare ? rows.isLevelTold(columns, at) : rows.isPlain(columns, at)) tally.count(at)
        else tally.countAs(read(block, at))
      }
    }
    const times =
      block.marks === undefined ? new RelativeTimes(columns.times, startNs) : new MarkedTimes(block.marks, startNs)
    chargeRows(context, block)
    tally.begin(block, (at) => read(block, at))
    const isBare = rows.areBare(columns)
    const isPlain = isBare && rows.areLevelsTold(columns)
    let i = 0
    while (i < block.rows.length) {
      const { isWanted, untilNs } = tally.moveTo(times.at(block.rows[i] as number))
      const end = times.firstAfter(untilNs, block.rows, i + 1)
      if (isWanted && isPlain) tally.countAll(block.rows, i, end)
      else if (isWanted) countMixed(block.rows.subarray(i, end), isBare)
      i = end
      tally.flush()
    }
  }
}

/** Severity numbers are below. */
const SEVERITIES = 32

/**
 * Rows of one block by origin and severity, for as long as they come to the same windows: neighbours mostly do, so that
 * the series of an answer are looked up for runs of rows, not for each.
 */
class PlainTally {
  readonly #windows: WindowGrid
  readonly #series: CountedSeries
  readonly #places = new PlainPlaces()
  /** By origin and severity, for the windows of now. */
  #counts = new Uint32Array(0)
  /** Of a row with each of them. */
  #rows = new Int32Array(0)
  /** Those with rows. */
  readonly #met: number[] = []
  #origins: readonly Origin[] = []
  #originOf: Int32Array = new Int32Array(0)
  #severityOf: Uint8Array = new Uint8Array(0)
  #read: (at: number) => Place = () => ALONE
  #first = 0
  #last = -1

  constructor(windows: WindowGrid, series: CountedSeries) {
    this.#windows = windows
    this.#series = series
  }

  /** @param read the series of a row of the block */
  begin({ columns, origins }: LogBlock, read: (at: number) => Place): void {
    this.#origins = origins
    this.#originOf = columns.origins
    this.#severityOf = columns.severities
    this.#read = read
    const size = origins.length * SEVERITIES
    if (this.#counts.length >= size) return
    this.#counts = new Uint32Array(size * 2)
    this.#rows = new Int32Array(size * 2)
  }

  /** @returns whether a window holds the time, and the last time that comes to the same windows */
  moveTo(timeNs: number): { readonly isWanted: boolean; readonly untilNs: number } {
    this.#first = firstStep(this.#windows, timeNs)
    this.#last = lastStep(this.#windows, timeNs)
    return { isWanted: this.#first <= this.#last, untilNs: lastAlike(this.#windows, timeNs) }
  }

  /**
   * Rows `rows[from, end)`, whose series follow from their origins and severities. A loop of its own: within another,
   * the engine compiles both again and again while they run.
   */
  countAll(rows: Int32Array, from: number, end: number): void {
    for (let i = from; i < end; i++) this.count(rows[i] as number)
  }

  /** One such row. */
  count(at: number): void {
    const code = (this.#originOf[at] as number) * SEVERITIES + (this.#severityOf[at] as number)
    const known = this.#counts[code] as number
    this.#counts[code] = known + 1
    if (known > 0) return
    this.#met.push(code)
    this.#rows[code] = at
  }

  countAs(place: Place): void {
    this.#series.addTo(place, this.#first, this.#last, 1)
  }

  flush(): void {
    for (const code of this.#met) {
      const rows = this.#counts[code] as number
      this.#counts[code] = 0
      const bySeverity = this.#places.of(this.#origins[Math.floor(code / SEVERITIES)] as Origin)
      const severity = code % SEVERITIES
      const place = bySeverity[severity] ?? this.#read(this.#rows[code] as number)
      bySeverity[severity] = place
      this.#series.addRowsTo(place, this.#first, this.#last, rows)
    }
    this.#met.length = 0
  }
}

/** The last time up to which windows are those of `timeNs`: where a step, or a window, ends or begins. */
function lastAlike({ stepNs, rangeNs }: WindowGrid, timeNs: number): number {
  if (stepNs === 0) return timeNs <= -rangeNs ? -rangeNs : timeNs <= 0 ? 0 : Number.POSITIVE_INFINITY
  const step = Math.ceil(timeNs / stepNs) * stepNs
  return Math.min(step, Math.ceil((timeNs + rangeNs) / stepNs) * stepNs - rangeNs)
}

/** Origins that are remembered. */
const ORIGINS_MAX = 100_000

/** Series by origin and severity. */
class PlainPlaces {
  readonly #places = new Map<Origin, (Place | undefined)[]>()

  of(origin: Origin): (Place | undefined)[] {
    const known = this.#places.get(origin)
    if (known !== undefined) return known
    if (this.#places.size >= ORIGINS_MAX) this.#places.clear()
    const made: (Place | undefined)[] = []
    this.#places.set(origin, made)
    return made
  }
}

/** Moments behind which windows are others: where they begin and where they end. */
export function windowMoments(startNs: bigint, grid: Grid, rangeNs: bigint): TimeGrid {
  const everyNs = grid.stepNs === 0n ? rangeNs : greatestDivisor(rangeNs, grid.stepNs)
  return { everyNs, phaseNs: startNs % everyNs }
}

/** Times known by marks, which lie where windows change: any time between two of them stands for all. */
class MarkedTimes {
  readonly #rows: Int32Array
  readonly #first: number
  readonly #every: number

  constructor({ firstNs, everyNs, rows }: TimeMarks, fromNs: bigint) {
    this.#rows = rows
    this.#first = Number(firstNs - fromNs)
    this.#every = Number(everyNs)
  }

  /** The first of `rows[from, …)`, whose times ascend, that is later than a mark. */
  firstAfter(timeNs: number, rows: Int32Array, from: number): number {
    const place = this.#rows[Math.floor((timeNs - this.#first) / this.#every)]
    return place === undefined ? rows.length : lowerBound(rows, place, from)
  }

  at(row: number): number {
    let mark = 0
    while (row >= (this.#rows[mark] ?? Number.POSITIVE_INFINITY)) mark++
    return this.#first + mark * this.#every
  }
}

/** The first of `rows[from, …)`, which ascend, that is not below `place`. */
function lowerBound(rows: Int32Array, place: number, from: number): number {
  let low = from
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((rows[middle] as number) < place) low = middle + 1
    else high = middle
  }
  return low
}

/** Times of a column as ns from a moment, read as two halves: a bigint for each row would be garbage. */
class RelativeTimes {
  readonly #lows: Uint32Array
  readonly #highs: Int32Array
  readonly #low: number
  readonly #high: number

  constructor(times: BigInt64Array, fromNs: bigint) {
    this.#lows = new Uint32Array(times.buffer, times.byteOffset, times.length * 2)
    this.#highs = new Int32Array(times.buffer, times.byteOffset, times.length * 2)
    this.#low = Number(BigInt.asUintN(32, fromNs))
    this.#high = Number(fromNs >> 32n)
  }

  /** The first of `rows[from, …)`, whose times ascend, that is later. */
  firstAfter(timeNs: number, rows: Int32Array, from: number): number {
    let low = from
    let high = rows.length
    // Fast path: all are of one run.
    if (low === high || this.at(rows[high - 1] as number) <= timeNs) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.at(rows[middle] as number) <= timeNs) low = middle + 1
      else high = middle
    }
    return low
  }

  at(row: number): number {
    const low = (this.#lows[row * 2] as number) - this.#low
    return ((this.#highs[row * 2 + 1] as number) - this.#high) * 0x1_0000_0000 + low
  }
}
