import type { LogBlock, LogScan, Origin } from '@vantage/model'
import { Row } from '../stages/row.ts'
import { BlockRows } from './block-rows.ts'
import { type Context, chargeRows } from './context.ts'
import { type CountedSeries, firstStep, lastStep, type Place, type WindowGrid } from './range-series.ts'

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
  const places = new PlainPlaces()
  const read = (block: LogBlock, at: number): Place => {
    rows.start(row, block, at)
    rows.addMetadata(row, block, at)
    return placeOf(row)
  }
  for (const block of context.reader.scan(context.tenant, scan, context.budget)) {
    const { columns } = block
    const times = new RelativeTimes(columns.times, startNs)
    chargeRows(context, block)
    // Of each origin of the block: one look at the book for all its rows.
    const byOrigin: ((Place | undefined)[] | undefined)[] = []
    for (let i = 0; i < block.rows.length; i++) {
      const at = block.rows[i] as number
      const timeNs = times.at(at)
      const first = firstStep(windows, timeNs)
      const last = lastStep(windows, timeNs)
      if (first > last) continue
      if (!rows.isPlain(columns, at)) {
        series.addTo(read(block, at), first, last, 1)
        continue
      }
      const severity = columns.severities[at] as number
      const origin = columns.origins[at] as number
      const bySeverity = byOrigin[origin] ?? places.of(block.origins[origin] as Origin)
      byOrigin[origin] = bySeverity
      const place = bySeverity[severity] ?? read(block, at)
      bySeverity[severity] = place
      series.addTo(place, first, last, 1)
    }
  }
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

  at(row: number): number {
    const low = (this.#lows[row * 2] as number) - this.#low
    return ((this.#highs[row * 2 + 1] as number) - this.#high) * 0x1_0000_0000 + low
  }
}
