import type { ByteRanges, Origin, RowLook, TimeGrid, TimeMarks } from '@vantage/model'
import { type Tombstone, tombstonesOver } from '../deletions.ts'
import { PAGE_ROWS } from '../limits.ts'
import { DeltaSource, firstGreater } from '../parquet/delta.ts'
import { ENCODING } from '../parquet/page-encoding.ts'
import type { ScanPart } from '../read/scan-part.ts'
import type { RowSource, RowsInOrder } from '../read/source.ts'
import { ATTRIBUTES, type ColumnSet, type Signal } from '../rows/column-set.ts'
import { buildAttributes, type StripeColumn } from './attribute-builder.ts'
import { mayHoldKey } from './bloom.ts'
import { readFilter } from './file-index.ts'
import type { FileReader } from './file-reader.ts'
import { type ColumnPart, type FixedColumn, SCHEMAS } from './schema.ts'
import type { StripeCache } from './stripe-cache.ts'
import { StripeColumns } from './stripe-columns.ts'
import { momentsWithin, offsetsOf, sinceFirst } from './time-marks.ts'
import { traceHash } from './tokens.ts'

/** 0, 1, 2, …: rows of a stripe lie in the order of their times. */
function placesTo(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, row) => row)
}

const IN_ORDER = placesTo(PAGE_ROWS)

/** Place of the column that orders the rows, in files of both signals. */
const TIME_COLUMN = 0

/** One page of every column of a file: read part by part, as far as a scan needs it. */
export class FileStripe<Columns> implements RowSource<Columns> {
  readonly #signal: Signal<Columns>
  readonly #reader: FileReader<Columns>
  readonly #group: number
  readonly #page: number
  readonly #rows: number
  readonly #cache: StripeCache
  readonly #stripe: number
  readonly #fraction: number
  readonly minTimeNs: bigint
  readonly maxTimeNs: bigint
  #columns: StripeColumns<Columns> | undefined
  #tokens: Uint8Array | undefined
  #traces: Uint8Array | undefined
  /** Those that were asked for last: who counts again does so on the same moments. */
  #marks: TimeMarks | undefined

  constructor(
    signal: Signal<Columns>,
    reader: FileReader<Columns>,
    place: { readonly group: number; readonly page: number; readonly stripe: number },
    fraction: number,
    cache: StripeCache,
  ) {
    this.#signal = signal
    this.#reader = reader
    this.#group = place.group
    this.#page = place.page
    this.#stripe = place.stripe
    this.#cache = cache
    this.#fraction = fraction
    const { rows, minTimeNs, maxTimeNs } = this.#indexed
    this.#rows = rows
    this.minTimeNs = BigInt(minTimeNs)
    this.maxTimeNs = BigInt(maxTimeNs)
  }

