import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runTracesJob, type TracesJob } from '../../packages/api/src/index.ts'
import { NodeFileSystem } from '../../packages/bytes/src/index.ts'
import { OtlpJsonDecoder, OtlpTracesDecoder, TRACES_REQUEST } from '../../packages/decode/src/otlp/index.ts'
import { SpanBatch, type SpanReader, systemClock } from '../../packages/model/src/index.ts'
import { MemorySpans, seededRandom, testSeed, unlimitedBudget } from '../../packages/model/src/testing/index.ts'
import { type ColumnStore, openColumnStore } from '../../packages/store/src/columns/index.ts'
import { columnsHost } from '../../packages/store/src/columns/testing/columns-host.ts'

/** The store of files and hot rows answers every question about traces as the simplest store does. */

const files = new NodeFileSystem()
const root = mkdtempSync(join(tmpdir(), 'vantage-traces-'))
const stores: ColumnStore[] = []
afterAll(async () => {
  for (const store of stores) await store.close()
  rmSync(root, { recursive: true, force: true })
})

const T0 = 1_700_000_000_000_000_000n
const seed = testSeed()
const random = seededRandom(seed)
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T

const VALUES = [
  { stringValue: 'x' },
  { stringValue: 'two words' },
  { intValue: '3' },
  { doubleValue: 2.5 },
  { boolValue: true },
  { arrayValue: { values: [{ stringValue: 'x' }, { intValue: '3' }] } },
]

function attributes(keys: readonly string[]): unknown[] {
  return keys.filter(() => random() < 0.7).map((key) => ({ key, value: pick(VALUES) }))
}

function hex(n: number, bytes: number): string {
  return n.toString(16).padStart(bytes * 2, '0')
}

/** Spans of a few traces; parents may be missing, ends may be absent. */
function request(from: number, count: number): unknown {
  const spans = Array.from({ length: count }, (_, i) => {
    const start = T0 + BigInt(Math.floor(random() * 600)) * 100_000_000n
    const end = random() < 0.05 ? 0n : start + BigInt(Math.floor(random() * 40)) * 100_000_000n
    return {
      traceId: hex(1 + Math.floor(random() * 12), 16),
      spanId: hex(from + i, 8),
      ...(random() < 0.3 ? {} : { parentSpanId: hex(1 + Math.floor(random() * 200), 8) }),
      name: pick(['GET /', 'GET /cart', 'insert']),
      kind: Math.floor(random() * 6),
      startTimeUnixNano: String(start),
      endTimeUnixNano: String(end),
      attributes: attributes(['a', 'b']),
      events: random() < 0.3 ? [{ timeUnixNano: String(start), name: 'exception', attributes: attributes(['a']) }] : [],
      status: { code: Math.floor(random() * 3), message: pick(['', 'no']) },
    }
  })
  const service = { key: 'service.name', value: { stringValue: pick(['shop', 'cart', 'mail']) } }
  const scope = { name: pick(['lib', 'other']), attributes: attributes(['s']) }
  return {
    resourceSpans: [{ resource: { attributes: [service, ...attributes(['a'])] }, scopeSpans: [{ scope, spans }] }],
  }
}

function decoded(body: unknown): SpanBatch {
  const bytes = new TextEncoder().encode(JSON.stringify(body))
  const batch = new SpanBatch()
  const decoder = new OtlpJsonDecoder(TRACES_REQUEST, new OtlpTracesDecoder())
  decoder.start(bytes, bytes.length, batch)
  for (;;) {
    const outcome = decoder.step(Number.POSITIVE_INFINITY, systemClock)
    if (outcome === 'done') return batch
    if (outcome !== 'more') throw new Error(outcome.message)
  }
}

async function bothStores(seals: (round: number) => boolean): Promise<{ memory: SpanReader; columns: SpanReader }> {
  const memory = new MemorySpans()
  const store = await openColumnStore({
    directory: join(root, String(stores.length)),
    files,
    clock: systemClock,
    workers: columnsHost(files),
    onProblem: (message) => {
      throw new Error(message)
    },
  })
  stores.push(store)
  for (let round = 0; round < 8; round++) {
    const body = request(1 + round * 25, 25)
    memory.appendBatch('default', decoded(body))
    store.applySpans('default', decoded(body), round, 0)
    if (seals(round)) await store.seal()
  }
  return { memory, columns: store.spanReader() }
}

