import {
  DEFAULT_TENANT,
  FaultError,
  fault,
  type LogReader,
  NO_ORIGIN,
  type Origin,
  type QueryBudget,
  systemClock,
} from '@vantage/model'
import { MemoryLogs, testSeed, unlimitedBudget } from '@vantage/model/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evaluateLogql, type LogqlRequest } from './query.ts'

const seed = testSeed()
const BASE_NS = 1_700_000_000_000_000_000n
const SECOND_NS = 1_000_000_000n

const LINES = [
  'level=info msg="a b" took=20ms n=1',
  'level=error msg=bad took=x n=2 n=3',
  '{"level":"warn","n":4,"a":{"b":"c"},"took":"1s"}',
  '{"level":"warn"',
  'plain text 10.0.0.1 /x',
  '',
  'é 世界 took=3s',
]

interface Loaded {
  readonly severity: number
  readonly app: string
  readonly second: number
  readonly line: string
  readonly pod: string
}

function originOf(app: string): Origin {
  const resource = { app, env: 'e' }
  const attributes = Object.entries(resource).map(([key, value]) => ({
    key,
    value: { kind: 'string', value } as const,
  }))
  return { ...NO_ORIGIN, resource: attributes, kind: 'labels' }
}
const ORIGIN_A = originOf('a')
const ORIGIN_B = originOf('b')

function storeOf(rows: readonly Loaded[]): MemoryLogs {
  const logs = new MemoryLogs()
  for (const { app, second, line, pod, severity } of rows) {
    const metadata =
      pod === '' ? [] : [['pod', pod], ['level', 'meta'], ...(pod === 'p2' ? [['detected.level', 'own']] : [])]
    logs.append(DEFAULT_TENANT, {
      timeNs: BASE_NS + BigInt(second) * SECOND_NS,
      origin: app === 'a' ? ORIGIN_A : ORIGIN_B,
      body: line,
      attributes: metadata.map(([key = '', value = '']) => ({ key, value: { kind: 'string', value } })),
      severity,
    })
  }
  return logs
}

function request(query: string, more: Partial<LogqlRequest> = {}): LogqlRequest {
  return {
    query,
    startNs: BASE_NS,
    endNs: BASE_NS + 60n * SECOND_NS,
    stepNs: 10n * SECOND_NS,
    limit: 100,
    direction: 'backward',
    intervalNs: 0n,
    detectsLevels: true,
    ...more,
  }
}

function answer(query: string, reader: LogReader, more: Partial<LogqlRequest> = {}, budget = unlimitedBudget): unknown {
  const result = evaluateLogql(request(query, more), DEFAULT_TENANT, reader, budget, systemClock)
  return result.ok ? result.value.data : result.error.message
}

const rows = fc.array(
  fc.record({
    app: fc.constantFrom('a', 'b'),
    second: fc.integer({ min: -20, max: 70 }),
    line: fc.constantFrom(...LINES),
    pod: fc.constantFrom('', 'p1', 'p2'),
    severity: fc.constantFrom(0, 0, 5, 9, 17),
  }),
  { maxLength: 40 },
)

const STAGES = [
  '|= "level"',
  '!= "bad"',
  '|~ "t.*k"',
  '|> "<_> took=<_>"',
  '| json',
  '| logfmt',
  '| logfmt --strict',
  '| json x="a.b"',
  '| regexp "n=(?P<n>[0-9]+)"',
  '| pattern "<first> <_>"',
  '| line_format "{{.level}} {{.n}}"',
  '| label_format y="{{.level | upper}}", z=pod',
  '| level="error" or n > 1',
  '| took >= 1s',
  '| detected_level=~"warn|error"',
  '| drop n, level="info"',
  '| keep app, pod, n',
  '| drop __error__, __error_details__',
  '| __error__=""',
  '| decolorize',
  '| unpack',
]
const RANGES = ['count_over_time', 'rate', 'bytes_over_time', 'bytes_rate', 'absent_over_time']
const pipeline = fc.array(fc.constantFrom(...STAGES), { maxLength: 5 }).map((stages) => stages.join(' '))
const outer = fc.constantFrom(
  '',
  'sum',
  'sum by (app)',
  'max by (level)',
  'sum without (pod)',
  'topk(2,',
  'count',
  'sort_desc',
)

test(`any pipeline on any rows has an answer or a fault (seed ${seed})`, () => {
  fc.assert(
    fc.property(
      rows,
      pipeline,
      fc.constantFrom(...RANGES),
      outer,
      fc.constantFrom(5, 10, 15),
      (some, stages, range, around, seconds) => {
        const reader = storeOf(some)
        const inner = `${range}({env="e"} ${stages} [${seconds}s])`
        const query = around === '' ? inner : around.endsWith(',') ? `${around} ${inner})` : `${around} (${inner})`
        answer(query, reader)
        answer(`{env="e"} ${stages}`, reader)
      },
    ),
    { seed, numRuns: 500 },
  )
})

