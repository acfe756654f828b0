import { expect, test } from 'vitest'
import { encodeAttributes } from '../attribute-codec.ts'
import type { AnyValue } from '../attributes.ts'
import { valueText } from '../attributes.ts'
import { hexBytes } from '../ids.ts'
import { NO_ORIGIN, type Origin } from '../origin.ts'
import type { SpanBatch } from '../span-batch.ts'
import type { SpanCondition, SpanField, SpanReader, SpanScan } from '../span-reader.ts'
import { seededRandom, testSeed } from '../testing/random.ts'
import { unlimitedBudget } from '../testing/unlimited-budget.ts'
import { type ContractSpan, spanBatchOf, spansOf, wholeSpan } from './record-batches.ts'

/** Opens a reader over batches, which came in this order. */
export type OpenSpanReader = (
  batches: readonly { readonly tenant: string; readonly batch: SpanBatch }[],
) => SpanReader | Promise<SpanReader>

const BASE_NS = 1_700_000_000_000_000_000n
const ALL = { startNs: 0n, endNs: 2n ** 62n }
const EVERY_SPAN: SpanScan = { ...ALL, conditions: [], isAll: true, direction: 'forward' }
const TRACES = ['01', '02', '03'].map((byte) => byte.repeat(16))

function text(value: string): AnyValue {
  return { kind: 'string', value }
}

const TAGS: AnyValue = { kind: 'array', values: [text('red'), text('light blue')] }

const WEB: Origin = { ...NO_ORIGIN, resource: [{ key: 'service.name', value: text('web') }], scopeName: 'http' }
const DATABASE: Origin = {
  ...NO_ORIGIN,
  resource: [
    { key: 'service.name', value: text('db') },
    { key: 'host.cores', value: { kind: 'int', value: 8n } },
  ],
  scope: [{ key: 'driver', value: text('pg') }],
}

/** (tag, length, message) of one event with a name and one attribute, or of one link. */
function part(fields: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const message = fields.flatMap(([tag, bytes]) => [tag, bytes.length, ...bytes])
  return Uint8Array.from([0x5a, message.length, ...message])
}

const ATTRIBUTE = encodeAttributes([{ key: 'exception.type', value: text('Oops') }]).subarray(2)
const EVENT = part([
  [0x12, new TextEncoder().encode('thrown')],
  [0x1a, ATTRIBUTE],
])
const LINK = part([
  [0x0a, hexBytes(TRACES[2] as string, 16) as Uint8Array],
  [0x22, encodeAttributes([{ key: 'why', value: text('batch') }]).subarray(2)],
])

function dataSet(): ContractSpan[] {
  const [first, second] = TRACES as [string, string]
  const span = (traceId: string, n: number, rest: Partial<ContractSpan>): ContractSpan => ({
    traceId,
    spanId: n.toString(16).padStart(16, '0'),
    startNs: BASE_NS + BigInt(n) * 100n,
    endNs: BASE_NS + BigInt(n) * 100n + 50n * BigInt(n),
    origin: WEB,
    ...rest,
  })
  return [
    span(first, 2, { name: 'GET /cart', kind: 2, statusCode: 1, traceState: 'a=b', flags: 1 }),
    span(first, 1, {
      name: 'GET /',
      kind: 3,
      attributes: [{ key: 'http.status', value: { kind: 'int', value: 200n } }],
    }),
    span(second, 3, { name: 'SELECT', kind: 3, origin: DATABASE, parentSpanId: '01'.repeat(8), statusCode: 2 }),
    span(second, 4, { statusMessage: 'gone', events: EVENT, links: LINK, statusCode: 2, droppedEvents: 4 }),
    span(first, 5, { name: 'GET /', attributes: [{ key: 'http.status', value: text('odd') }], droppedLinks: 1 }),
    // A clock that is behind, and a list.
    span(second, 6, { name: 'late', endNs: 1n, attributes: [{ key: 'tags', value: TAGS }] }),
  ]
}

function names(blocks: Iterable<Parameters<typeof spansOf>[0]>): string[] {
  const found: string[] = []
  for (const block of blocks) found.push(...spansOf(block).map((span) => `${Number(`0x${span.spanId}`)}`))
  return found
}

function condition(field: SpanField, op: SpanCondition['op'], value: AnyValue): SpanCondition {
  return { field, op, value }
}

