import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { NodeFileSystem } from '@vantage/bytes'
import { type AnyValue, decodeAttributes, hexText, NO_ORIGIN, serviceOf } from '@vantage/model'
import { type ContractLogRow, logBatchOf } from '@vantage/model/contract-tests'
import { seededRandom, testSeed } from '@vantage/model/testing'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { afterAll, expect, test } from 'vitest'
import { LOGS } from '../rows/column-set.ts'
import { richLogs } from '../testing/rich-rows.ts'
import { FileReader } from './file-reader.ts'
import { FileWriter } from './file-writer.ts'
import { StripeCache } from './stripe-cache.ts'

/** Fields of the filter file's trailer: bytes before its end. */
const TRAILER = { checksum: 16, version: 12 } as const
/** Written by the store as it was before files of version 2. */
const VECTORS = join(import.meta.dirname, 'vectors')

const directory = mkdtempSync(join(tmpdir(), 'vantage-columns-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function writeLogs(name: string, rows: readonly ContractLogRow[]): string {
  const batch = logBatchOf(rows)
  const writer = new FileWriter(LOGS, new NodeFileSystem(), directory, name)
  const places = Array.from({ length: batch.originCount }, (_, i) => batch.originOf(i))
  writer.append(
    LOGS.setOf(batch.columns),
    places,
    Int32Array.from(rows, (_, i) => i),
  )
  expect(writer.finish().rows).toBe(rows.length)
  return join(directory, `${name}.parquet`)
}

/** A row as both readers of others must see it. */
function wantedLog(row: ContractLogRow): Record<string, unknown> {
  const id = (text: string | undefined, from: number): bigint | null =>
    text === undefined ? null : BigInt(`0x${text.slice(from, from + 16)}`)
  const last = (key: string, kind: AnyValue['kind']): unknown => {
    const found = (row.attributes ?? []).find((one) => one.key === key && one.value.kind === kind)?.value
    return found !== undefined && 'value' in found ? found.value : null
  }
  return {
    time: row.timeNs,
    observed_time: row.observedTimeNs ?? null,
    severity_number: row.severity ?? 0,
    severity_text: row.severityText ?? null,
    service_name: serviceOf(row.origin),
    scope_name: row.origin.scopeName,
    body: typeof row.body === 'object' ? JSON.stringify({ n: `value ${bodyNumber(row)}` }) : (row.body ?? null),
    trace_id_high: id(row.traceId, 0),
    trace_id_low: id(row.traceId, 16),
    span_id: id(row.spanId, 0),
    flags: row.flags ?? 0,
    dropped_attributes_count: row.droppedAttributes ?? 0,
    event_name: row.eventName ?? null,
    'attributes.user': last('user', 'string'),
    'attributes.big': last('big', 'int'),
    'attributes.took': last('took', 'double'),
    'attributes.ok': last('ok', 'bool'),
  }
}

function bodyNumber(row: ContractLogRow): string {
  const value = (row.body as AnyValue & { kind: 'map' }).entries[0]?.value
  return value?.kind === 'string' ? value.value.slice('value '.length) : ''
}

const WANTED = Object.keys(wantedLog({ timeNs: 0n, origin: NO_ORIGIN }))

async function readByDuckDb(path: string, keys: readonly string[]): Promise<Record<string, unknown>[]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const columns = keys.map((name) => (name.endsWith('time') ? `epoch_ns("${name}") AS "${name}"` : `"${name}"`))
  const result = await connection.runAndReadAll(`SELECT ${columns.join()} FROM read_parquet('${path}')`)
  const rows = result.getRowObjects() as Record<string, unknown>[]
  connection.closeSync()
  return rows
}

function bufferOf(path: string): ArrayBuffer {
  const bytes = readFileSync(path)
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
}

async function readByHyparquet(path: string, keys: readonly string[]): Promise<Record<string, unknown>[]> {
  return parquetReadObjects({
    file: bufferOf(path),
    columns: [...keys],
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
    parsers: {
      timestampFromMilliseconds: (value) => value,
      timestampFromMicroseconds: (value) => value,
      timestampFromNanoseconds: (value) => value,
      dateFromDays: (value) => value,
      stringFromBytes: (value) => (value === undefined ? '' : new TextDecoder().decode(value)),
      geometryFromBytes: (value) => value,
      geographyFromBytes: (value) => value,
    } as NonNullable<Parameters<typeof parquetReadObjects>[0]['parsers']>,
  })
}

test.each([
  ['one row', 1],
  ['a page and a row', 16_385],
  ['two row groups', 70_000],
])('%s of logs: DuckDB and hyparquet read every column as it was sent', async (name, count) => {
  const seed = testSeed()
  const rows = richLogs(seededRandom(seed), count)
  const path = writeLogs(`logs-${count}`, rows)
  // Fewer rows than a column needs: no attribute has one.
  const keys = count < 8 ? WANTED.filter((key) => !key.startsWith('attributes.')) : WANTED
  const only = (row: Record<string, unknown>): unknown[] => keys.map((key) => row[key] ?? null)
  const want = rows.map(wantedLog)
  for (const read of [readByDuckDb, readByHyparquet]) {
    const found = await read(path, keys)
    expect([seed, name, found.length]).toEqual([seed, name, count])
    const wrong = found.findIndex(
      (row, i) => JSON.stringify(only(row), plain) !== JSON.stringify(only(want[i] as never), plain),
    )
    expect([seed, read.name, wrong, wrong < 0 ? [] : only(found[wrong] as never)]).toEqual([
      seed,
      read.name,
      -1,
      wrong < 0 ? [] : only(want[wrong] as never),
    ])
  }
})

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}

