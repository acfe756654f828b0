import type { ChangeEvent } from '@vantage/api/client'
import { describe, expect, test } from 'vitest'
import type { Red } from '../services/service-model.ts'
import { changePoint } from './change-point.ts'
import { findingText, findingWindow } from './finding-text.ts'
import { type FindingsInput, judge, type ServiceSteps, stepsByService } from './findings.ts'

const MINUTE = 60_000
const RANGE = { startMs: 60 * MINUTE, endMs: 120 * MINUTE }
const NAN = Number.NaN

describe('a line steps', () => {
  test.each([
    ['up', [1, 1, 1, 5, 5], 1, { index: 3, before: 1, after: 5 }],
    ['up, with noise', [1, 3, 2, 9, 7, 8], 1, { index: 3, before: 2, after: 8 }],
    ['down', [5, 5, 1], -1, { index: 2, before: 5, after: 1 }],
    ['across a gap', [1, NAN, NAN, 5], 1, { index: 3, before: 1, after: 5 }],
    ['down, where up is asked', [5, 5, 1], 1, undefined],
    ['nowhere', [2, 2, 2], 1, undefined],
    ['nowhere in one value', [2], 1, undefined],
    ['nowhere in none', [NAN], 1, undefined],
  ] as const)('%s', (_, values, direction, want) => {
    expect(changePoint(values, direction)).toEqual(want)
  })
})

const red = (rate: number, errorShare = 0, p95 = 0.1): Red => ({ rate, errorShare, p50: p95, p95, p99: p95 })

/** Minutes from 0 to 120; from minute `at` on the second behaviour. */
function stepsOf(at: number, first: Red, then: Red): ServiceSteps {
  const timesMs = Array.from({ length: 121 }, (_, i) => i * MINUTE)
  const of = (read: (one: Red) => number) => timesMs.map((_, i) => read(i < at ? first : then))
  return {
    timesMs,
    rate: of(({ rate }) => rate),
    errors: of(({ rate, errorShare }) => rate * errorShare),
    p95: of(({ p95 }) => p95),
  }
}

const deploy = (service: string, minute: number, title = `${service} 2`): ChangeEvent => {
  return { timeMs: minute * MINUTE, kind: 'deploy', service, title, fields: {} }
}

interface Case {
  readonly now: Red
  readonly before?: Red | undefined
  readonly steps?: ServiceSteps
  readonly events?: readonly ChangeEvent[]
}

function input(services: Readonly<Record<string, Case>>): FindingsInput {
  const entries = Object.entries(services)
  const mapOf = <T>(read: (one: Case) => T | undefined) =>
    new Map(entries.flatMap(([name, one]) => (read(one) === undefined ? [] : [[name, read(one) as T]])))
  return {
    range: RANGE,
    now: mapOf(({ now }) => now),
    before: mapOf(({ before }) => before),
    steps: mapOf(({ steps }) => steps),
    stepMs: MINUTE,
    events: entries.flatMap(([, { events = [] }]) => events).sort((a, b) => b.timeMs - a.timeMs),
  }
}

