import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { NodeFileSystem } from '@vantage/bytes'
import {
  type AnyValue,
  decodeAttributes,
  hexText,
  type LogScan,
  labelValue,
  type SpanBlock,
  type SpanCondition,
  type SpanScan,
  serviceOf,
} from '@vantage/model'
import type { ContractSpan } from '@vantage/model/contract-tests'
import { seededRandom, testSeed, unlimitedBudget } from '@vantage/model/testing'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ColumnsHarness } from './testing/columns-harness.ts'
import { DuckDbExecutor } from './testing/duckdb-executor.ts'
import { richLogs, richSpans } from './testing/rich-rows.ts'

const FIRST_NS = 1_700_000_000_123_456_789n
const ROWS = 3_000
const SCANS = 40
const WORDS = ['alpha', 'line 1', 'ünï', '', 'value 2', '%', "'", 'absent']
const PATTERNS = ['line [0-9]+', '(?i)ALPHA|value', '^[a-z]+ [13579]', 'ü.?ï', '[^a-z ]{3}', 'e 2$']

const directory = mkdtempSync(join(tmpdir(), 'vantage-executors-'))
let duckdb: DuckDbExecutor
beforeAll(async () => {
  duckdb = await DuckDbExecutor.open()
})
afterAll(() => {
  duckdb.close()
  rmSync(directory, { recursive: true, force: true })
})

function pick<T>(random: () => number, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T
}

/** A store whose rows all lie in files. */
async function sealed(name: string, fill: (harness: ColumnsHarness) => void): Promise<ColumnsHarness> {
  const harness = new ColumnsHarness(join(directory, name), new NodeFileSystem())
  await harness.open()
  fill(harness)
  await harness.store.seal()
  expect(harness.problems).toEqual([])
  return harness
}

function pathsOf(harness: ColumnsHarness): string[] {
  return harness.store.files().map(({ fileName }) => join(harness.directory, 'files', `${fileName}.parquet`))
}

function randomRange(random: () => number): { startNs: bigint; endNs: bigint } {
  const startNs = FIRST_NS + BigInt(Math.floor(random() * ROWS)) * 1_000_003n
  if (random() < 0.3) return { startNs: 0n, endNs: 2n ** 62n }
  return { startNs, endNs: startNs + BigInt(Math.floor(random() * ROWS)) * 1_000_003n }
}

function randomLogScan(random: () => number): LogScan {
  return {
    ...randomRange(random),
    matchers:
      random() < 0.5
        ? [{ name: 'service_name', op: pick(random, ['=', '!=']), value: pick(random, ['web', 'ünï']) }]
        : [],
    lineFilters: Array.from({ length: Math.floor(random() * 3) }, () => {
      const isPattern = random() < 0.4
      return { text: pick(random, isPattern ? PATTERNS : WORDS), isWanted: random() < 0.7, isPattern }
    }),
    direction: pick(random, ['forward', 'backward', 'any']),
  }
}

test('any scan and count of logs has the same answer from our executor and from DuckDB', async () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const harness = await sealed('logs', (one) => {
    const rows = richLogs(random, ROWS)
    for (let at = 0; at < ROWS; at += 500) one.applyLogs(rows.slice(at, at + 500))
  })
  const reader = harness.store.logReader()
  let found = 0
  for (let i = 0; i < SCANS; i++) {
    const scan = randomLogScan(random)
    const ours: string[] = []
    for (const { columns, rows } of reader.scan('default', { ...scan, direction: 'forward' }, unlimitedBudget)) {
      for (const row of rows) ours.push(String(columns.times[row]))
    }
    const theirs = (await Promise.all(pathsOf(harness).map((path) => duckdb.logRows(path, scan)))).flat()
    found += ours.length
    expect([seed, i, theirs.map(([time]) => String(time)).sort()]).toEqual([seed, i, ours.sort()])
    const grid = {
      startNs: FIRST_NS,
      stepNs: BigInt(1 + Math.floor(random() * 1e9)),
      steps: 1 + Math.floor(random() * 9),
    }
    const counted = new Map<string, number>()
    for (const { labels, values } of reader.count(
      'default',
      scan,
      'rows',
      ['service_name', 'severity'],
      grid,
      unlimitedBudget,
    )) {
      values.forEach((n, step) => {
        if (n > 0) counted.set(`${labelValue(labels, 'service_name')} ${labelValue(labels, 'severity')} ${step}`, n)
      })
    }
    const wanted = new Map<string, number>()
    for (const path of pathsOf(harness)) {
      for (const [key, n] of await duckdb.logCounts(path, scan, grid)) wanted.set(key, (wanted.get(key) ?? 0) + n)
    }
    expect([seed, i, [...counted].sort()]).toEqual([seed, i, [...wanted].sort()])
  }
  expect([seed, found > SCANS]).toEqual([seed, true])
  await harness.store.close()
}, 120_000)

