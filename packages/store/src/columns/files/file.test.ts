import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { NodeFileSystem } from '@vantage/bytes'
import { type AnyValue, NO_ORIGIN, serviceOf } from '@vantage/model'
import { type ContractLogRow, logBatchOf } from '@vantage/model/contract-tests'
import { seededRandom, testSeed } from '@vantage/model/testing'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, expect, test } from 'vitest'
import { LOGS } from '../rows/column-set.ts'
import { richLogs } from '../testing/rich-rows.ts'
import { FileWriter } from './file-writer.ts'

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

async function readByHyparquet(path: string, keys: readonly string[]): Promise<Record<string, unknown>[]> {
  const bytes = readFileSync(path)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  return parquetReadObjects({
    file,
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
