import { type Attributes, NO_ORIGIN, type NsRange } from '@vantage/model'
import { MemorySpans, type SpanRecord, unlimitedBudget } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { OperationCounter } from './red.ts'
import { serviceGraph } from './service-graph.ts'

const T = 'default'
const S = 1_000_000_000n
const ALL: NsRange = { startNs: 0n, endNs: 1_000n * S }

function text(record: Readonly<Record<string, string>>): Attributes {
  return Object.entries(record).map(([key, value]) => ({ key, value: { kind: 'string', value } }))
}

/** Span `n` of trace 1, below `parent`, of a service. */
function span(
  n: number,
  parent: number,
  service: string,
  kind: SpanRecord['kind'],
  more: Partial<SpanRecord> = {},
): SpanRecord {
  return {
    traceId: '1'.padStart(32, '0'),
    spanId: n.toString(16).padStart(16, '0'),
    ...(parent === 0 ? {} : { parentSpanId: parent.toString(16).padStart(16, '0') }),
    ...(kind === undefined ? {} : { kind }),
    startNs: BigInt(n) * S,
    endNs: BigInt(n + 1) * S,
    origin: { ...NO_ORIGIN, resource: text({ 'service.name': service }) },
    ...more,
  }
}

function blocks(spans: readonly SpanRecord[], direction: 'forward' | 'backward' = 'forward') {
  const memory = new MemorySpans()
  for (const one of spans) memory.append(T, one)
  return memory.scan(T, { ...ALL, conditions: [], isAll: true, direction }, unlimitedBudget)
}

const CALLS: readonly SpanRecord[] = [
  span(1, 0, 'web', 'server'),
  span(2, 1, 'web', 'client', { endNs: 5n * S }),
  span(3, 2, 'shop', 'server', { status: 'error' }),
  span(4, 3, 'shop', 'client', { attributes: text({ 'db.system.name': 'postgresql', 'db.namespace': 'orders' }) }),
  span(5, 3, 'shop', 'client', { attributes: text({ 'server.address': 'api.example' }), status: 'error' }),
  span(6, 3, 'shop', 'client'),
  span(7, 3, 'shop', 'producer', { attributes: text({ 'messaging.system': 'kafka' }) }),
  span(8, 7, 'mail', 'consumer'),
  span(9, 7, 'audit', 'consumer'),
  span(10, 3, 'shop', 'producer', { attributes: text({ 'messaging.destination.name': 'dead' }) }),
  span(11, 99, 'lost', 'server'),
  span(12, 3, 'shop', 'internal'),
]

test.each(['forward', 'backward'] as const)('edges of a graph, spans read %s', (direction) => {
  const edges = serviceGraph(blocks(CALLS, direction), unlimitedBudget)
  expect(
    edges.map(
      ({ client, server, connection, calls, failed }) => `${client} > ${server} ${connection} ${calls} ${failed}`,
    ),
  ).toEqual([
    'shop > api.example external 1 1',
    'shop > audit messaging 1 0',
    'shop > dead messaging 1 0',
    'shop > mail messaging 1 0',
    'shop > orders database 1 0',
    'web > shop call 1 1',
  ])
  const call = edges.at(-1)
  expect([call?.clientSeconds.sum, call?.serverSeconds.sum]).toEqual([3, 1])
  expect(edges[0]?.serverSeconds.sum).toBeNaN()
})

test('a server that shares the id of its client belongs to it', () => {
  const shared = [
    span(1, 0, 'a', 'server'),
    span(2, 1, 'a', 'client'),
    { ...span(2, 1, 'b', 'server'), startNs: 3n * S },
  ]
  const edges = serviceGraph(blocks(shared), unlimitedBudget)
  expect(edges.map(({ client, server }) => `${client} > ${server}`)).toEqual(['a > b'])
})

test('figures by service, operation, kind and status', () => {
  const spans = [
    span(1, 0, 'a', 'server', { name: 'GET' }),
    span(2, 0, 'a', 'server', { name: 'GET', endNs: 5n * S }),
    span(3, 0, 'a', 'server', { name: 'GET', status: 'error' }),
    span(4, 0, 'b', 'client', { name: 'GET' }),
  ]
  const counter = new OperationCounter()
  for (const block of blocks(spans)) counter.add(block)
  const figures = counter.finish()
  expect(
    figures.map(({ service, operation, kind, status, calls }) => `${service} ${operation} ${kind} ${status} ${calls}`),
  ).toEqual(['a GET server unset 2', 'a GET server error 1', 'b GET client unset 1'])
  const { sum, p50, p99 } = figures[0]?.seconds ?? { sum: 0, p50: 0, p99: 0 }
  expect(sum).toBe(4)
  expect(Math.abs(p50 - 1)).toBeLessThan(0.02)
  expect(p99).toBeLessThanOrEqual(3.04)
})
