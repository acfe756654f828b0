import { ByteRanges, grownInts } from './byte-ranges.ts'
import { RecordBatch } from './record-batch.ts'

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

  /** Makes everything of rows [from, to) absent. */
  clear(from: number, to: number): void {
    this.times.fill(0n, from, to)
    this.observedTimes.fill(0n, from, to)
    this.severities.fill(0, from, to)
    this.flags.fill(0, from, to)
    this.droppedAttributes.fill(0, from, to)
    this.traceIds.fill(0, from * 16, to * 16)
    this.spanIds.fill(0, from * 8, to * 8)
    this.bodyKinds.fill(BODY_KIND.none, from, to)
    for (const ranges of [this.bodies, this.severityTexts, this.eventNames, this.attributes]) {
      ranges.clear(from, to)
    }
  }

  /** Doubles the room; what is there stays. */
  grow(): void {
    const capacity = this.capacity * 2
    this.times = grownLongs(this.times, capacity)
    this.observedTimes = grownLongs(this.observedTimes, capacity)
    this.severities = grownBytes(this.severities, capacity)
    this.flags = grownWords(this.flags, capacity)
    this.droppedAttributes = grownWords(this.droppedAttributes, capacity)
    this.traceIds = grownBytes(this.traceIds, capacity * 16)
    this.spanIds = grownBytes(this.spanIds, capacity * 8)
    this.origins = grownInts(this.origins, capacity)
    this.bodyKinds = grownBytes(this.bodyKinds, capacity)
    for (const ranges of [this.bodies, this.severityTexts, this.eventNames, this.attributes]) {
      ranges.grow(capacity)
    }
  }
}

/** Rows of logs, decoded. */
export class LogBatch extends RecordBatch<LogColumns> {
  constructor() {
    super(new LogColumns(1024))
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
