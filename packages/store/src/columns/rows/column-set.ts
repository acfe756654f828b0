import { type ByteRanges, LogColumns, SpanColumns } from '@vantage/model'
import { PAGE_ROWS } from '../limits.ts'

/**
 * The columns of either signal by the way their values lie in memory, so that one piece of code moves the rows of both.
 * The arrays are those of `LogColumns` or `SpanColumns`: nothing is copied.
 */
export interface ColumnSet {
  /** 64-bit values as halves, low at 2 · row, high at 2 · row + 1. The first column orders the rows. */
  readonly longs: readonly Int32Array[]
  readonly words: readonly Uint32Array[]
  readonly bytes: readonly Uint8Array[]
  /** As many bytes for each row as `idBytes` of the signal says. */
  readonly ids: readonly Uint8Array[]
  /** The first column holds what is searched: lines, names. */
  readonly ranges: readonly ByteRanges[]
  readonly origins: Int32Array
}

/** What the store has to know about a signal to keep its rows. */
export interface Signal<Columns> {
  readonly name: 'logs' | 'spans'
  readonly topic: 'raw-logs' | 'spans-raw'
  readonly idBytes: readonly number[]
  /** Memory of a row without its byte ranges. */
  readonly rowBytes: number
  readonly rangeColumns: number
  /** Columns of their own memory. */
  create(rows: number): Columns
  /** Columns over memory that `plan` hands out piece by piece, always in the same order. */
  lay(plan: MemoryPlan, rows: number): Columns
  setOf(columns: Columns): ColumnSet
  countOf(columns: Columns): number
  setCount(columns: Columns, count: number): void
  /** Columns over the same memory, but for attributes: those are absent. */
  share(columns: Columns): Columns
  /** Columns of absent values: nothing may be written to them, columns with values take their places by `put`. */
  hollow(rows: number): Columns
  /** By the places that `ColumnSet` has; the origins' place is not looked at. */
  readonly put: {
    longs(columns: Columns, place: number, column: BigInt64Array): void
    words(columns: Columns, place: number, column: Uint32Array): void
    bytes(columns: Columns, place: number, column: Uint8Array): void
    ids(columns: Columns, place: number, column: Uint8Array): void
    origins(columns: Columns, place: number, column: Int32Array): void
  }
}

/** What absent columns of stripes lie over: never written to. */
const ZEROS = new ArrayBuffer(PAGE_ROWS * 16)

function zerosOf(bytes: number): ArrayBuffer {
  return bytes <= ZEROS.byteLength ? ZEROS : new ArrayBuffer(bytes)
}

function hollowRanges(columns: readonly ByteRanges[], rows: number): void {
  for (const ranges of columns) {
    ranges.from = new Int32Array(zerosOf(rows * 4), 0, rows)
    ranges.to = ranges.from
  }
}

/** Deals out one buffer from its begin on. The buffer and all sizes are multiples of 8. */
export class MemoryPlan {
  readonly buffer: SharedArrayBuffer
  at: number

  constructor(buffer: SharedArrayBuffer, at: number) {
    this.buffer = buffer
    this.at = at
  }

