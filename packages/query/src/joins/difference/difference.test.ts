import { type Attributes, type Clock, NO_ORIGIN } from '@vantage/model'
import { MemoryLogs, MemorySpans, seededRandom, testSeed, unlimitedBudget } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { TRACEQL_LIMITS } from '../../traceql/limits.ts'
import { type DifferenceRequest, type FoundDifference, findDifference } from './difference.ts'

const MS = 1_000_000n
const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0 }
const RANGE = { startNs: 1_000_000n * MS, endNs: 2_000_000n * MS }
const REQUEST: DifferenceRequest = {
  signal: 'spans',
  query: '{ name = "GET" && duration > 500ms }',
  scope: '',
  range: RANGE,
  baseline: 'rest',
  unit: 'trace',
  timeoutMs: 1_000,
}

function attributes(record: Readonly<Record<string, string | number>>): Attributes {
  return Object.entries(record).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { kind: 'string', value } : { kind: 'int', value: BigInt(value) },
  }))
}

function origin(record: Readonly<Record<string, string>>) {
  return { ...NO_ORIGIN, resource: attributes(record) }
}

/** Traces of a web service that asks a database; what differs is the caller's business. */
class Traces {
  readonly spans = new MemorySpans()
  #count = 0

  add(
    atMs: number,
    slow: boolean,
    web: Record<string, string | number>,
    database: Record<string, string>,
    version = '1',
  ): void {
    const n = ++this.#count
    const traceId = n.toString(16).padStart(32, '0')
    const startNs = BigInt(Math.round(atMs)) * MS
    const endNs = startNs + (slow ? 700n : 20n) * MS
    const id = (k: number) => (n * 10 + k).toString(16).padStart(16, '0')
    this.spans.append('t', {
      traceId,
      spanId: id(1),
      name: 'GET',
      kind: 'server',
      startNs,
      endNs,
      attributes: attributes(web),
      origin: origin({ 'service.name': 'web', 'service.version': version, 'service.instance.id': `web-${version}` }),
    })
    this.spans.append('t', {
      traceId,
      spanId: id(2),
      parentSpanId: id(1),
      name: 'SELECT',
      kind: 'client',
      startNs,
      endNs,
      attributes: attributes(database),
      origin: origin({ 'service.name': 'catalog' }),
    })
  }

  ask(request: Partial<DifferenceRequest> = {}): FoundDifference {
    const readers = { spans: this.spans, logs: new MemoryLogs() }
    const found = findDifference({ ...REQUEST, ...request }, 't', readers, unlimitedBudget, TRACEQL_LIMITS, clock)
    if (!found.ok) throw new Error(found.error.message)
    return found.value
  }
}

test('the replica that makes requests slow is named first, though another span of the trace has it', () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const traces = new Traces()
  for (let i = 0; i < 400; i++) {
    const replica = random() < 0.2 ? 'replica-2' : 'replica-1'
    const slow = replica === 'replica-2' && random() < 0.9
    const web = { user: `u${Math.floor(random() * 300)}`, zone: random() < 0.5 ? 'a' : 'b' }
    traces.add(1_000_000 + i * 1_000, slow, web, { 'db.instance.id': replica })
  }
  const { differences, selectedUnits, baselineUnits, cuts } = traces.ask()
  // Chance may give a zone some more of the slow ones, too: what is named first has all of them.
  const { attribute, value } = differences[0] ?? {}
  expect([seed, attribute, value]).toEqual([seed, 'span.db.instance.id', 'replica-2'])
  expect(differences[0]?.selectedShare).toBe(1)
  expect(differences[0]?.baselineShare).toBeLessThan(0.1)
  expect(selectedUnits + baselineUnits).toBe(400)
  expect(cuts).toEqual([])
})

test('by spans, only those that are selected themselves are looked at', () => {
  const traces = new Traces()
  for (let i = 0; i < 100; i++)
    traces.add(1_000_000 + i, i % 4 === 0, { zone: i % 4 === 0 ? 'a' : 'b' }, { replica: 'x' })
  const { differences } = traces.ask({ unit: 'span' })
  expect(differences.map(({ attribute, value }) => `${attribute}=${value}`)).toContain('span.zone=a')
  expect(differences.map(({ attribute }) => attribute)).not.toContain('span.replica')
})

test('a version is named before the instances that run it; numbers differ by ranges', () => {
  const traces = new Traces()
  for (let i = 0; i < 300; i++) {
    const bad = i >= 200
    traces.add(1_000_000 + i, bad, { bytes: bad ? 5_000 + i : i }, {}, bad ? '2' : '1')
  }
  const { differences } = traces.ask()
  expect(differences[0]).toMatchObject({ attribute: 'resource.service.version', value: '2' })
  expect(differences[0]?.same).toContainEqual({ attribute: 'resource.service.instance.id', value: 'web-2' })
  const ranges = differences.filter(({ attribute }) => attribute === 'span.bytes')
  expect(ranges.length).toBeGreaterThan(1)
  expect(ranges.every(({ range, baseline }) => (range?.from ?? 0) >= 5_000 && baseline === 0)).toBe(true)
})

