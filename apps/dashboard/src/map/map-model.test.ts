import type { QueryAnswer } from '@vantage/api/client'
import { describe, expect, test } from 'vitest'
import { callTraces } from './call-traces.ts'
import { filteredMap, groupedMap, type MapFilter, type ServiceMap, serviceMapOf, within } from './map-model.ts'
import { foundNodes, mapSummary, nodeSentence, sceneOf } from './map-scene.ts'
import { mapChange, readMapState } from './map-url.ts'
import { MOMENTS, momentIn, momentRange } from './moment.ts'

type Row = readonly [labels: string, figure: string, value: number]

/** Labels as `client server connection client-namespace server-namespace`; `-` for none. */
function callsOf(...rows: readonly Row[]): QueryAnswer {
  return answerOf(rows, ['client', 'server', 'connection_type', 'client_service_namespace', 'server_service_namespace'])
}

const servicesOf = (...rows: readonly Row[]) => answerOf(rows, ['service'])

function answerOf(rows: readonly Row[], names: readonly string[]): QueryAnswer {
  const samples = rows.map(([labels, figure, value]) => {
    const values = labels.split(' ')
    const metric = Object.fromEntries(names.map((name, i) => [name, values[i] === '-' ? '' : (values[i] ?? '')]))
    return { metric: { ...metric, figure }, value, timeSeconds: 1 }
  })
  return { data: { kind: 'vector', samples, histogramSeries: 0 }, warnings: [], infos: [], explain: undefined }
}

function mapOf(calls: QueryAnswer, services: QueryAnswer, before?: QueryAnswer): ServiceMap {
  return serviceMapOf({
    services,
    servicesBefore: servicesOf(),
    calls,
    callsBefore: before,
    namespaces: answerOf([['web', '', 1]], ['service']),
  })
}

const SHOP = mapOf(
  callsOf(
    ['web shop - front back', 'rate', 10],
    ['web shop - front back', 'errors', 1],
    ['web shop - front back', 'p95', 0.2],
    ['shop db database back -', 'rate', 4],
    ['shop db database back -', 'p95', 0.05],
    ['cart db database back -', 'rate', 6],
    ['- db - - -', 'served', 0.04],
  ),
  servicesOf(
    ['web', 'rate', 10],
    ['shop', 'rate', 10],
    ['shop', 'errors', 1],
    ['shop', 'p95', 0.3],
    ['cart', 'rate', 2],
  ),
  callsOf(['shop db database back -', 'rate', 4], ['shop db database back -', 'p95', 0.01]),
)

test('services and calls become nodes and edges; who sends no spans is known by its callers', () => {
  expect(
    SHOP.nodes.map(({ id, kind, namespace, connection, state }) => [id, kind, namespace, connection, state]),
  ).toEqual([
    ['cart', 'service', 'back', '', 'healthy'],
    ['db', 'virtual', '', 'database', 'healthy'],
    ['shop', 'service', 'back', '', 'failing'],
    ['web', 'service', 'front', '', 'healthy'],
  ])
  expect(SHOP.nodes[1]?.now).toMatchObject({ rate: 10, errorShare: 0, p95: 0.04 })
  expect(SHOP.edges.map(({ from, to, state }) => [from, to, state])).toEqual([
    ['web', 'shop', 'failing'],
    ['shop', 'db', 'degraded'],
    ['cart', 'db', 'healthy'],
  ])
  expect(serviceMapOf({ ...NOTHING }).nodes).toEqual([])
})

const NOTHING = {
  services: undefined,
  servicesBefore: undefined,
  calls: undefined,
  callsBefore: undefined,
  namespaces: undefined,
}

test('calls that differ in other labels only are one', () => {
  const { edges } = mapOf(
    callsOf(['a b - x -', 'rate', 1], ['a b - y -', 'rate', 2], ['a b - x -', 'p95', 3], ['a b - y -', 'p95', 1]),
    servicesOf(),
  )
  expect(edges).toHaveLength(1)
  expect(edges[0]?.now).toMatchObject({ rate: 3, p95: 3 })
})

describe('grouped by namespace', () => {
  test('services of a namespace are one node, as bad as the worst, asked for what enters it', () => {
    const grouped = groupedMap(SHOP, [])
    expect(grouped.nodes.map(({ id, members, state }) => [id, members, state])).toEqual([
      ['group:back', 2, 'failing'],
      ['db', 1, 'healthy'],
      ['group:front', 1, 'healthy'],
    ])
    expect(grouped.nodes[0]?.now).toMatchObject({ rate: 12, errorShare: 1 / 12 })
    expect(grouped.edges.map(({ from, to, now }) => [from, to, now.rate])).toEqual([
      ['group:front', 'group:back', 10],
      ['group:back', 'db', 10],
    ])
  })
  test('an open one shows its services', () => {
    expect(groupedMap(SHOP, ['back']).nodes.map(({ id }) => id)).toEqual(['cart', 'db', 'shop', 'group:front'])
  })
})

