import type {
  NsRange,
  Origin,
  QueryBudget,
  RangeCuts,
  RowLook,
  ScanDirection,
  TimeGrid,
  TimeMarks,
} from '@vantage/model'
import { partsOfDeletions, type Tombstone, undeleted } from '../deletions.ts'
import type { ColumnSet } from '../rows/column-set.ts'
import { lowerBound } from '../rows/times.ts'
import type { Piece, PieceRef, RowFilter } from './piece.ts'
import type { ScanPart } from './scan-part.ts'

/** Rows of one place, all of them in time order. */
export interface RowsInOrder<Columns> {
  readonly columns: Columns
  readonly set: ColumnSet
  readonly origins: readonly Origin[]
  /** Places in the columns, times ascending. */
  readonly order: Int32Array
  /** Columns in which every field of these rows that is looked at is there, at the same places. */
  complete(rows: Int32Array, look?: RowLook): { readonly columns: Columns; readonly set: ColumnSet }
}

/** Some rows of a tenant: a hot chunk, or one stripe of a file's pages. */
export interface RowSource<Columns> {
  readonly minTimeNs: bigint
  readonly maxTimeNs: bigint
  readonly sequence: number
  readonly rowCount: number
  /** Deletions that may hide some of its rows. */
  readonly tombstones: readonly Tombstone[]
  /** Of its rows, and maybe of others. */
  readonly origins: readonly Origin[]
  /** Places of the origins that its rows have; undefined where that takes a look at the rows. */
  readonly originPlaces?: readonly number[] | undefined
  /** False promises that no row has the id. */
  mayHoldTrace(traceId: Uint8Array): boolean
  /** False promises that no row's line or attributes hold all of these words, see `tokens.ts`. */
  mayHoldWords(hashes: readonly number[]): boolean
  /** Which rows come before which moments; undefined where that takes a look at all times. */
  marks(grid: TimeGrid): TimeMarks | undefined
  read(parts: readonly ScanPart[]): RowsInOrder<Columns>
}

/** What a scan takes from each source. */
export interface SourceScan<Columns> {
  readonly range: NsRange
  readonly direction: ScanDirection
  readonly filter: RowFilter<Columns>
  /** What is read beside that which the filter asks for; undefined: every field of the rows found. */
  readonly parts?: readonly ScanPart[]
  readonly budget: QueryBudget
  /** Of the fields of the rows found. */
  readonly look?: RowLook | undefined
  /** Set where of times no more is asked: rows may come with marks. */
  readonly grid?: TimeGrid | undefined
  /** Left out: every source may hold rows. */
  mayHold?(source: RowSource<Columns>): boolean
}

/** The sources that may hold rows of a scan, as pieces to merge. */
export function piecesOf<Columns>(
  sources: readonly RowSource<Columns>[],
  scan: SourceScan<Columns>,
): PieceRef<Columns>[] {
  const { startNs, endNs } = scan.range
  const refs: PieceRef<Columns>[] = []
  for (const source of sources) {
    if (source.maxTimeNs < startNs || source.minTimeNs >= endNs) continue
    if (!scan.filter.mayHold(source.origins, source.originPlaces)) continue
    if (scan.mayHold !== undefined && !scan.mayHold(source)) continue
    refs.push({
      minTimeNs: later(source.minTimeNs, startNs),
      maxTimeNs: earlier(source.maxTimeNs, endNs - 1n),
      sequence: source.sequence,
      open: () => openPiece(source, scan),
    })
  }
  return refs
}

/** Cuts a range where sources begin, so that hardly one is read on both sides. */
export function cutsOf(sources: readonly RowSource<unknown>[], range: NsRange, runs: number): RangeCuts {
  const ordered = sources.toSorted((a, b) => (a.minTimeNs < b.minTimeNs ? -1 : a.minTimeNs > b.minTimeNs ? 1 : 0))
  const rows = ordered.reduce((sum, { rowCount }) => sum + rowCount, 0)
  const cutsNs: bigint[] = []
  let before = 0
  for (const { minTimeNs, rowCount } of ordered) {
    const isDue = cutsNs.length < runs - 1 && before >= ((cutsNs.length + 1) * rows) / runs
    if (isDue && minTimeNs > (cutsNs.at(-1) ?? range.startNs) && minTimeNs < range.endNs) cutsNs.push(minTimeNs)
    before += rowCount
  }
  return { rows, cutsNs }
}

function openPiece<Columns>(source: RowSource<Columns>, scan: SourceScan<Columns>): Piece<Columns> {
  const { tombstones } = source
  const isWhole = isWithin(source, scan.range)
  const marks = scan.grid !== undefined && isWhole && tombstones.length === 0 ? source.marks(scan.grid) : undefined
  const times: readonly ScanPart[] = marks === undefined ? ['time'] : []
  const read = source.read([...times, ...scan.filter.parts, ...partsOfDeletions(tombstones), ...(scan.parts ?? [])])
  const { columns, set, origins, order } = read
  const { from, to } = isWhole ? { from: 0, to: order.length } : rangeOf(set, order, scan.range)
  scan.budget.chargeSamples(to - from)
  const selected = scan.filter.select(columns, set, origins, order.subarray(from, to), source.originPlaces)
  const kept = undeleted(tombstones, columns, set, origins, selected)
  const rows = scan.direction === 'backward' ? kept.toReversed() : kept
  if (scan.parts !== undefined || rows.length === 0) return { columns, set, origins, rows, marks }
  return { ...read.complete(rows, scan.look), origins, rows, marks }
}

/** The rows of a source that deletions leave, in the order of their times. */
export function rowsLeft<Columns>(source: RowSource<Columns>): Pick<RowsInOrder<Columns>, 'set' | 'origins' | 'order'> {
  const { tombstones } = source
  const { columns, set, origins, order } = source.read(['time', ...partsOfDeletions(tombstones)])
  return { set, origins, order: undeleted(tombstones, columns, set, origins, order) }
}

export function isWithin({ minTimeNs, maxTimeNs }: RowSource<unknown>, { startNs, endNs }: NsRange): boolean {
  return minTimeNs >= startNs && maxTimeNs < endNs
}

/** The part of `order` that lies in the range. */
export function rangeOf(set: ColumnSet, order: Int32Array, range: NsRange): { from: number; to: number } {
  const times = set.longs[0] as Int32Array
  const from = lowerBound(times, order, 0, order.length, range.startNs)
  return { from, to: lowerBound(times, order, from, order.length, range.endNs) }
}

function later(a: bigint, b: bigint): bigint {
  if (a > b) return a
  return b
}

function earlier(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}