test('the previous period: the same query over the time before', () => {
  const traces = new Traces()
  for (let i = 0; i < 200; i++) {
    const isNew = i >= 100
    traces.add(isNew ? 1_500_000 + i : 500_000 + i, false, { route: isNew && i % 2 === 0 ? '/new' : '/old' }, {})
  }
  const { differences, baselineRange, selectedUnits, baselineUnits } = traces.ask({
    query: '{ }',
    baseline: 'previous',
  })
  expect([selectedUnits, baselineUnits]).toEqual([100, 100])
  expect(baselineRange).toEqual({ startNs: 0n, endNs: RANGE.startNs })
  expect(differences.map(({ attribute, value }) => `${attribute}=${value}`)).toEqual(['span.route=/new'])
})

test('a moment against the time around it', () => {
  const traces = new Traces()
  for (let i = 0; i < 300; i++) {
    const route = i >= 100 && i < 200 && i % 2 === 0 ? '/new' : '/old'
    traces.add(1_000_000 + i * 1_000, false, { route }, {})
  }
  const around = { startNs: 1_000_000n * MS, endNs: 1_300_000n * MS }
  const { differences, baselineRange, selectedUnits, baselineUnits } = traces.ask({
    query: '{ name = "GET" }',
    range: { startNs: 1_100_000n * MS, endNs: 1_200_000n * MS },
    baseline: around,
  })
  expect([selectedUnits, baselineUnits, baselineRange]).toEqual([100, 200, around])
  expect(differences.map(({ attribute, value }) => `${attribute}=${value}`)).toEqual(['span.route=/new'])
})

test('a structural query and a scope', () => {
  const traces = new Traces()
  for (let i = 0; i < 200; i++) {
    traces.add(1_000_000 + i, i % 4 === 0, { route: i % 2 === 0 ? '/a' : '/b' }, { replica: i % 4 === 0 ? 'x' : 'y' })
  }
  const scope = '{ span.route = "/a" }'
  const query = '{ name = "GET" } > { duration > 500ms }'
  const { differences, selectedUnits, baselineUnits } = traces.ask({ query, scope })
  expect([selectedUnits, baselineUnits]).toEqual([50, 50])
  expect(differences.map(({ attribute, value }) => `${attribute}=${value}`)).toEqual(['span.replica=x'])
})

test('a value that comes late is found among many that come once', () => {
  const traces = new Traces()
  for (let i = 0; i < 3_000; i++) {
    const slow = i < 300
    traces.add(1_000_000 + i, slow, { path: slow && i % 2 === 0 ? '/hot' : `/p/${i}` }, {})
  }
  const { differences, cuts } = traces.ask()
  expect(differences[0]).toMatchObject({ attribute: 'span.path', value: '/hot' })
  expect(differences[0]?.selected).toBeGreaterThan(145)
  expect(cuts).toMatchObject([{ section: 'values', limit: 'entriesMax' }])
})

test('what chance made is not named', () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  let named = 0
  for (let round = 0; round < 20; round++) {
    const traces = new Traces()
    for (let i = 0; i < 100; i++) {
      const web = Object.fromEntries(Array.from({ length: 10 }, (_, k) => [`k${k}`, `v${Math.floor(random() * 5)}`]))
      traces.add(1_000_000 + i, random() < 0.3, web, {})
    }
    named += traces.ask().differences.length
  }
  // 1,000 values were compared; of all rounds, one in a hundred may name one.
  expect([seed, named <= 2]).toEqual([seed, true])
})

test('rows of logs: a filtered query against the other lines of its streams', () => {
  const logs = new MemoryLogs()
  for (let i = 0; i < 200; i++) {
    const failed = i % 5 === 0
    logs.append('t', {
      timeNs: RANGE.startNs + BigInt(i),
      origin: origin({ 'service.name': i % 2 === 0 ? 'web' : 'shop' }),
      body: `{"msg":"${failed ? 'declined' : 'ok'}","provider":"${failed ? 'acme' : 'bank'}"}`,
      attributes: attributes({ took: i }),
    })
  }
  const request: DifferenceRequest = {
    ...REQUEST,
    signal: 'logs',
    query: '{service_name="web"} | json | msg="declined"',
  }
  const readers = { logs, spans: new MemorySpans() }
  const found = findDifference(request, 't', readers, unlimitedBudget, TRACEQL_LIMITS, clock)
  if (!found.ok) throw new Error(found.error.message)
  expect([found.value.selectedUnits, found.value.baselineUnits]).toEqual([20, 80])
  expect(found.value.differences.map(({ attribute, value }) => `${attribute}=${value}`)).toEqual(['provider=acme'])
})

test('a query that cannot be one is refused', () => {
  const readers = { logs: new MemoryLogs(), spans: new MemorySpans() }
  const codeOf = (request: Partial<DifferenceRequest>): string => {
    const found = findDifference({ ...REQUEST, ...request }, 't', readers, unlimitedBudget, TRACEQL_LIMITS, clock)
    return found.ok ? 'ok' : found.error.message
  }
  expect(codeOf({ query: '{ } | rate()' })).toBe('TraceQL: want a query that selects spans, got one that makes series')
  expect(codeOf({ query: '{ name = }' })).toContain('want an attribute')
  expect(codeOf({ signal: 'logs', query: 'rate({a="b"}[1m])' })).toBe('LogQL: want a log query, got a metric query')
  expect(codeOf({})).toBe('ok')
})
