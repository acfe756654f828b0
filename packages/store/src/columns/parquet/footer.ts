import type { ByteWriter } from './byte-writer.ts'
import type { ColumnChunk } from './column-chunk.ts'
import type { ColumnSpec } from './column-values.ts'
import { ENCODING } from './page-encoding.ts'
import { binary, bool, i32, i64, list, struct, type ThriftValue, text, writeStruct } from './thrift-writer.ts'

const PHYSICAL = { bool: 0, int: 1, long: 2, double: 5, bytes: 6 } as const
const CONVERTED = { utf8: 0, u8: 11, u32: 13, u64: 14 } as const
const CODEC = { none: 0, zstd: 6 } as const
const VERSION = 2

/** Appends the file's footer. Source: parquet.thrift, FileMetaData. */
export function writeFooter(
  out: ByteWriter,
  columns: readonly ColumnSpec[],
  groups: readonly (readonly ColumnChunk[])[],
  rows: readonly number[],
  metadata: readonly (readonly [string, string])[],
): void {
  writeStruct(out, [
    [1, i32(VERSION)],
    [2, list('struct', [struct([4, text('schema')], [5, i32(columns.length)]), ...columns.map(schemaElement)])],
    [3, i64(rows.reduce((sum, count) => sum + count, 0))],
    [
      4,
      list(
        'struct',
        groups.map((chunks, group) => rowGroup(columns, chunks, rows[group] as number)),
      ),
    ],
    [
      5,
      list(
        'struct',
        metadata.map(([key, value]) => struct([1, text(key)], [2, text(value)])),
      ),
    ],
    [6, text('Vantage')],
    // Statistics are in the order of the column's type.
    [
      7,
      list(
        'struct',
        columns.map(() => struct([1, struct()])),
      ),
    ],
  ])
}

function schemaElement(spec: ColumnSpec): ThriftValue {
  const { annotation } = spec
  const isTime = annotation === 'timestamp'
  return struct(
    [1, i32(PHYSICAL[spec.type])],
    [3, i32(spec.isOptional ? 1 : 0)],
    [4, text(spec.name)],
    [6, annotation === undefined || isTime ? undefined : i32(CONVERTED[annotation])],
    // TIMESTAMP(NANOS), in UTC without saying so: of times that say it, DuckDB drops the nanoseconds. STRING.
    [10, isTime ? struct([8, struct([1, bool(false)], [2, struct([3, struct()])])]) : logicalText(annotation)],
  )
}

function logicalText(annotation: ColumnSpec['annotation']): ThriftValue | undefined {
  return annotation === 'utf8' ? struct([1, struct()]) : undefined
}

function rowGroup(columns: readonly ColumnSpec[], chunks: readonly ColumnChunk[], rows: number): ThriftValue {
  return struct(
    [
      1,
      list(
        'struct',
        chunks.map((chunk, i) => columnChunk(columns[i] as ColumnSpec, chunk)),
      ),
    ],
    [2, i64(chunks.reduce((sum, chunk) => sum + chunk.rawBytes, 0))],
    [3, i64(rows)],
  )
}

function columnChunk(spec: ColumnSpec, chunk: ColumnChunk): ThriftValue {
  const encodings = new Set<number>(chunk.pages.map((page) => page.encoding))
  encodings.add(ENCODING.rle)
  if (chunk.dictionary !== undefined) encodings.add(ENCODING.plain)
  return struct(
    [2, i64(0)],
    [
      3,
      struct(
        [1, i32(PHYSICAL[spec.type])],
        [2, list('i32', [...encodings].map(i32))],
        [3, list('binary', [text(spec.name)])],
        [4, i32(chunk.isRaw ? CODEC.none : CODEC.zstd)],
        [5, i64(chunk.rows)],
        [6, i64(chunk.rawBytes)],
        [7, i64(chunk.storedBytes)],
        [9, i64(chunk.dataOffset)],
        [11, chunk.dictionary === undefined ? undefined : i64(chunk.offset)],
        [12, statistics(chunk)],
      ),
    ],
  )
}

function statistics({ nulls, statistics: found }: ColumnChunk): ThriftValue {
  return struct(
    [3, i64(nulls)],
    [5, found === undefined ? undefined : binary(found.most)],
    [6, found === undefined ? undefined : binary(found.least)],
  )
}
