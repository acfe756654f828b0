import type { QueryAnswer } from '@vantage/api/client'
import { describe, expect, test } from 'vitest'
import { type HostNow, hostRows, hostState, namesOfHost, processRows, sortedHosts } from './host-model.ts'
import { hostFiguresQuery, hostLines, hostSpans, processesQuery } from './host-queries.ts'

const none = { warnings: [], infos: [], explain: undefined }
const vector = (...samples: readonly [Record<string, string>, number][]): QueryAnswer => ({
  ...none,
  data: {
    kind: 'vector',
    histogramSeries: 0,
    samples: samples.map(([metric, value]) => ({ metric, value, timeSeconds: 1 })),
  },
})
const figure = (instance: string, name: string, value: number) => [{ instance, figure: name }, value] as const
const UNKNOWN: HostNow = {
  cpu: NaN,
  memory: NaN,
  disk: NaN,
  load: NaN,
  received: NaN,
  sent: NaN,
  cores: NaN,
  uptime: NaN,
}

describe('a host is', () => {
  test.each<[string, Partial<HostNow>, string]>([
    ['silent without figures', {}, 'silent'],
    ['fine with little used', { cpu: 0.5, memory: 0.5, disk: 0.5 }, 'fine'],
    ['strained with a full processor', { cpu: 0.96, memory: 0.1 }, 'strained'],
    ['strained with full memory', { cpu: 0, memory: 0.95 }, 'strained'],
    ['strained with a full disk', { cpu: 0, disk: 0.9 }, 'strained'],
    ['fine where it says little', { cores: 4 }, 'fine'],
  ])('%s', (_, now, want) => {
    expect(hostState({ ...UNKNOWN, ...now })).toBe(want)
  })
})

test('hosts have figures, what they say of themselves, and a line; those that went away are silent', () => {
  const line = (instance: string) => ({
    metric: { instance },
    timesSeconds: Float64Array.of(1),
    values: Float64Array.of(0.4),
  })
  const rows = hostRows({
    now: vector([...figure('a:9100', 'cpu', 0.2)], [...figure('a:9100', 'memory', 0.5)], [...figure('a:9100', 'x', 9)]),
    trend: { ...none, data: { kind: 'matrix', histogramSeries: 0, series: [line('a:9100'), line('gone')] } },
    facts: vector([
      { instance: 'a:9100', sysname: 'Linux', release: '6.1.0-13-amd64', machine: 'x86_64', nodename: 'alpha' },
      1,
    ]),
    range: { startMs: 1_000, endMs: 2_000 },
  })
  expect(rows).toEqual([
    {
      name: 'a:9100',
      system: 'Linux 6.1.0 x86_64',
      nodename: 'alpha',
      now: { ...UNKNOWN, cpu: 0.2, memory: 0.5 },
      state: 'fine',
      trend: [0.4],
    },
    expect.objectContaining({ name: 'gone', state: 'silent', now: UNKNOWN, system: '' }),
  ])
  expect(sortedHosts(rows, 'state').map(({ name }) => name)).toEqual(['gone', 'a:9100'])
  expect(sortedHosts(rows, 'cpu').map(({ name }) => name)).toEqual(['a:9100', 'gone'])
  expect(sortedHosts(rows, 'name').map(({ name }) => name)).toEqual(['a:9100', 'gone'])
})

test.each([
  ['web-1', '', ['web-1']],
  ['10.0.0.5:9100', 'web-1', ['10.0.0.5:9100', '10.0.0.5', 'web-1']],
  ['web-1', 'web-1', ['web-1']],
])('%s, which calls itself "%s", is known as %j', (name, nodename, want) => {
  expect(namesOfHost(name, nodename)).toEqual(want)
})

test('processes by what they use, under the best name that they have', () => {
  const own = { job: 'j', instance: 'h', service_name: 'shop' }
  const other = { job: 'node', instance: 'h', process_executable_name: 'postgres', process_pid: '7' }
  const rows = processRows(
    vector(
      [{ ...own, figure: 'cpu' }, 0.1],
      [{ ...own, figure: 'memory' }, 100],
      [{ ...other, figure: 'cpu' }, 0.5],
      [{ job: 'j', instance: 'i', figure: 'memory' }, 5],
    ),
  )
  expect(rows.map(({ name, detail, service, now: { cpu, memory } }) => [name, detail, service, cpu, memory])).toEqual([
    ['postgres', 'h · 7', '', 0.5, NaN],
    ['shop', 'h', 'shop', 0.1, 100],
    ['j', 'i', '', NaN, 5],
  ])
})

test('names of hosts stay names in every language', () => {
  const names = ['a.b', 'c"d']
  expect(hostSpans(names)).toBe(String.raw`{ resource.host.name =~ "a\\.b|c\"d" }`)
  expect(hostLines(['x'])).toBe('{service_name=~".+"} | host_name=~"x"')
  expect(hostFiguresQuery(60_000, names)).toContain(String.raw`node_load1{instance=~"a\\.b|c\"d"}`)
  expect(hostFiguresQuery(60_000)).toContain('rate(node_network_receive_bytes_total{device!="lo"}[60s])')
  expect(processesQuery(['x'], 60_000)).toContain('instance=~"(x)(:[0-9]+)?"')
})
