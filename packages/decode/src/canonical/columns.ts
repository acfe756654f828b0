import type { ByteRanges, LogBatch, SpanBatch } from '@vantage/model'

export const CANONICAL_VERSION = 1
const SIGNALS = { logs: 1, spans: 2 } as const

/** Any column of a fixed width. */
export interface FixedColumn {
  readonly bytes: Uint8Array
  /** Bytes of one row. */
  readonly width: number
}

/** Columns of a batch in the order of FORMAT.md; those of the batch itself, valid until it grows. */
export interface CanonicalColumns {
  readonly signal: number
  readonly fixed: readonly FixedColumn[]
  readonly ranges: readonly ByteRanges[]
}

export function canonicalColumns(batch: LogBatch | SpanBatch): CanonicalColumns {
  const { columns } = batch
  if ('times' in columns) {
    return {
      signal: SIGNALS.logs,
      fixed: [
        wide(columns.times, 8),
        wide(columns.observedTimes, 8),
        wide(columns.traceIds, 16),
        wide(columns.spanIds, 8),
        wide(columns.flags, 4),
        wide(columns.droppedAttributes, 4),
        wide(columns.origins, 4),
        wide(columns.severities, 1),
        wide(columns.bodyKinds, 1),
      ],
      ranges: [columns.bodies, columns.severityTexts, columns.eventNames, columns.attributes],
    }
  }
  return {
    signal: SIGNALS.spans,
    fixed: [
      wide(columns.startTimes, 8),
      wide(columns.endTimes, 8),
      wide(columns.traceIds, 16),
      wide(columns.spanIds, 8),
      wide(columns.parentSpanIds, 8),
      wide(columns.flags, 4),
      wide(columns.droppedAttributes, 4),
      wide(columns.droppedEvents, 4),
      wide(columns.droppedLinks, 4),
      wide(columns.origins, 4),
      wide(columns.kinds, 1),
      wide(columns.statusCodes, 1),
    ],
    ranges: columns.ranges,
  }
}

function wide(column: BigInt64Array | Uint8Array | Uint32Array | Int32Array, width: number): FixedColumn {
  return { bytes: new Uint8Array(column.buffer, column.byteOffset, column.byteLength), width }
}