test(`counts are the same whether the store counts or rows are read (seed ${seed})`, () => {
  const filter = fc.constantFrom(
    '',
    '|= "level"',
    '!= "a"',
    '!= "a" or "x"',
    '|= "took" != "bad"',
    '| json',
    '| logfmt |= "n"',
  )
  const grouping = fc.constantFrom('sum', 'sum by (app)', 'sum by (env, app)', 'sum by ()')
  fc.assert(
    fc.property(
      rows,
      filter,
      grouping,
      fc.constantFrom(...RANGES.slice(0, 4)),
      fc.constantFrom(3, 10, 14, 30),
      (some, stages, by, range, seconds) => {
        const reader = storeOf(some)
        const counted = answer(`${by} (${range}({env="e"} ${stages} [${seconds}s]))`, reader)
        // A pattern that is no plain text keeps the store from counting.
        const read = answer(`${by} (${range}({env="e"} ${stages} |~ "^(?s:.*)$" [${seconds}s]))`, reader)
        expect(counted).toEqual(read)
      },
    ),
    { seed, numRuns: 300 },
  )
})

test(`labels that are asked for are the same whether all are read or those alone (seed ${seed})`, () => {
  const by = fc.constantFrom(
    'level',
    'level_extracted',
    'n',
    'pod, detected_level',
    'detected_level',
    'app, detected_level',
    'took',
    'a_b',
    'y',
    'first',
  )
  fc.assert(
    fc.property(rows, fc.oneof(pipeline, fc.constantFrom('', '|= "level"')), by, (some, stages, names) => {
      const reader = storeOf(some)
      const narrow = answer(`sum by (${names}) (count_over_time({env="e"} ${stages} [20s]))`, reader)
      // A template that may ask for all labels makes all of them be read.
      const wide = answer(
        `sum by (${names}) (count_over_time({env="e"} ${stages} | label_format unused="{{.}}" [20s]))`,
        reader,
      )
      if (typeof narrow !== 'string' && typeof wide !== 'string') expect(narrow).toEqual(wide)
    }),
    { seed, numRuns: 300 },
  )
})

const SOME = storeOf(
  Array.from({ length: 30 }, (_, i) => ({
    app: i % 2 === 0 ? 'a' : 'b',
    second: i,
    line: `n=${i}`,
    pod: '',
    severity: 0,
  })),
)

test('rows come in the direction that was asked for, up to the limit, apart by the interval', () => {
  const timesOf = (more: Partial<LogqlRequest>): number[] => {
    const data = answer('{app="a"}', SOME, { detectsLevels: false, ...more }) as {
      streams: { entries: { timeNs: bigint }[] }[]
    }
    return data.streams.flatMap(({ entries }) => entries.map(({ timeNs }) => Number((timeNs - BASE_NS) / SECOND_NS)))
  }
  expect(timesOf({ limit: 3 })).toEqual([28, 26, 24])
  expect(timesOf({ limit: 3, direction: 'forward' })).toEqual([0, 2, 4])
  expect(timesOf({ limit: 3, direction: 'forward', intervalNs: 5n * SECOND_NS })).toEqual([0, 6, 12])
  expect(timesOf({ startNs: BASE_NS + 2n * SECOND_NS, endNs: BASE_NS + 6n * SECOND_NS })).toEqual([4, 2])
})

test.each([
  ['steps', 'vector(1)', { stepNs: 1n }, 'exceeded maximum resolution'],
  ['rows', '{app="a"}', { limit: 5001 }, 'max entries limit'],
  [
    'series',
    'count_over_time({app="a"} | logfmt [1m])',
    { limits: limited({ seriesMax: 5 }) },
    'maximum number of series (5)',
  ],
  ['streams', '{app="a"} | logfmt', { limits: limited({ seriesMax: 5 }) }, 'maximum number of series (5)'],
])('bounded: %s', (_, query, more, want) => {
  expect(answer(query, SOME, more)).toContain(want)
})

function limited(limits: object): NonNullable<LogqlRequest['limits']> {
  const base = { textBytesMax: 1000, nestingMax: 10, nodesMax: 10, stagesMax: 10, regexCharsMax: 100, pointsMax: 100 }
  return { ...base, seriesMax: 100, rowsMax: 100, ...limits }
}

test('a budget that is used up ends the query', () => {
  const budget: QueryBudget = {
    ...unlimitedBudget,
    check: () => {
      throw new FaultError(fault('timeout', 'too late'))
    },
  }
  expect(answer('{app="a"}', SOME, {}, budget)).toBe('too late')
  expect(answer('sum(rate({app="a"}[1m]))', SOME, {}, budget)).toBe('too late')
})
