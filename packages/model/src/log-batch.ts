import { ByteRanges, grownInts } from './byte-ranges.ts'
import { ItemVerdict } from './item-verdict.ts'
import type { Refusal } from './metric-batch.ts'
import type { Origin } from './origin.ts'

/** What the body of a log row is: nothing, UTF-8 text, or an AnyValue message (`attribute-codec.ts`). */
export const BODY_KIND = { none: 0, text: 1, value: 2 } as const

/**
 * Log rows in columns. Rows hold what OpenTelemetry's `LogRecord` holds; times are unix ns, 0 = absent. Ids are bytes,
 * 16 or 8 for each row, all zero = absent.
 *
 * Decoders fill them (`LogBatch`), stores keep them, readers give them out (`LogBlock`); `capacity` rows fit.
 */
export class LogColumns {
  count = 0
  times: BigInt64Array
  observedTimes: BigInt64Array
  /** 1 … 24, 0 = absent. Source: opentelemetry-proto logs/v1, SeverityNumber. */
  severities: Uint8Array
  flags: Uint32Array
  droppedAttributes: Uint32Array
  traceIds: Uint8Array
  spanIds: Uint8Array
  /** Place in a list of origins beside the columns. */
  origins: Int32Array
  bodyKinds: Uint8Array
  readonly bodies: ByteRanges
  readonly severityTexts: ByteRanges
  readonly eventNames: ByteRanges
  /** As `attribute-codec.ts` says. */
  readonly attributes: ByteRanges

  constructor(capacity: number) {
    this.times = new BigInt64Array(capacity)
    this.observedTimes = new BigInt64Array(capacity)
    this.severities = new Uint8Array(capacity)
    this.flags = new Uint32Array(capacity)
    this.droppedAttributes = new Uint32Array(capacity)
    this.traceIds = new Uint8Array(capacity * 16)
    this.spanIds = new Uint8Array(capacity * 8)
    this.origins = new Int32Array(capacity)
    this.bodyKinds = new Uint8Array(capacity)
    this.bodies = new ByteRanges(capacity)
    this.severityTexts = new ByteRanges(capacity)
    this.eventNames = new ByteRanges(capacity)
    this.attributes = new ByteRanges(capacity)
  }

  get capacity(): number {
    return this.times.length
  }

  /** Puts a row in the place of another one. */
  moveRow(row: number, fromRow: number): void {
    this.times[row] = this.times[fromRow] as bigint
    this.observedTimes[row] = this.observedTimes[fromRow] as bigint
    this.severities[row] = this.severities[fromRow] as number
    this.flags[row] = this.flags[fromRow] as number
    this.droppedAttributes[row] = this.droppedAttributes[fromRow] as number
    this.traceIds.copyWithin(row * 16, fromRow * 16, fromRow * 16 + 16)
    this.spanIds.copyWithin(row * 8, fromRow * 8, fromRow * 8 + 8)
    this.origins[row] = this.origins[fromRow] as number
    this.bodyKinds[row] = this.bodyKinds[fromRow] as number
    for (const ranges of [this.bodies, this.severityTexts, this.eventNames, this.attributes]) {
      ranges.set(row, ranges.from[fromRow] as number, ranges.to[fromRow] as number)
    }
  }
}

/**
 * One decoded request of logs, the same for every door. Filled by a decoder, read by the store.
 *
 * Owner: the request that holds it, from decode until its log write is done; then it is reset and reused. The ranges of
 * a column are of its own `bytes`: the body, or an arena of the decoder's.
 */
export class LogBatch {
  readonly columns = new LogColumns(1024)
  /**
   * Origins of the rows in the order of the request, each as bytes that always mean the same origin for this tenant and
   * `originSpace`: the store interns them by these bytes and calls `originOf` only for bytes it has not met.
   */
  originCount = 0
  readonly originBytes = new ByteRanges(64)
  originSpace = 0
  originOf: (origin: number) => Origin = () => {
    throw new Error('BUG: no decoder filled this batch')
  }
  /** Refused while decoding; rows of refused records are not in the columns. */
  readonly verdict = new ItemVerdict()
  /** Items of each row, as `verdict` counts them. */
  rowItems = new Int32Array(1024)
  readonly refused: Refusal[] = []
  readonly warnings: string[] = []
  /** Rows from here on hold nothing since the last reset. */
  #emptyFrom = 0

  /** @param replayed the verdict of a record that is replayed */
  reset(replayed?: Uint8Array): void {
    this.verdict.reset(replayed)
    this.columns.count = 0
    clearLogs(this.columns, 0, this.#emptyFrom)
    this.#emptyFrom = 0
    this.originCount = 0
    this.refused.length = 0
    this.warnings.length = 0
  }

  /** Opens a row with everything absent. @returns its place */
  addRow(origin: number): number {
    const columns = this.columns
    if (columns.count === columns.capacity) growLogColumns(columns)
    const row = columns.count++
    if (row >= this.rowItems.length) this.rowItems = grownInts(this.rowItems, columns.capacity)
    this.rowItems[row] = this.verdict.count - 1
    // Fast path: no row was here, all columns were emptied at once.
    if (row >= this.#emptyFrom) this.#emptyFrom = row + 1
    else clearLogs(columns, row, row + 1)
    columns.origins[row] = origin
    return row
  }

  addOrigin(from: number, to: number): number {
    if (this.originCount === this.originBytes.from.length) this.originBytes.grow(this.originCount * 2)
    this.originBytes.set(this.originCount, from, to)
    return this.originCount++
  }
}

/** Makes everything of rows [from, to) absent. */
function clearLogs(columns: LogColumns, from: number, to: number): void {
  columns.times.fill(0n, from, to)
  columns.observedTimes.fill(0n, from, to)
  columns.severities.fill(0, from, to)
  columns.flags.fill(0, from, to)
  columns.droppedAttributes.fill(0, from, to)
  columns.traceIds.fill(0, from * 16, to * 16)
  columns.spanIds.fill(0, from * 8, to * 8)
  columns.bodyKinds.fill(BODY_KIND.none, from, to)
  for (const ranges of [columns.bodies, columns.severityTexts, columns.eventNames, columns.attributes]) {
    ranges.clear(from, to)
  }
}

/** Doubles the room; what is there stays. */
function growLogColumns(columns: LogColumns): void {
  const capacity = columns.capacity * 2
  columns.times = grownLongs(columns.times, capacity)
  columns.observedTimes = grownLongs(columns.observedTimes, capacity)
  columns.severities = grownBytes(columns.severities, capacity)
  columns.flags = grownWords(columns.flags, capacity)
  columns.droppedAttributes = grownWords(columns.droppedAttributes, capacity)
  columns.traceIds = grownBytes(columns.traceIds, capacity * 16)
  columns.spanIds = grownBytes(columns.spanIds, capacity * 8)
  columns.origins = grownInts(columns.origins, capacity)
  columns.bodyKinds = grownBytes(columns.bodyKinds, capacity)
  for (const ranges of [columns.bodies, columns.severityTexts, columns.eventNames, columns.attributes]) {
    ranges.grow(capacity)
  }
}

export function grownLongs(column: BigInt64Array, capacity: number): BigInt64Array<ArrayBuffer> {
  const grown = new BigInt64Array(capacity)
  grown.set(column)
  return grown
}

export function grownBytes(column: Uint8Array, capacity: number): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(capacity)
  grown.set(column)
  return grown
}

export function grownWords(column: Uint32Array, capacity: number): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(capacity)
  grown.set(column)
  return grown
}