const FIELDS = [
  '.a',
  'span.a',
  'span.b',
  'resource.a',
  'event.a',
  'instrumentation.s',
  'name',
  'status',
  'kind',
  'duration',
  'parent.a',
  'span:childCount',
  'resource.service.name',
]
const CONSTANTS = [
  '"x"',
  '"two words"',
  '"shop"',
  '3',
  '2.5',
  'true',
  '1s',
  '0s',
  'error',
  'server',
  '"GET /"',
  '"GET.*"',
]

const NAMED = ['.a', 'span.a', 'resource.a', 'event.a']

function filter(): string {
  const comparison = (): string => {
    // Mostly what often meets, so that hints are put to the test.
    if (random() < 0.5)
      return `${pick(NAMED)} ${pick(['=', '=', '!=', '=~'])} ${pick(['"x"', '"x"', '3', '"two words"'])}`
    return `${pick(FIELDS)} ${pick(['=', '!=', '<', '<=', '>', '>=', '=~', '!~'])} ${pick(CONSTANTS)}`
  }
  return pick([
    () => '{ }',
    () => `{ ${comparison()} }`,
    () => `{ ${comparison()} ${pick(['&&', '||'])} ${comparison()} }`,
  ])()
}

function question(): TracesJob {
  const range = { startNs: T0 + BigInt(Math.floor(random() * 20)) * 1_000_000_000n, endNs: T0 + 50_000_000_000n }
  const search = (query: string): TracesJob => ({
    kind: 'search',
    request: { ...range, query, limit: 100, spansPerSet: 0 },
  })
  const metrics = (query: string): TracesJob => ({
    kind: 'metrics',
    request: { ...range, query, stepNs: 10_000_000_000n, exemplarsMax: 0 },
    form: 'range',
  })
  return pick<() => TracesJob>([
    () => search(filter()),
    () => search(`${filter()} ${pick(['>', '>>', '<', '<<', '~', '!>', '&>>', '&&', '||'])} ${filter()}`),
    () => search(`${filter()} | by(${pick(FIELDS)}) | count() > 1`),
    () => metrics(`${filter()} | rate() by (${pick(FIELDS)})`),
    () => metrics(`${filter()} | max_over_time(duration)`),
    () => ({ kind: 'trace', traceId: hex(1 + Math.floor(random() * 12), 16), form: 'otlp-json' }),
    () => ({ kind: 'tag-names', range, scope: undefined, form: 'scoped' }),
    () => ({ kind: 'tag-values', request: { ...range, tag: pick(FIELDS), query: '', limit: 1_000 }, form: 'typed' }),
    () => ({ kind: 'services', range, form: 'jaeger' }),
    () => ({ kind: 'operations', service: 'shop', spanKind: undefined, range, form: 'jaeger' }),
    () => ({ kind: 'dependencies', range, form: 'zipkin' }),
  ])()
}

/** The body with every list in an order of its own: stores give spans of a trace, and groups, in any. */
function answer(job: TracesJob, reader: SpanReader): unknown {
  const result = runTracesJob(job, 'default', reader, unlimitedBudget)
  return result.ok ? ordered(JSON.parse(new TextDecoder().decode(result.value))) : result.error
}

const UNORDERED = new Set(['attributes', 'values', 'inspectedSpans', 'spanSet'])

function ordered(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) {
    const list = value.map((one) => ordered(one, name))
    return name === 'attributes' ? list : list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([key]) => !UNORDERED.has(key) || key === 'attributes')
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, ordered(one, key)]))
}

test.each([
  ['hot rows', () => false],
  ['files', () => true],
  ['files and hot rows', (round: number) => round % 3 === 1],
] as const)('%s', async (_, seals) => {
  const { memory, columns } = await bothStores(seals)
  for (let round = 0; round < 400; round++) {
    const job = question()
    const shown = JSON.stringify(job, (_key, one) => (typeof one === 'bigint' ? String(one) : one))
    expect(answer(job, columns), `seed ${seed}: ${shown}`).toEqual(answer(job, memory))
  }
})