/** The promises of `SpanReader`, the same for every implementation. Call inside a test file. */
export function spanReaderContract(implementation: string, open: OpenSpanReader): void {
  const openData = () => open([{ tenant: 'default', batch: spanBatchOf(dataSet()) }])
  scanContract(implementation, openData)
  fieldContract(implementation, openData)
  randomContract(implementation, open)
}

type OpenData = () => SpanReader | Promise<SpanReader>

function scanContract(implementation: string, openData: OpenData): void {
  test(`${implementation}: spans come by their start, of a range and of traces`, async () => {
    const reader = await openData()
    const check = (scan: Partial<SpanScan>, want: readonly string[]): void => {
      expect([scan, names(reader.scan('default', { ...EVERY_SPAN, ...scan }, unlimitedBudget))]).toEqual([scan, want])
    }
    check({}, ['1', '2', '3', '4', '5', '6'])
    check({ direction: 'backward' }, ['6', '5', '4', '3', '2', '1'])
    check({ startNs: BASE_NS + 200n, endNs: BASE_NS + 400n }, ['2', '3'])
    check({ traceIds: [hexBytes(TRACES[0] as string, 16) as Uint8Array] }, ['1', '2', '5'])
    check({ traceIds: TRACES.map((id) => hexBytes(id, 16) as Uint8Array), direction: 'backward' }, [
      '6',
      '5',
      '4',
      '3',
      '2',
      '1',
    ])
    check({ traceIds: [] }, [])
    expect(
      names(reader.trace('default', hexBytes(TRACES[1] as string, 16) as Uint8Array, unlimitedBudget)).sort(),
    ).toEqual(['3', '4', '6'])
    expect(names(reader.trace('default', hexBytes(TRACES[2] as string, 16) as Uint8Array, unlimitedBudget))).toEqual([])
    expect(names(reader.scan('nobody', EVERY_SPAN, unlimitedBudget))).toEqual([])
  })

  test(`${implementation}: conditions are hints: what fulfils them is never left out`, async () => {
    const reader = await openData()
    const found = (conditions: readonly SpanCondition[], isAll: boolean): string[] =>
      names(reader.scan('default', { ...EVERY_SPAN, conditions, isAll }, unlimitedBudget))
    const isError = condition({ scope: 'intrinsic', name: 'status' }, '=', text('error'))
    const isClient = condition({ scope: 'intrinsic', name: 'kind' }, '=', text('client'))
    const isGet = condition({ scope: 'intrinsic', name: 'name' }, '=~', text('GET.*'))
    const isLong = condition({ scope: 'intrinsic', name: 'duration' }, '>=', { kind: 'int', value: 200n })
    const isDatabase = condition({ scope: 'any', name: 'service.name' }, '=', text('db'))
    const isOdd = condition({ scope: 'span', name: 'http.status' }, '=', text('odd'))
    const isBlue = condition({ scope: 'span', name: 'tags' }, '=', text('light blue'))
    const isInstant = condition({ scope: 'intrinsic', name: 'duration' }, '>=', { kind: 'int', value: 0n })
    const isEightCores = condition({ scope: 'resource', name: 'host.cores' }, '=', { kind: 'int', value: 8n })
    const has = condition({ scope: 'event', name: 'exception.type' }, 'exists', { kind: 'empty' })
    const check = (conditions: readonly SpanCondition[], isAll: boolean, want: readonly string[]): void => {
      expect(found(conditions, isAll)).toEqual(expect.arrayContaining([...want]))
    }
    check([isError], true, ['3', '4'])
    check([isError, isClient], true, ['3'])
    check([isError, isClient], false, ['1', '3', '4'])
    check([isGet], true, ['1', '2', '5'])
    check([isLong], true, ['4', '5'])
    check([isDatabase, isOdd], false, ['3', '5'])
    check([has], true, ['4'])
    check([isBlue], true, ['6'])
    check([isBlue, isInstant], true, ['6'])
    check([isEightCores, isBlue], false, ['3', '6'])
    check([has, isGet], false, ['1', '2', '4', '5'])
  })

  test(`${implementation}: every field of a span comes back, with its origin`, async () => {
    const reader = await openData()
    const found: Required<ContractSpan>[] = []
    for (const block of reader.scan('default', EVERY_SPAN, unlimitedBudget)) found.push(...spansOf(block))
    expect(found).toEqual(
      dataSet()
        .map(wholeSpan)
        .toSorted((a, b) => Number(a.startNs - b.startNs)),
    )
  })
}

