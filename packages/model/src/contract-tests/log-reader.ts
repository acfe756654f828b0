import { expect, test } from 'vitest'
import type { AnyValue } from '../attributes.ts'
import { valueText } from '../attributes.ts'
import { FaultError } from '../fault.ts'
import { hexBytes } from '../ids.ts'
import { formatLabels, labelValue } from '../labels.ts'
import type { LogBatch } from '../log-batch.ts'
import type { LogReader, LogScan } from '../log-reader.ts'
import type { Matcher } from '../matcher.ts'
import { NO_ORIGIN, type Origin, streamLabels } from '../origin.ts'
import { seededRandom, testSeed } from '../testing/random.ts'
import { unlimitedBudget } from '../testing/unlimited-budget.ts'
import { type ContractLogRow, logBatchOf, logRowsOf, wholeLogRow } from './record-batches.ts'

/** Opens a reader over batches, which came in this order. */
export type OpenLogReader = (
  batches: readonly { readonly tenant: string; readonly batch: LogBatch }[],
) => LogReader | Promise<LogReader>

const BASE_NS = 1_700_000_000_000_000_000n
const SECOND_NS = 1_000_000_000n
const ALL = { startNs: 0n, endNs: 2n ** 62n }
const EVERY_ROW: LogScan = { ...ALL, matchers: [], lineFilters: [], direction: 'forward' }

function text(value: string): AnyValue {
  return { kind: 'string', value }
}

function origin(service: string, host = ''): Origin {
  const resource = [{ key: 'service.name', value: text(service) }]
  if (host !== '') resource.push({ key: 'host.name', value: text(host) })
  return { ...NO_ORIGIN, resource }
}

const SHOP = origin('shop', 'a')
const CART: Origin = { ...origin('cart'), scopeName: 'lib', scopeVersion: '1.2', resourceDroppedCount: 3 }
const LOKI: Origin = { ...NO_ORIGIN, kind: 'labels', resource: [{ key: 'app', value: text('edge') }] }

function dataSet(): ContractLogRow[] {
  const at = (seconds: number): bigint => BASE_NS + BigInt(seconds) * SECOND_NS
  return [
    { timeNs: at(3), body: 'order 17 paid', origin: SHOP, severity: 9, severityText: 'INFO' },
    { timeNs: at(1), body: 'order 17 placed', origin: SHOP, traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) },
    { timeNs: at(2), body: 'cart of ünïcode 17', origin: CART, severity: 17, severityText: 'ERROR', flags: 1 },
    { timeNs: at(2), body: 'cart again', origin: CART, severity: 17, severityText: 'ERROR', eventName: 'again' },
    { timeNs: at(4), origin: CART, attributes: [{ key: 'user', value: text('u-1') }], droppedAttributes: 2 },
    { timeNs: at(5), body: { kind: 'map', entries: [{ key: 'msg', value: text('struct 17') }] }, origin: LOKI },
    { timeNs: at(6), body: 'GET /', origin: LOKI, observedTimeNs: at(7), traceId: 'ab'.repeat(16) },
    { timeNs: at(3), body: 'order 18 paid', origin: SHOP },
  ]
}

function lines(reader: LogReader, scan: Partial<LogScan>, tenant = 'default'): string[] {
  const found: string[] = []
  for (const block of reader.scan(tenant, { ...EVERY_ROW, ...scan }, unlimitedBudget)) {
    for (const { body } of logRowsOf(block)) found.push(typeof body === 'string' ? body : valueText(body))
  }
  return found
}

function filter(line: string, isWanted = true): LogScan['lineFilters'] {
  return [{ text: line, isWanted }]
}

const IN_ORDER = [
  'order 17 placed',
  'cart of ünïcode 17',
  'cart again',
  'order 17 paid',
  'order 18 paid',
  '',
  '{"msg":"struct 17"}',
  'GET /',
]

function streamMatcher(line: string): Matcher {
  const [, name, op, value] = /^(\w+)(=~|!~|!=|=)(.*)$/.exec(line) as RegExpExecArray
  return { name: name as string, op: op as Matcher['op'], value: value as string }
}

/** The promises of `LogReader`, the same for every implementation. Call inside a test file. */
export function logReaderContract(implementation: string, open: OpenLogReader): void {
  const openData = () => open([{ tenant: 'default', batch: logBatchOf(dataSet()) }])
  scanContract(implementation, openData)
  summaryContract(implementation, openData)
  cutsContract(implementation, open)
  randomContract(implementation, open)
}

type OpenData = () => LogReader | Promise<LogReader>