describe('filters', () => {
  const filter: MapFilter = { isErrorsOnly: false, rateMin: 0, selected: undefined, hops: undefined }
  const idsOf = (more: Partial<MapFilter>) => {
    const { nodes, edges } = filteredMap(SHOP, { ...filter, ...more })
    return [nodes.map(({ id }) => id).join(' '), edges.map(({ from, to }) => `${from}>${to}`).join(' ')]
  }
  test.each<[string, Partial<MapFilter>, readonly string[]]>([
    ['none', {}, ['cart db shop web', 'web>shop shop>db cart>db']],
    ['errors only, with their callers', { isErrorsOnly: true }, ['db shop web', 'web>shop shop>db']],
    ['a rate: calls below are gone', { rateMin: 5 }, ['cart db shop web', 'web>shop cart>db']],
    ['a rate: services below are gone', { rateMin: 7 }, ['db shop web', 'web>shop']],
    ['hops from what is selected', { selected: 'web', hops: 1 }, ['shop web', 'web>shop']],
    ['two of them', { selected: 'web', hops: 2 }, ['db shop web', 'web>shop shop>db']],
    ['what is selected stays', { selected: 'cart', rateMin: 100 }, ['cart', '']],
  ])('%s', (_, more, want) => expect(idsOf(more)).toEqual(want))
  test('hops go both ways', () => expect([...within(SHOP.edges, 'db', 1)].sort()).toEqual(['cart', 'db', 'shop']))
})

describe('the scene', () => {
  const places = new Map(['web', 'shop', 'db', 'cart'].map((id, column) => [id, { column, row: 0 }]))
  const input = { map: SHOP, places, selected: undefined, focused: undefined, find: '' }
  const dimmed = (more: object) =>
    sceneOf({ ...input, ...more }).nodes.flatMap(({ id, isDimmed }) => (isDimmed ? [id] : []))

  test('what is selected dims all but its neighbours and its own calls', () => {
    expect(dimmed({ selected: 'web' })).toEqual(['cart', 'db'])
    expect(sceneOf({ ...input, selected: 'web' }).arrows.map(({ isDimmed }) => isDimmed)).toEqual([false, true, true])
  })
  test('what is looked for dims the others', () => {
    expect(dimmed({ find: 'SHO' })).toEqual(['cart', 'db', 'web'])
    expect(foundNodes(SHOP.nodes, ' ')).toBe(SHOP.nodes)
  })
  test('says figures in words', () => {
    expect(sceneOf(input).nodes.map(({ figures }) => figures)).toContain('10\u202f/s · 10\u202f% errors')
    expect(nodeSentence(SHOP.nodes[2]!)).toBe('shop, failing, 10\u202f/s, 10\u202f% errors, p95 300\u202fms')
    expect(mapSummary(SHOP)).toBe('Service map: 4 services, 3 calls; shop failing')
    expect(mapSummary({ nodes: [], edges: [] })).toContain('none of them failing')
  })
  test('a node without a place is not drawn yet', () => {
    expect(sceneOf({ ...input, places: new Map() }).nodes).toEqual([])
  })
})

test('a call leads to its traces; to who sends no spans, to those of its caller', () => {
  expect(callTraces(SHOP.edges[0]!, SHOP.nodes)).toBe(
    '{ resource.service.name = "web" } >> { resource.service.name = "shop" }',
  )
  expect(callTraces(SHOP.edges[1]!, SHOP.nodes)).toBe('{ resource.service.name = "shop" && kind = client }')
  const grouped = groupedMap(SHOP, [])
  expect(callTraces(grouped.edges[0]!, grouped.nodes)).toBeUndefined()
})

test('moments are the parts of a time, one behind the other', () => {
  const range = { startMs: 1_000, endMs: 13_000 }
  expect(momentRange(range, 1)).toEqual({ startMs: 1_000, endMs: 2_000 })
  expect(momentRange(range, MOMENTS)).toEqual({ startMs: 12_000, endMs: 13_000 })
  expect(momentRange(range, undefined)).toEqual(range)
  expect(['1', '12', '0', '13', '1.5', 'x', null].map(momentIn)).toEqual([1, 12, ...new Array(5).fill(undefined)])
})

test('the state is in the URL and comes back', () => {
  const text = 'node=a&errors=1&hops=2&min=0.5&find=x&group=none&open=b&open=c&view=table&zoom=1.5&moment=3'
  const state = readMapState(new URLSearchParams(text))
  expect(state).toEqual({
    selected: 'a',
    isErrorsOnly: true,
    hops: '2',
    rateMin: 0.5,
    find: 'x',
    isGrouped: false,
    open: ['b', 'c'],
    view: 'table',
    zoom: 1.5,
    moment: 3,
  })
  const written = new URLSearchParams()
  for (const [name, value] of Object.entries(mapChange(state)))
    for (const one of [value].flat()) written.append(name, one ?? '')
  expect(written.toString()).toBe(text)
  expect(readMapState(new URLSearchParams('hops=9&min=-1&group=x&view=y&zoom=99&moment=13'))).toEqual(
    readMapState(new URLSearchParams()),
  )
})