/** The conditions again, row by row: a scan may give more than fulfil them. */
function fulfils({ columns, origins }: SpanBlock, row: number, conditions: readonly SpanCondition[]): boolean {
  const { bytes, from, to } = columns.attributes
  const attributes = decodeAttributes(bytes, from[row] as number, to[row] as number)
  expect(origins.length).toBeGreaterThan(0)
  return conditions.every(({ field, op, value }) => {
    if (field.scope === 'intrinsic') {
      return compares(
        op,
        { kind: 'int', value: (columns.endTimes[row] as bigint) - (columns.startTimes[row] as bigint) },
        value,
      )
    }
    const found = attributes.find((one) => one.key === field.name && one.value.kind === value.kind)
    return found !== undefined && compares(op, found.value, value)
  })
}

function compares(op: SpanCondition['op'], left: AnyValue, right: AnyValue): boolean {
  if (op === 'exists') return true
  if (!('value' in left) || !('value' in right)) return false
  const [a, b] = [left.value as string | bigint, right.value as string | bigint]
  return op === '=' ? a === b : op === '<' ? a < b : op === '>=' ? a >= b : a !== b
}

const HOSTILE = [
  `a"b`,
  `"; DROP TABLE t; --`,
  `') OR 1 = 1 --`,
  '$p0',
  'c0',
  '?',
  `attributes.x`,
  'new\nline',
  '\\',
  '%_',
  'ключ 🗝',
  `x:string`,
  '/* */',
  '{{ .a }}',
  'A',
  'a',
]

/** Spans whose names, keys and values are those; each key is frequent enough for a column of its own. */
function hostileSpans(random: () => number): ContractSpan[] {
  return richSpans(random, ROWS).map((span) => ({
    ...span,
    endNs: span.startNs + BigInt(Math.floor(random() * 1e6)),
    name: pick(random, HOSTILE),
    attributes: HOSTILE.flatMap((key, i): { key: string; value: AnyValue }[] => {
      if (random() < 0.5) return []
      if (i % 4 === 0) return [{ key, value: { kind: 'int', value: BigInt(Math.floor(random() * 5)) } }]
      return [{ key, value: { kind: 'string', value: pick(random, HOSTILE) } }]
    }),
  }))
}

function randomCondition(random: () => number): SpanCondition {
  if (random() < 0.2) {
    const value = { kind: 'int', value: BigInt(Math.floor(random() * 1e6)) } as const
    return { field: { scope: 'intrinsic', name: 'duration' }, op: pick(random, ['<', '>=']), value }
  }
  const at = Math.floor(random() * HOSTILE.length)
  const field = { scope: 'span', name: HOSTILE[at] as string } as const
  if (at % 4 === 0) {
    return {
      field,
      op: pick(random, ['=', '<', '>=']),
      value: { kind: 'int', value: BigInt(Math.floor(random() * 5)) },
    }
  }
  return { field, op: '=', value: { kind: 'string', value: pick(random, HOSTILE) } }
}