function scanContract(implementation: string, openData: OpenData): void {
  test(`${implementation}: rows come in the order of time, equal times as they arrived, backward reversed`, async () => {
    const reader = await openData()
    expect(lines(reader, {})).toEqual(IN_ORDER)
    expect(lines(reader, { direction: 'backward' })).toEqual([...IN_ORDER].reverse())
    expect(lines(reader, {}, 'nobody')).toEqual([])
  })

  test(`${implementation}: ranges are half open; filters of streams, lines and ids hold exactly`, async () => {
    const reader = await openData()
    const check = (scan: Partial<LogScan>, want: readonly number[]): void => {
      expect([scan, lines(reader, scan)]).toEqual([scan, want.map((i) => IN_ORDER[i])])
    }
    const second = (n: number): bigint => BASE_NS + BigInt(n) * SECOND_NS
    check({ startNs: second(2), endNs: second(3) }, [1, 2])
    check({ startNs: second(2) + 1n, endNs: second(3) + 1n }, [3, 4])
    check({ startNs: second(3), endNs: second(3) }, [])
    check({ matchers: [streamMatcher('service_name=cart')] }, [1, 2, 5])
    check({ matchers: [streamMatcher('service_name=~shop|cart')] }, [0, 1, 2, 3, 4, 5])
    check({ matchers: [streamMatcher('app=edge')] }, [6, 7])
    check({ matchers: [streamMatcher('app!=edge'), streamMatcher('service_name!~c.*')] }, [0, 3, 4])
    check({ matchers: [streamMatcher('host_name=a')] }, [])
    check({ lineFilters: filter('17') }, [0, 1, 3, 6])
    check({ lineFilters: filter('17', false) }, [2, 4, 5, 7])
    check({ lineFilters: [...filter('order'), ...filter('paid', false)] }, [0])
    check({ lineFilters: filter('ïc') }, [1])
    check({ lineFilters: filter('ORDER') }, [])
    check({ lineFilters: filter('placedcart') }, [])
    check({ lineFilters: filter('"msg":"str') }, [6])
    check({ lineFilters: filter('') }, [0, 1, 2, 3, 4, 5, 6, 7])
    check({ lineFilters: filter('', false) }, [])
    const matching = (pattern: string, isWanted = true) => [{ text: pattern, isWanted, isPattern: true }]
    check({ lineFilters: matching('order 1[78] p(aid|laced)') }, [0, 3, 4])
    check({ lineFilters: matching('^(?i)ORDER.*d$', false) }, [1, 2, 5, 6, 7])
    check({ lineFilters: matching('t of .n.c') }, [1])
    check({ lineFilters: matching('^$') }, [5])
    check({ lineFilters: [...matching('[0-9]+'), ...filter('paid')] }, [3, 4])
    expect(() => lines(reader, { lineFilters: matching('(') })).toThrow(FaultError)
    check({ traceId: hexBytes('ab'.repeat(16), 16) }, [0, 7])
    check({ traceId: hexBytes('ab'.repeat(16), 16), spanId: hexBytes('cd'.repeat(8), 8) }, [0])
    check({ traceId: hexBytes('ac'.repeat(16), 16) }, [])
    expect(() => lines(reader, { matchers: [streamMatcher('app=~(')] })).toThrow(FaultError)
  })

  test(`${implementation}: every field of a row comes back, with its origin and stream`, async () => {
    const reader = await openData()
    const found: Required<ContractLogRow>[] = []
    for (const block of reader.scan('default', EVERY_ROW, unlimitedBudget)) {
      found.push(...logRowsOf(block))
      for (const row of block.rows) {
        const place = block.columns.origins[row] as number
        expect(block.streams[place]).toEqual(streamLabels(block.origins[place] as Origin))
      }
    }
    const want = dataSet().map(wholeLogRow)
    expect(found).toEqual(want.toSorted((a, b) => Number(a.timeNs - b.timeNs)))
  })
}

function summaryContract(implementation: string, openData: OpenData): void {
  test(`${implementation}: streams by matcher sets and range; counts by step, label and severity`, async () => {
    const reader = await openData()
    const streams = (sets: readonly (readonly string[])[], range = ALL): string[] =>
      reader
        .streams(
          'default',
          sets.map((set) => set.map(streamMatcher)),
          range,
          unlimitedBudget,
        )
        .map(formatLabels)
    const [app, cart, shop] = ['{app="edge"}', '{service_name="cart"}', '{service_name="shop"}']
    expect(streams([])).toEqual([app, cart, shop])
    expect(streams([['service_name=cart'], ['app=edge']])).toEqual([app, cart])
    expect(streams([[]], { startNs: BASE_NS + SECOND_NS, endNs: BASE_NS + 2n * SECOND_NS })).toEqual([shop])

    const grid = { startNs: BASE_NS + 2n * SECOND_NS, stepNs: 2n * SECOND_NS, steps: 2 }
    const counts = (what: 'rows' | 'bytes', by: readonly string[], scan: Partial<LogScan> = {}) =>
      reader
        .count('default', { ...EVERY_ROW, ...scan }, what, by, grid, unlimitedBudget)
        .map(({ labels, values }) => [formatLabels(labels), [...values]])
        .sort()
    expect(counts('rows', [])).toEqual([['{}', [3, 3]]])
    expect(counts('rows', ['service_name'])).toEqual([
      [cart, [2, 1]],
      [shop, [1, 2]],
    ])
    expect(counts('bytes', ['service_name'], { lineFilters: filter('cart') })).toEqual([[cart, [30, 0]]])
    expect(counts('rows', ['service_name', 'severity'])).toEqual([
      ['{service_name="cart", severity="ERROR"}', [2, 0]],
      [cart, [0, 1]],
      ['{service_name="shop", severity="INFO"}', [0, 1]],
      [shop, [1, 1]],
    ])
  })
}