  longs(rows: number): BigInt64Array {
    return new BigInt64Array(this.buffer, this.#take(rows * 8), rows)
  }

  words(rows: number): Uint32Array {
    return new Uint32Array(this.buffer, this.#take(rows * 4), rows)
  }

  ints(rows: number): Int32Array {
    return new Int32Array(this.buffer, this.#take(rows * 4), rows)
  }

  bytes(count: number): Uint8Array {
    return new Uint8Array(this.buffer, this.#take(count), count)
  }

  #take(bytes: number): number {
    const at = this.at
    this.at += (bytes + 7) & ~7
    return at
  }
}

/** Place of the attributes among the range columns of either signal. */
export const ATTRIBUTES = 3

export const LOGS: Signal<LogColumns> = {
  name: 'logs',
  topic: 'raw-logs',
  idBytes: [16, 8],
  rowBytes: 2 * 8 + 2 * 4 + 2 + 24 + 4 + 4 * 8,
  rangeColumns: 4,
  create: (rows) => new LogColumns(rows),
  lay(plan, rows) {
    const columns = new LogColumns(0)
    columns.times = plan.longs(rows)
    columns.observedTimes = plan.longs(rows)
    columns.severities = plan.bytes(rows)
    columns.flags = plan.words(rows)
    columns.droppedAttributes = plan.words(rows)
    columns.traceIds = plan.bytes(rows * 16)
    columns.spanIds = plan.bytes(rows * 8)
    columns.origins = plan.ints(rows)
    columns.bodyKinds = plan.bytes(rows)
    layRanges(logRanges(columns), plan, rows)
    return columns
  },
  setOf: (columns) => ({
    longs: [halvesOf(columns.times), halvesOf(columns.observedTimes)],
    words: [columns.flags, columns.droppedAttributes],
    bytes: [columns.severities, columns.bodyKinds],
    ids: [columns.traceIds, columns.spanIds],
    ranges: logRanges(columns),
    origins: columns.origins,
  }),
  countOf: (columns) => columns.count,
  setCount(columns, count) {
    columns.count = count
  },
  share(columns) {
    const shared = new LogColumns(0)
    const { count, times, observedTimes, severities, flags, droppedAttributes, traceIds, spanIds } = columns
    const { origins, bodyKinds } = columns
    Object.assign(shared, { count, times, observedTimes, severities, flags, droppedAttributes, traceIds, spanIds })
    Object.assign(shared, { origins, bodyKinds })
    shareRanges(logRanges(columns), logRanges(shared))
    hollowRanges([shared.attributes], columns.capacity)
    return shared
  },
  hollow(rows) {
    const columns = new LogColumns(0)
    columns.times = new BigInt64Array(zerosOf(rows * 8), 0, rows)
    columns.observedTimes = columns.times
    columns.traceIds = new Uint8Array(zerosOf(rows * 16), 0, rows * 16)
    columns.spanIds = columns.traceIds.subarray(0, rows * 8)
    columns.severities = columns.traceIds.subarray(0, rows)
    columns.bodyKinds = columns.severities
    columns.flags = new Uint32Array(zerosOf(rows * 4), 0, rows)
    columns.droppedAttributes = columns.flags
    columns.origins = new Int32Array(zerosOf(rows * 4), 0, rows)
    hollowRanges(logRanges(columns), rows)
    return columns
  },
  put: {
    longs(columns, place, column) {
      if (place === 0) columns.times = column
      else columns.observedTimes = column
    },
    words(columns, place, column) {
      if (place === 0) columns.flags = column
      else columns.droppedAttributes = column
    },
    bytes(columns, place, column) {
      if (place === 0) columns.severities = column
      else columns.bodyKinds = column
    },
    ids(columns, place, column) {
      if (place === 0) columns.traceIds = column
      else columns.spanIds = column
    },
    origins(columns, _place, column) {
      columns.origins = column
    },
  },
}

export const SPANS: Signal<SpanColumns> = {
  name: 'spans',
  topic: 'spans-raw',
  idBytes: [16, 8, 8],
  rowBytes: 2 * 8 + 4 * 4 + 2 + 32 + 4 + 6 * 8,
  rangeColumns: 6,
  create: (rows) => new SpanColumns(rows),
  lay(plan, rows) {
    const columns = new SpanColumns(0)
    columns.startTimes = plan.longs(rows)
    columns.endTimes = plan.longs(rows)
    columns.traceIds = plan.bytes(rows * 16)
    columns.spanIds = plan.bytes(rows * 8)
    columns.parentSpanIds = plan.bytes(rows * 8)
    columns.kinds = plan.bytes(rows)
    columns.statusCodes = plan.bytes(rows)
    columns.flags = plan.words(rows)
    columns.droppedAttributes = plan.words(rows)
    columns.droppedEvents = plan.words(rows)
    columns.droppedLinks = plan.words(rows)
    columns.origins = plan.ints(rows)
    layRanges(spanRanges(columns), plan, rows)
    return columns
  },
  setOf: (columns) => ({
    longs: [halvesOf(columns.startTimes), halvesOf(columns.endTimes)],
    words: [columns.flags, columns.droppedAttributes, columns.droppedEvents, columns.droppedLinks],
    bytes: [columns.kinds, columns.statusCodes],
    ids: [columns.traceIds, columns.spanIds, columns.parentSpanIds],
    ranges: spanRanges(columns),
    origins: columns.origins,
  }),
  countOf: (columns) => columns.count,
  setCount(columns, count) {
    columns.count = count
  },
  share(columns) {
    const shared = new SpanColumns(0)
    const { count, startTimes, endTimes, traceIds, spanIds, parentSpanIds, kinds, statusCodes, flags } = columns
    const { droppedAttributes, droppedEvents, droppedLinks, origins } = columns
    Object.assign(shared, { count, startTimes, endTimes, traceIds, spanIds, parentSpanIds, kinds, statusCodes, flags })
    Object.assign(shared, { droppedAttributes, droppedEvents, droppedLinks, origins })
    shareRanges(spanRanges(columns), spanRanges(shared))
    hollowRanges([shared.attributes], columns.capacity)
    return shared
  },
  hollow(rows) {
    const columns = new SpanColumns(0)
    columns.startTimes = new BigInt64Array(zerosOf(rows * 8), 0, rows)
    columns.endTimes = columns.startTimes
    columns.traceIds = new Uint8Array(zerosOf(rows * 16), 0, rows * 16)
    columns.spanIds = columns.traceIds.subarray(0, rows * 8)
    columns.parentSpanIds = columns.spanIds
    columns.kinds = columns.traceIds.subarray(0, rows)
    columns.statusCodes = columns.kinds
    columns.flags = new Uint32Array(zerosOf(rows * 4), 0, rows)
    columns.droppedAttributes = columns.flags
    columns.droppedEvents = columns.flags
    columns.droppedLinks = columns.flags
    columns.origins = new Int32Array(zerosOf(rows * 4), 0, rows)
    hollowRanges(spanRanges(columns), rows)
    return columns
  },
  put: {
    longs(columns, place, column) {
      if (place === 0) columns.startTimes = column
      else columns.endTimes = column
    },
    words(columns, place, column) {
      if (place === 0) columns.flags = column
      else if (place === 1) columns.droppedAttributes = column
      else if (place === 2) columns.droppedEvents = column
      else columns.droppedLinks = column
    },
    bytes(columns, place, column) {
      if (place === 0) columns.kinds = column
      else columns.statusCodes = column
    },
    ids(columns, place, column) {
      if (place === 0) columns.traceIds = column
      else if (place === 1) columns.spanIds = column
      else columns.parentSpanIds = column
    },
    origins(columns, _place, column) {
      columns.origins = column
    },
  },
}

function logRanges(columns: LogColumns): readonly ByteRanges[] {
  return [columns.bodies, columns.severityTexts, columns.eventNames, columns.attributes]
}

function spanRanges(columns: SpanColumns): readonly ByteRanges[] {
  const { names, statusMessages, traceStates, attributes, events, links } = columns
  return [names, statusMessages, traceStates, attributes, events, links]
}

function layRanges(columns: readonly ByteRanges[], plan: MemoryPlan, rows: number): void {
  for (const ranges of columns) {
    ranges.from = plan.ints(rows)
    ranges.to = plan.ints(rows)
  }
}

function halvesOf(longs: BigInt64Array): Int32Array {
  return new Int32Array(longs.buffer, longs.byteOffset, longs.length * 2)
}

function shareRanges(columns: readonly ByteRanges[], shared: readonly ByteRanges[]): void {
  for (const [i, { bytes, from, to }] of columns.entries()) {
    if (i !== ATTRIBUTES) Object.assign(shared[i] as ByteRanges, { bytes, from, to })
  }
}