/** Of each row group, the columns of one codec. */
function columnsOf(codec: 'ZSTD' | 'UNCOMPRESSED', path: string): string[][] {
  return parquetMetadata(bufferOf(path)).row_groups.map(({ columns }) =>
    columns.flatMap(({ meta_data }) => (meta_data?.codec === codec ? [meta_data.path_in_schema.join('.')] : [])),
  )
}

test('a column is compressed where it shrinks: dense and tiny ones are not, and all are read', async () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const count = 70_000
  let timeNs = 1_700_000_000_000_000_000n
  const rows = Array.from({ length: count }, (_, i): ContractLogRow => {
    timeNs += BigInt(Math.floor(random() * 2 ** 24))
    return {
      timeNs,
      origin: NO_ORIGIN,
      body: `line ${i} of the log`,
      spanId: hexText(
        Uint8Array.from({ length: 8 }, () => 1 + random() * 255),
        0,
        8,
      ),
      // The third page alone has some.
      ...(i >= 32_768 && i < 49_152 ? { eventName: `event ${i} of the third page` } : {}),
      attributes: [
        { key: 'path', value: { kind: 'string', value: `/a/path/much/the/same/${Math.floor(random() * 1000)}` } },
      ],
    }
  })
  const path = writeLogs('codecs', rows)
  // The dictionary of paths shrinks, their codes do not.
  const zstd = columnsOf('ZSTD', path)
  expect([seed, zstd]).toEqual([
    seed,
    [
      ['body', 'event_name', 'attributes.path'],
      ['body', 'attributes.path'],
    ],
  ])
  for (const raw of columnsOf('UNCOMPRESSED', path)) {
    expect([seed, raw]).toEqual([seed, expect.arrayContaining(['time', 'span_id', 'flags', '_origin'])])
  }
  const wanted = rows.map((row) => [
    row.timeNs,
    row.body,
    BigInt(`0x${row.spanId}`),
    row.eventName ?? null,
    ...(row.attributes ?? []).map(plainValue),
  ])
  const keys = ['time', 'body', 'span_id', 'event_name', 'attributes.path']
  for (const read of [readByDuckDb, readByHyparquet]) {
    const found = (await read(path, keys)).map((row) => keys.map((key) => row[key] ?? null))
    expect([seed, read.name, firstDifference(found, wanted)]).toEqual([seed, read.name, -1])
  }
  expect([seed, firstDifference(readByUs('codecs'), wanted)]).toEqual([seed, -1])
})

function plainValue({ value }: { readonly value: AnyValue }): unknown {
  return 'value' in value ? value.value : undefined
}

function firstDifference(found: readonly unknown[], wanted: readonly unknown[]): number {
  const isSame = (i: number) => JSON.stringify(found[i], plain) === JSON.stringify(wanted[i], plain)
  return wanted.findIndex((_, i) => !isSame(i))
}

/** Of each row, its time, line, span id, event name and attributes. */
function readByUs(fileName: string): unknown[][] {
  // As the catalogue has it.
  const filters = readFileSync(join(directory, `${fileName}.filters`))
  const checksum = filters.readUInt32LE(filters.length - TRAILER.checksum)
  const ref = { id: 0, fileName, checksum, minTimeNs: 0n, maxTimeNs: 2n ** 62n, deletedTo: 0 }
  const reader = FileReader.open(LOGS, new NodeFileSystem(), directory, ref, new StripeCache(2 ** 30))
  const found = reader.stripes.flatMap((stripe) => {
    const { order, complete } = stripe.read(['time', 'ids', 'line'])
    const { bodies, eventNames, attributes, times, spanIds } = complete(order, undefined).columns
    const text = ({ bytes, from, to }: typeof bodies, row: number) =>
      Buffer.from(bytes.subarray(from[row], to[row])).toString()
    return Array.from(order, (row) => [
      times[row],
      text(bodies, row),
      new DataView(spanIds.buffer, spanIds.byteOffset).getBigUint64(row * 8),
      text(eventNames, row) || null,
      ...decodeAttributes(attributes.bytes, attributes.from[row] as number, attributes.to[row] as number).map(
        plainValue,
      ),
    ])
  })
  reader.close()
  return found
}

test('a pair of files of version 1, all columns compressed, is still read', async () => {
  for (const ending of ['parquet', 'filters']) {
    cpSync(join(VECTORS, `logs-v1.${ending}`), join(directory, `logs-v1.${ending}`))
  }
  const filters = readFileSync(join(directory, 'logs-v1.filters'))
  expect(filters.readUInt32LE(filters.length - TRAILER.version)).toBe(1)
  const path = join(directory, 'logs-v1.parquet')
  expect(columnsOf('UNCOMPRESSED', path)).toEqual([[]])
  const keys = ['time', 'body', 'span_id', 'event_name', 'attributes.user']
  const wanted = (await readByHyparquet(path, keys)).map((row) => keys.map((key) => row[key] ?? null))
  expect(wanted.length).toBe(100)
  expect(readByUs('logs-v1')).toEqual(wanted)
})

test.each([0, 3])('a filter file of version %i is refused', (version) => {
  writeLogs('other', richLogs(seededRandom(1), 10))
  const path = join(directory, 'other.filters')
  const filters = readFileSync(path)
  expect(filters.readUInt32LE(filters.length - TRAILER.version)).toBe(2)
  expect(readByUs('other').length).toBe(10)
  filters.writeUInt32LE(version, filters.length - TRAILER.version)
  writeFileSync(path, filters)
  expect(() => readByUs('other')).toThrow(`version ${version}: want 1 to 2`)
})