test('any scan of spans, whatever its names and values are, has the same answer, and DuckDB meets them as bound values only', async () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const harness = await sealed('spans', (one) => one.applySpans(hostileSpans(random)))
  const reader = harness.store.spanReader()
  let found = 0
  for (let i = 0; i < SCANS; i++) {
    const scan: SpanScan = {
      ...randomRange(random),
      conditions: Array.from({ length: Math.floor(random() * 3) }, () => randomCondition(random)),
      isAll: true,
      direction: 'any',
    }
    const ours: string[] = []
    for (const block of reader.scan('default', scan, unlimitedBudget)) {
      for (const row of block.rows) {
        if (fulfils(block, row, scan.conditions)) ours.push(hexText(block.columns.spanIds, row * 8, row * 8 + 8))
      }
    }
    const theirs = (await Promise.all(pathsOf(harness).map((path) => duckdb.spanIds(path, scan)))).flat()
    found += ours.length
    expect([seed, i, theirs.sort()]).toEqual([seed, i, ours.sort()])
  }
  // Nothing of the names and values stands in a text: each is made of these.
  const parts =
    /^(?:SELECT|FROM|WHERE|AND|OR|AS|GROUP BY|ALL|NOT|CASE WHEN|THEN|ELSE|END|IS|NULL|false|service|severity|step|name|type|line|id|num_children|parquet_schema|read_parquet|epoch_ns|coalesce|contains|regexp_matches|count|quantile_disc|UBIGINT|BIGINT|HUGEINT|DOUBLE|c\d+|q\d+|\$p\d+|\d+|''|<>|<=|>=|::|\/\/|[tn(),*=<>%+\s-])+$/
  const names = HOSTILE.filter((name) => name.length > 3)
  for (const text of duckdb.texts) {
    expect(text).toMatch(parts)
    expect(names.filter((name) => text.includes(name))).toEqual([])
  }
  expect([seed, found > SCANS]).toEqual([seed, true])
  await harness.store.close()
}, 120_000)

test('exact quantiles by service and name are the same, and a second reader finds the same spans', async () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const harness = await sealed('quantiles', (one) => one.applySpans(richSpans(random, ROWS)))
  const scan: SpanScan = { startNs: 0n, endNs: 2n ** 62n, conditions: [], isAll: true, direction: 'any' }
  const durations = new Map<string, bigint[]>()
  for (const { columns, rows, origins } of harness.store.spanReader().scan('default', scan, unlimitedBudget)) {
    for (const row of rows) {
      const { bytes, from, to } = columns.names
      const name = Buffer.from(bytes.subarray(from[row], to[row])).toString()
      const key = `${serviceOf(origins[columns.origins[row] as number] as never)} ${name}`
      const duration = BigInt.asIntN(64, (columns.endTimes[row] as bigint) - (columns.startTimes[row] as bigint))
      durations.set(key, [...(durations.get(key) ?? []), duration])
    }
  }
  const quantiles = [0, 0.5, 0.95, 1]
  const wanted = [...durations].map(([key, all]) => {
    const sorted = all.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    const at = (quantile: number) => sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)]
    return [key, [BigInt(sorted.length), ...quantiles.map(at)]]
  })
  const [path] = pathsOf(harness) as [string]
  expect([seed, [...(await duckdb.durations(path, scan, quantiles))].sort()]).toEqual([seed, wanted.sort()])
  expect((await readByHyparquet(path)).sort()).toEqual([...durations.values()].flat().map(String).sort())
  await harness.store.close()
})

/** The durations that hyparquet reads. */
async function readByHyparquet(path: string): Promise<string[]> {
  const bytes = readFileSync(path)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  const compressors = { ZSTD: (input: Uint8Array) => zstdDecompressSync(input) }
  const rows = await parquetReadObjects({ file, columns: ['duration_ns'], compressors })
  return rows.map((row) => String(row['duration_ns']))
}