function fieldContract(implementation: string, openData: OpenData): void {
  test(`${implementation}: names of attributes and values of fields`, async () => {
    const reader = await openData()
    expect(reader.attributeNames('default', ALL, unlimitedBudget)).toEqual([
      { scope: 'instrumentation', name: 'driver' },
      { scope: 'event', name: 'exception.type' },
      { scope: 'resource', name: 'host.cores' },
      { scope: 'span', name: 'http.status' },
      { scope: 'resource', name: 'service.name' },
      { scope: 'span', name: 'tags' },
      { scope: 'link', name: 'why' },
    ])
    const values = (field: SpanField, limit = 10): string[] =>
      reader
        .values('default', field, ALL, limit, unlimitedBudget)
        .map((one) => `${one.kind} ${valueText(one)}`)
        .sort()
    expect(values({ scope: 'span', name: 'http.status' })).toEqual(['int 200', 'string odd'])
    expect(values({ scope: 'any', name: 'service.name' })).toEqual(['string db', 'string web'])
    expect(values({ scope: 'resource', name: 'host.cores' })).toEqual(['int 8'])
    expect(values({ scope: 'instrumentation', name: 'driver' })).toEqual(['string pg'])
    expect(values({ scope: 'event', name: 'exception.type' })).toEqual(['string Oops'])
    expect(values({ scope: 'link', name: 'why' })).toEqual(['string batch'])
    expect(values({ scope: 'intrinsic', name: 'kind' })).toEqual([
      'string client',
      'string server',
      'string unspecified',
    ])
    expect(values({ scope: 'intrinsic', name: 'status' })).toEqual(['string error', 'string ok', 'string unset'])
    expect(values({ scope: 'any', name: 'nothing' })).toEqual([])
    expect(values({ scope: 'intrinsic', name: 'duration' }, 2).length).toBe(2)
  })
}

function randomContract(implementation: string, open: OpenSpanReader): void {
  test(`${implementation}: any spans in any batches, by range and trace`, async () => {
    const seed = testSeed()
    const random = seededRandom(seed)
    const spans = Array.from({ length: 12_000 }, (_, i): ContractSpan => {
      const startNs = BASE_NS + BigInt(Math.floor(i * 1_000 + (random() - 0.5) * 20_000))
      const traceId = (1 + Math.floor(i / 7 + random() * 3)).toString(16).padStart(32, '0')
      return {
        traceId,
        spanId: (i + 1).toString(16).padStart(16, '0'),
        startNs,
        endNs: startNs + BigInt(i),
        name: `op ${i % 9}`,
        attributes: [{ key: `k${i % 3}`, value: { kind: 'int', value: BigInt(i) } }],
        origin: i % 4 === 0 ? DATABASE : WEB,
      }
    })
    const batches = [0, 1, 2, 3, 4, 5].map((n) => spans.slice(n * 2_000, (n + 1) * 2_000))
    const reader = await open(batches.map((part) => ({ tenant: 'default', batch: spanBatchOf(part) })))
    const ordered = spans.toSorted((a, b) => Number(a.startNs - b.startNs))
    const idOf = (span: ContractSpan): string => String(Number(`0x${span.spanId}`))
    for (let round = 0; round < 10; round++) {
      const startNs = BASE_NS + BigInt(Math.floor(random() * 12_000_000))
      const endNs = startNs + BigInt(Math.floor(random() * 4_000_000))
      const inRange = ordered.filter((one) => one.startNs >= startNs && one.startNs < endNs)
      expect([seed, names(reader.scan('default', { ...EVERY_SPAN, startNs, endNs }, unlimitedBudget))]).toEqual([
        seed,
        inRange.map(idOf),
      ])
      const { traceId } = spans[Math.floor(random() * spans.length)] as ContractSpan
      const ofTrace = names(reader.trace('default', hexBytes(traceId, 16) as Uint8Array, unlimitedBudget))
      expect([seed, ofTrace.sort()]).toEqual([
        seed,
        spans
          .filter((one) => one.traceId === traceId)
          .map(idOf)
          .sort(),
      ])
    }
  })
}