describe('a finding', () => {
  const kinds = (one: Case) => judge(input({ shop: one })).findings.map(({ kind, isCritical }) => [kind, isCritical])
  test.each<[string, Case, unknown]>([
    ['of nothing', { now: red(1), before: red(1) }, []],
    ['of a point more errors', { now: red(1, 0.02), before: red(1, 0.01) }, [['errors', false]]],
    ['of less', { now: red(1, 0.0199), before: red(1, 0.01) }, []],
    ['of errors in one of twenty', { now: red(1, 0.05), before: red(1, 0.01) }, [['errors', true]]],
    ['of as many errors as before', { now: red(1, 0.05), before: red(1, 0.05) }, [['errors', true]]],
    ['of four failed requests', { now: red(0.01, 0.11), before: red(0.01) }, []],
    ['of five in nineteen requests', { now: red(19 / 3600, 0.3), before: red(1) }, [['traffic', false]]],
    ['of p95 half as long again', { now: red(1, 0, 0.16), before: red(1) }, [['latency', false]]],
    ['of p95 9 ms longer', { now: red(1, 0, 0.018), before: red(1, 0, 0.009) }, []],
    ['of p95 three times as long', { now: red(1, 0, 0.31), before: red(1) }, [['latency', true]]],
    ['of p95 without enough before', { now: red(1, 0, 9), before: red(0.001) }, []],
    ['of half of the requests', { now: red(0.5), before: red(1) }, [['traffic', false]]],
    ['of none of many', { now: red(0, NAN, NAN), before: red(1) }, [['traffic', true]]],
    ['of none of a few', { now: red(0, NAN, NAN), before: red(0.02) }, []],
    ['of the worst of several', { now: red(0.5, 0.2, 9), before: red(1) }, [['errors', true]]],
  ])('%s', (_, one, want) => expect(kinds(one)).toEqual(want))

  test('names its start, the figures on both sides of it, and the deploy before', () => {
    const steps = stepsOf(97, red(1, 0.002), red(1, 0.09))
    const events = [deploy('shop', 95), deploy('shop', 70), deploy('other', 96), deploy('shop', 99)]
    const [finding] = judge(input({ shop: { now: red(1, 0.036), before: red(1, 0.002), steps, events } })).findings
    expect(finding).toMatchObject({ startMs: 96 * MINUTE, isCritical: true, isNew: true })
    expect(finding?.now).toBeCloseTo(0.09)
    expect(finding?.before).toBeCloseTo(0.002)
    expect(finding?.change).toEqual({ event: events[0], leadMs: MINUTE })
  })

  test.each([
    ['of another service, where its own has none', [deploy('db', 90)], 'db 2'],
    ['its own of the half hour', [deploy('shop', 67)], 'shop 2'],
    ['none that is older', [deploy('shop', 65), deploy('db', 85)], undefined],
    ['none that came later', [deploy('shop', 98)], undefined],
  ])('names a change: %s', (_, events, want) => {
    const steps = stepsOf(97, red(1), red(1, 0.2))
    const [finding] = judge(input({ shop: { now: red(1, 0.08), before: red(1), steps, events } })).findings
    expect(finding?.change?.event.title).toBe(want)
  })

  test('of a slow creep has no start, of requests that end has one', () => {
    const creep = stepsOf(0, red(1), red(1))
    const slow = judge(input({ shop: { now: red(1, 0, 0.2), before: red(1), steps: creep } })).findings[0]
    expect(slow?.startMs).toBeUndefined()
    const end = stepsOf(80, red(1), red(0, NAN, NAN))
    const gone = judge(input({ shop: { now: red(0.33), before: red(1), steps: end } })).findings[0]
    expect(gone).toMatchObject({ kind: 'traffic', isCritical: true, now: 0, before: 1, startMs: 79 * MINUTE })
  })
})

test('a service that has just begun is compared with its own first half, and lost no requests', () => {
  const silent = red(0, NAN, NAN)
  const steps = stepsOf(100, silent, red(1))
  const half = { ...steps, errors: steps.rate.map((rate, i) => (i >= 110 ? rate * 0.3 : 0)) }
  const young = judge(input({ shop: { now: red(0.3, 0.15), before: undefined, steps: half } }))
  expect(young).toMatchObject({ services: 1, compared: 1 })
  expect(young.findings[0]).toMatchObject({ kind: 'errors', isNew: true, startMs: 109 * MINUTE })
  const few = judge(input({ shop: { now: red(0.001), before: undefined, steps: stepsOf(119, silent, red(0.1)) } }))
  expect(few).toEqual({ findings: [], services: 1, compared: 0 })
  const brief = judge(input({ shop: { now: red(1), before: undefined, steps: stepsOf(112, silent, red(1)) } }))
  expect(brief.compared).toBe(0)
})

