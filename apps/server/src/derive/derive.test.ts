import { encodeAttributes, hexBytes, NO_ORIGIN, SpanBatch } from '@vantage/model'
import { expect, test } from 'vitest'
import { ServiceGraph } from './service-graph.ts'
import { SpanMetrics } from './span-metrics.ts'

interface Given {
  readonly service: string
  readonly name: string
  readonly kind: number
  readonly id: string
  readonly parent?: string
  readonly ms?: number
  readonly isFailed?: boolean
  readonly attributes?: Readonly<Record<string, string>>
}

const START_NS = 1_700_000_000_000_000_000n
const TRACE = 'a'.repeat(32)

function batchOf(spans: readonly Given[]): SpanBatch {
  const batch = new SpanBatch()
  const { columns } = batch
  const bytes: number[] = []
  const put = (part: Uint8Array): [number, number] => {
    const from = bytes.length
    bytes.push(...part)
    return [from, bytes.length]
  }
  for (const span of spans) {
    const row = batch.addRow(batch.addOrigin(0, 0))
    columns.traceIds.set(hexBytes(TRACE, 16) as Uint8Array, row * 16)
    columns.spanIds.set(hexBytes(span.id.padStart(16, '0'), 8) as Uint8Array, row * 8)
    if (span.parent !== undefined) {
      columns.parentSpanIds.set(hexBytes(span.parent.padStart(16, '0'), 8) as Uint8Array, row * 8)
    }
    columns.kinds[row] = span.kind
    columns.statusCodes[row] = span.isFailed === true ? 2 : 0
    columns.startTimes[row] = START_NS
    columns.endTimes[row] = START_NS + BigInt(span.ms ?? 10) * 1_000_000n
    columns.names.set(row, ...put(Buffer.from(span.name)))
    const pairs = Object.entries(span.attributes ?? {})
    const attributes = pairs.map(([key, value]) => ({ key, value: { kind: 'string' as const, value } }))
    columns.attributes.set(row, ...put(encodeAttributes(attributes)))
  }
  columns.names.bytes = columns.attributes.bytes = Uint8Array.from(bytes)
  batch.originOf = (origin) => {
    const value = { kind: 'string' as const, value: (spans[origin] as Given).service }
    return { ...NO_ORIGIN, resource: [{ key: 'service.name', value }] }
  }
  return batch
}

/** `name{labels} value` of the samples that are asked for. */
function textOf(series: ReturnType<SpanMetrics['series']>, names: RegExp): string[] {
  return series
    .map(({ labels, values }) => {
      const pairs = Array.from({ length: labels.length / 2 }, (_, i) => [labels[i * 2], labels[i * 2 + 1]] as const)
      const name = pairs.find(([key]) => key === '__name__')?.[1] ?? ''
      const rest = pairs.filter(([key]) => key !== '__name__').map(([key, value]) => `${key}=${value}`)
      return `${name}{${rest.join()}} ${values[0]}`
    })
    .filter((text) => names.test(text))
}

test('spans are counted by service, operation, kind and status', () => {
  const metrics = new SpanMetrics()
  const span = { service: 'shop', name: 'GET /', kind: 2, id: '1' }
  metrics.add(batchOf([span, { ...span, ms: 40 }, { ...span, isFailed: true }, { ...span, service: 'cart', kind: 3 }]))
  metrics.add(batchOf([span]))
  const labels = 'service=%,span_kind=SPAN_KIND_SERVER,span_name=GET /,status_code=STATUS_CODE_UNSET'
  const all = metrics.series(1)
  expect(textOf(all, /calls_total/)).toEqual([
    'traces_spanmetrics_calls_total{service=shop,span_kind=SPAN_KIND_SERVER,span_name=GET /,status_code=STATUS_CODE_UNSET} 3',
    'traces_spanmetrics_calls_total{service=shop,span_kind=SPAN_KIND_SERVER,span_name=GET /,status_code=STATUS_CODE_ERROR} 1',
    'traces_spanmetrics_calls_total{service=cart,span_kind=SPAN_KIND_CLIENT,span_name=GET /,status_code=STATUS_CODE_UNSET} 1',
  ])
  const shop = labels.replace('%', 'shop')
  const buckets = textOf(all, /latency_bucket.*service=shop.*UNSET/).map((text) =>
    text.replace(/\{.*le=([^,]*).*\}/, ' $1'),
  )
  expect(buckets.slice(2, 6)).toEqual([
    'traces_spanmetrics_latency_bucket 0.008 0',
    'traces_spanmetrics_latency_bucket 0.016 2',
    'traces_spanmetrics_latency_bucket 0.032 2',
    'traces_spanmetrics_latency_bucket 0.064 3',
  ])
  expect(textOf(all, /latency_(sum|count).*service=shop.*UNSET/)).toEqual([
    `traces_spanmetrics_latency_sum{${shop}} ${0.01 + 0.04 + 0.01}`,
    `traces_spanmetrics_latency_count{${shop}} 3`,
  ])
})

test('the slowest span since the last statement is its exemplar, once', () => {
  const metrics = new SpanMetrics()
  metrics.add(batchOf([{ service: 'shop', name: 'a', kind: 2, id: '1', ms: 100 }]))
  const exemplars = () => metrics.series(1).flatMap((one) => one.exemplars ?? [])
  const labels = ['span_id', '0000000000000001', 'trace_id', TRACE]
  expect(exemplars()).toEqual([{ labels, value: 0.1, timeMs: 1_700_000_000_100 }])
  expect(exemplars()).toEqual([])
})

test('calls between services: pairs in any order, failures, queues, databases', () => {
  const graph = new ServiceGraph(1)
  graph.add(batchOf([{ service: 'cart', name: 's', kind: 2, id: '2', parent: '1', isFailed: true }]), 0)
  graph.add(batchOf([{ service: 'shop', name: 'c', kind: 3, id: '1' }]), 1)
  graph.add(
    batchOf([
      { service: 'shop', name: 'p', kind: 4, id: '3' },
      { service: 'mail', name: 'k', kind: 5, id: '4', parent: '3' },
      { service: 'cart', name: 'q', kind: 3, id: '5', attributes: { 'db.system.name': 'redis' } },
      { service: 'cart', name: 'q', kind: 3, id: '6' },
      { service: 'cart', name: 'i', kind: 1, id: '7' },
    ]),
    1,
  )
  const early = textOf(graph.series(5_000), /request_total|failed_total/)
  expect(early).toEqual([
    'traces_service_graph_request_total{client=shop,server=cart} 1',
    'traces_service_graph_request_failed_total{client=shop,server=cart} 1',
    'traces_service_graph_request_total{client=shop,connection_type=messaging_system,server=mail} 1',
    'traces_service_graph_request_failed_total{client=shop,connection_type=messaging_system,server=mail} 0',
  ])
  // Nobody answers a database's client: after a while its own word is taken.
  const late = textOf(graph.series(20_000), /request_total.*redis/)
  expect(late).toEqual(['traces_service_graph_request_total{client=cart,connection_type=database,server=redis} 1'])
})