function cutsContract(implementation: string, open: OpenLogReader): void {
  test(`${implementation}: the runs between cuts hold every row of a range, each once`, async () => {
    const rows = Array.from({ length: 500 }, (_, i) => {
      return { timeNs: BASE_NS + BigInt(i % 90) * SECOND_NS, body: `row ${i}`, origin: SHOP }
    })
    const batches = [rows.slice(0, 200), rows.slice(200)].map((some) => ({
      tenant: 'default',
      batch: logBatchOf(some),
    }))
    const reader = await open(batches)
    for (const [startNs, endNs] of [
      [ALL.startNs, ALL.endNs],
      [BASE_NS + 3n * SECOND_NS, BASE_NS + 70n * SECOND_NS],
    ] as const) {
      const range = { startNs, endNs }
      const { rows, cutsNs } = reader.cuts('default', range, 4)
      const whole = lines(reader, range)
      expect(rows).toBeGreaterThanOrEqual(whole.length)
      expect(cutsNs.length).toBeLessThan(4)
      const edges = [startNs, ...cutsNs, endNs]
      expect(edges).toEqual(edges.toSorted((a, b) => (a < b ? -1 : 1)))
      const found = edges.slice(1).flatMap((end, i) => lines(reader, { startNs: edges[i] as bigint, endNs: end }))
      expect(found).toEqual(whole)
    }
  })
}

function randomContract(implementation: string, open: OpenLogReader): void {
  test(`${implementation}: any rows in any batches answer any scan as a plain filter does`, async () => {
    const seed = testSeed()
    const random = seededRandom(seed)
    for (let round = 0; round < 6; round++) {
      const rows = randomRows(random, 1 + Math.floor(random() * 9_000))
      const reader = await open(cut(rows, random).map((part) => ({ tenant: 'default', batch: logBatchOf(part) })))
      for (let scans = 0; scans < 8; scans++) {
        const scan = randomScan(random)
        const want = plainScan(rows, scan).map((row) => row.body)
        expect([seed, round, lines(reader, scan)]).toEqual([seed, round, want])
      }
    }
  })
}

function pick<T>(random: () => number, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T
}

const WORDS = ['error', 'timeout', 'after', '17 ms', 'cart', 'Ünï', '', 'x']

function randomRows(random: () => number, count: number): ContractLogRow[] {
  const spread = random() < 0.5 ? 50 : 1e9
  return Array.from({ length: count }, (_, i) => ({
    timeNs: BASE_NS + BigInt(i) * 1000n + BigInt(Math.floor(random() ** 8 * spread)) * (random() < 0.5 ? -1n : 1n),
    body: `${pick(random, WORDS)} ${pick(random, WORDS)} ${i}`,
    origin: pick(random, [SHOP, CART, LOKI]),
    ...(random() < 0.3 ? { traceId: pick(random, ['ab', 'cd', 'ef']).repeat(16) } : {}),
  }))
}

function cut<T>(rows: readonly T[], random: () => number): T[][] {
  const parts: T[][] = []
  for (let at = 0; at < rows.length; ) {
    const end = at + 1 + Math.floor(random() * 2_000)
    parts.push(rows.slice(at, end))
    at = end
  }
  return parts
}

function randomScan(random: () => number): LogScan {
  const start = Math.floor(random() * 9_000_000)
  const traceId = random() < 0.2 ? { traceId: hexBytes('cd'.repeat(16), 16) } : {}
  return {
    startNs: random() < 0.5 ? 0n : BASE_NS + BigInt(start),
    endNs: random() < 0.5 ? 2n ** 62n : BASE_NS + BigInt(start + 3_000_000),
    matchers: random() < 0.4 ? [{ name: 'service_name', op: pick(random, ['=', '!=']), value: 'cart' }] : [],
    lineFilters: random() < 0.5 ? [{ text: pick(random, WORDS), isWanted: random() < 0.7 }] : [],
    direction: pick(random, ['forward', 'backward']),
    ...traceId,
  }
}

function plainScan(rows: readonly ContractLogRow[], scan: LogScan): ContractLogRow[] {
  const holds = (row: ContractLogRow): boolean =>
    row.timeNs >= scan.startNs &&
    row.timeNs < scan.endNs &&
    scan.matchers.every((one) => (labelValue(streamLabels(row.origin), one.name) === one.value) === (one.op === '=')) &&
    scan.lineFilters.every((one) => (row.body as string).includes(one.text) === one.isWanted) &&
    (scan.traceId === undefined || row.traceId === 'cd'.repeat(16))
  const found = rows.filter(holds).toSorted((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0))
  return scan.direction === 'forward' ? found : found.reverse()
}