test('findings are ordered: critical, then errors, latency, requests, then by size', () => {
  const { findings } = judge(
    input({
      slower: { now: red(1, 0, 0.5), before: red(1) },
      slowest: { now: red(1, 0, 0.9), before: red(1) },
      slow: { now: red(1, 0, 0.2), before: red(1) },
      fewer: { now: red(0.4), before: red(1) },
      errors: { now: red(1, 0.03), before: red(1) },
      failing: { now: red(1, 0.3), before: red(1) },
      steady: { now: red(1, 0.5), before: red(1, 0.5) },
    }),
  )
  expect(findings.map(({ service }) => service)).toEqual([
    'failing',
    'steady',
    'slowest',
    'slower',
    'errors',
    'slow',
    'fewer',
  ])
})

describe('in words', () => {
  const textOf = (one: Case) => {
    const [finding] = judge(input({ shop: one })).findings
    return finding && Object.values(findingText(finding, RANGE, 'utc'))
  }
  test.each<[Case, readonly string[]]>([
    [
      {
        now: red(1, 0.05),
        before: red(1),
        steps: stepsOf(97, red(1, 0.002), red(1, 0.09)),
        events: [deploy('shop', 95)],
      },
      ['9\u202f% of requests to shop fail since 01:36', '0.2\u202f% before. Starts 1 min after the deploy: shop 2.'],
    ],
    [
      { now: red(1, 0, 0.3), before: red(1), steps: stepsOf(97, red(1), red(1, 0, 1.2)), events: [deploy('db', 96)] },
      ['p95 of shop is 12× as long since 01:36', '1.2\u202fs, 100\u202fms before. Starts with the deploy of db: db 2.'],
    ],
    [
      { now: red(0.25), before: red(1) },
      ['shop gets 75\u202f% fewer requests', '0.25\u202f/s, 1\u202f/s before. It grew without a step.'],
    ],
    [
      { now: red(1, 0.3), before: red(1, 0.3) },
      ['30\u202f% of requests to shop fail, as before', '30\u202f% before. '],
    ],
    [
      { now: red(0, NAN, NAN), before: red(1), steps: stepsOf(80, red(1), red(0, NAN, NAN)) },
      ['shop gets no requests since 01:19', '0, 1\u202f/s before. No change was reported shortly before.'],
    ],
    [{ now: red(1, 0.3) }, ['30\u202f% of requests to shop fail', 'There is no time before to compare with. ']],
  ])('%#', (one, want) => expect(textOf(one)).toEqual(want))

  test('the time that it opens begins a little before its start, and is not too short', () => {
    const finding = judge(input({ shop: { now: red(1, 0.3), before: red(1) } })).findings[0]!
    expect(findingWindow(finding, RANGE)).toEqual(RANGE)
    const from = (minute: number) => findingWindow({ ...finding, startMs: minute * MINUTE }, RANGE)
    expect(from(80)).toEqual({ startMs: 70 * MINUTE, endMs: RANGE.endMs })
    expect(from(119)).toEqual({ startMs: 115 * MINUTE, endMs: RANGE.endMs })
  })
})

test('lines of services are read onto one grid', () => {
  const line = (service: string, figure: string, times: readonly number[], values: readonly number[]) => {
    return { metric: { service, figure }, timesSeconds: Float64Array.from(times), values: Float64Array.from(values) }
  }
  const series = [line('a', 'rate', [1, 2, 3], [5, 6, 7]), line('a', 'errors', [3], [1]), line('b', 'other', [1], [1])]
  const answer = {
    data: { kind: 'matrix' as const, series, histogramSeries: 0 },
    warnings: [],
    infos: [],
    explain: undefined,
  }
  expect(stepsByService(answer)).toEqual(
    new Map([['a', { timesMs: [1_000, 2_000, 3_000], rate: [5, 6, 7], errors: [NAN, NAN, 1], p95: [NAN, NAN, NAN] }]]),
  )
  expect(stepsByService(undefined).size).toBe(0)
})