  get #indexed() {
    return this.#reader.index.stripes[this.#stripe] as FileReader<Columns>['index']['stripes'][number]
  }

  get sequence(): number {
    return this.#reader.sequence + this.#fraction
  }

  get rowCount(): number {
    return this.#rows
  }

  get tombstones(): readonly Tombstone[] {
    const { minTimeNs, maxTimeNs } = this
    return tombstonesOver(this.#reader.tombstones, { deletedTo: 0, minTimeNs, maxTimeNs })
  }

  get originPlaces(): readonly number[] {
    return this.#indexed.origins
  }

  get origins(): readonly Origin[] {
    return this.#reader.origins
  }

  get byteLength(): number {
    return (this.#tokens?.length ?? 0) + (this.#traces?.length ?? 0) + (this.#columns?.byteLength ?? 0)
  }

  /** Called by the cache. */
  drop(): void {
    this.#columns = undefined
    this.#tokens = undefined
    this.#traces = undefined
    this.#marks = undefined
  }

  mayHoldTrace(traceId: Uint8Array): boolean {
    this.#traces ??= readFilter(this.#reader.filters, this.#reader.name, this.#indexed.traces)
    this.#cache.use(this)
    return mayHoldKey(this.#traces, traceHash(traceId, 0))
  }

  mayHoldWords(hashes: readonly number[]): boolean {
    if (hashes.length === 0) return true
    this.#tokens ??= readFilter(this.#reader.filters, this.#reader.name, this.#indexed.tokens)
    this.#cache.use(this)
    const tokens = this.#tokens
    return hashes.every((hash) => mayHoldKey(tokens, hash))
  }

  marks(grid: TimeGrid): TimeMarks | undefined {
    // Fast path: times are at hand.
    if (this.#columns?.loaded.has('time') === true) return undefined
    const kept = this.#marks
    const isKept = kept?.everyNs === grid.everyNs && (kept.firstNs - grid.phaseNs) % grid.everyNs === 0n
    if (!isKept) this.#marks = this.#findMarks(grid)
    return this.#marks
  }

  read(parts: readonly ScanPart[]): RowsInOrder<Columns> {
    this.#columns ??= new StripeColumns(this.#signal, this.#rows)
    const stripe = this.#columns
    this.#load(stripe, 'key')
    for (const part of parts) this.#load(stripe, part)
    this.#cache.use(this)
    const order = this.#rows <= PAGE_ROWS ? IN_ORDER.subarray(0, this.#rows) : placesTo(this.#rows)
    return {
      columns: stripe.columns,
      set: stripe.set,
      origins: this.#reader.origins,
      order,
      complete: (rows, look) => this.#complete(stripe, rows, look),
    }
  }

  #findMarks(grid: TimeGrid): TimeMarks | undefined {
    const moments = momentsWithin(this.minTimeNs, this.maxTimeNs, grid)
    if (moments === undefined) return undefined
    const rows = new Int32Array(moments.count)
    const isFound = rows.length === 0 || this.#findRows(offsetsOf(moments, this.minTimeNs, grid), rows)
    return isFound ? { firstNs: moments.firstNs, everyNs: grid.everyNs, rows } : undefined
  }

  /** @returns false where the index or the page does not tell */
  #findRows(offsets: Float64Array, out: Int32Array): boolean {
    const { times } = this.#indexed
    if (times === undefined) return false
    const { bytes, where } = this.#reader.page(TIME_COLUMN, this.#group, this.#page)
    if (where.encoding !== ENCODING.deltaBinary) return false
    return firstGreater(new DeltaSource(bytes, 0, bytes.length), this.#rows, sinceFirst(times), offsets, out)
  }

  #load(stripe: StripeColumns<Columns>, part: ColumnPart): void {
    if (stripe.loaded.has(part)) return
    for (const [place, { source, part: ofPart }] of this.#fixed.entries()) {
      if (ofPart !== part) continue
      // What was not sent is not there: values of bodies, events, links.
      if (!this.#reader.hasValues(place, this.#group, this.#page)) continue
      if (source.of === 'origin') {
        const places = this.#reader.index.groups[this.#group]?.origins ?? []
        stripe.putOrigins(this.#reader.values(place, this.#group, this.#page, this.#rows, this.#cache.codes), places)
        continue
      }
      const codes = source.of === 'byte' ? this.#cache.codes : undefined
      const { page, entries } = this.#reader.column(place, this.#group, this.#page, this.#rows, codes)
      stripe.put(source, page, entries)
    }
    stripe.loaded.add(part)
  }

  get #fixed(): readonly FixedColumn[] {
    return SCHEMAS[this.#signal.name].columns
  }

  /** Loads what a scan gives out of the rows that it found. Scans may be under way at once: each gets its own. */
  #complete(stripe: StripeColumns<Columns>, rows: Int32Array, look: RowLook | undefined) {
    this.#load(stripe, 'state')
    if (look?.ids !== false) this.#load(stripe, 'ids')
    for (const part of textsLookedAt(look, stripe.set, rows)) this.#load(stripe, part)
    if (look?.others !== false) for (const part of ['small', 'wide'] as const) this.#load(stripe, part)
    const shared = this.#signal.share(stripe.columns)
    const sharedSet = this.#signal.setOf(shared)
    this.#buildAttributes(sharedSet.ranges[ATTRIBUTES] as ByteRanges, rows, look?.attributes)
    this.#cache.use(this)
    return { columns: shared, set: sharedSet }
  }

  /** @param names that are looked at; undefined = all */
  #buildAttributes(out: ByteRanges, rows: Int32Array, names: readonly string[] | undefined): void {
    const first = this.#fixed.length
    const isWanted = names === undefined ? () => true : this.#wantedColumns(names)
    // Fast path: no column is looked at, and none has a rest.
    if (names !== undefined && !this.#reader.hasValues(first + 1, this.#group, this.#page)) {
      if (!this.#reader.index.attributes.some((_, place) => isWanted(place))) return
    }
    const read = (place: number) => this.#reader.column(place, this.#group, this.#page, this.#rows)
    const layout = read(first)
    const rest = read(first + 1)
    const column = (place: number): StripeColumn | undefined => {
      if (!isWanted(place) || !this.#reader.hasValues(first + 2 + place, this.#group, this.#page)) return undefined
      const { key, tag } = this.#reader.index.attributes[place] as { key: string; tag: number }
      return { key: Buffer.from(key, 'base64'), tag, ...read(first + 2 + place) }
    }
    out.from = new Int32Array(this.#rows)
    out.to = new Int32Array(this.#rows)
    buildAttributes(layout.page, layout.entries, rest.page, column, rows, this.#rows, out)
  }

  /** Columns of attributes by their place: true for those of these names. */
  #wantedColumns(names: readonly string[]): (place: number) => boolean {
    const isWanted = this.#reader.attributeNames.map((name) => names.includes(name))
    return (place) => isWanted[place] === true
  }
}

/** Which texts of these rows are looked at: a severity number stands in for those that tell of it. */
function textsLookedAt(look: RowLook | undefined, { bytes }: ColumnSet, rows: Int32Array): ('line' | 'level')[] {
  const severities = bytes[0] as Uint8Array
  const asks = look?.line === 'unless-severe' || look?.severityText === 'unless-severe'
  const areSevere = asks && areAllSet(severities, rows)
  const isNeeded = (when: RowLook['line'] | undefined) =>
    when === 'unless-severe' ? !areSevere : when === undefined || when === 'always'
  return [
    ...(isNeeded(look?.line) ? (['line'] as const) : []),
    ...(isNeeded(look?.severityText) ? (['level'] as const) : []),
  ]
}

function areAllSet(column: Uint8Array, rows: Int32Array): boolean {
  // Fast path: all rows of the stripe.
  if (!column.includes(0)) return true
  for (let i = 0; i < rows.length; i++) if (column[rows[i] as number] === 0) return false
  return true
}
