import { expect, test } from 'vitest'
import { exposition } from './exposition.ts'
import { Logger } from './logger.ts'
import { CHILDREN_MAX, Registry } from './registry.ts'

function eachType(): Registry {
  const registry = new Registry()
  registry.counter('a_total', 'Counts.', ['code']).add(2, '2"0\n0')
  registry.gauge('b', 'Level.').set(Number.NaN)
  const histogram = registry.histogram('c_seconds', 'Time.', [], [0.1, 1])
  for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(value)
  registry.computed('d', 'Read.', 'gauge', () => Number.POSITIVE_INFINITY)
  return registry
}

test('text exposition of each type', () => {
  expect(exposition(eachType().collect(), undefined).text).toBe(
    [
      '# HELP a_total Counts.',
      '# TYPE a_total counter',
      'a_total{code="2\\"0\\n0"} 2',
      '# HELP b Level.',
      '# TYPE b gauge',
      'b NaN',
      '# HELP c_seconds Time.',
      '# TYPE c_seconds histogram',
      'c_seconds_bucket{le="0.1"} 2',
      'c_seconds_bucket{le="1"} 3',
      'c_seconds_bucket{le="+Inf"} 4',
      'c_seconds_sum 7.65',
      'c_seconds_count 4',
      '# HELP d Read.',
      '# TYPE d gauge',
      'd +Inf',
      '',
    ].join('\n'),
  )
})

test('OpenMetrics of each type', () => {
  expect(exposition(eachType().collect(), 'application/openmetrics-text').text).toBe(
    [
      '# HELP a Counts.',
      '# TYPE a counter',
      'a_total{code="2\\"0\\n0"} 2',
      '# HELP b Level.',
      '# TYPE b gauge',
      'b NaN',
      '# HELP c_seconds Time.',
      '# TYPE c_seconds histogram',
      'c_seconds_bucket{le="0.1"} 2',
      'c_seconds_bucket{le="1.0"} 3',
      'c_seconds_bucket{le="+Inf"} 4',
      'c_seconds_sum 7.65',
      'c_seconds_count 4',
      '# HELP d Read.',
      '# TYPE d gauge',
      'd +Inf',
      '# EOF',
      '',
    ].join('\n'),
  )
})

test.each([
  [undefined, 'text/plain'],
  ['*/*', 'text/plain'],
  ['text/plain;version=0.0.4;q=0.9,application/openmetrics-text;q=0.8', 'text/plain'],
  ['application/openmetrics-text;version=0.0.1', 'text/plain'],
  ['application/openmetrics-text;q=0', 'text/plain'],
  // As Prometheus 2 and 3 ask.
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'application/openmetrics-text',
  ],
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;q=0.3',
    'application/openmetrics-text',
  ],
])('who accepts %s gets %s', (accept, media) => {
  expect(exposition([], accept).contentType.split(';', 1)).toEqual([media])
})

test('a counter that has begun is exposed at 0, and counts on from what it has', () => {
  const counter = new Registry().counter('x_total', 'X.', ['code'])
  counter.begin('ok')
  expect(counter.samples()).toEqual([{ name: 'x_total', labels: ['code', 'ok'], value: 0 }])
  counter.add(2, 'ok')
  counter.begin('ok')
  expect(counter.value('ok')).toBe(2)
})

test('label sets beyond the limit are counted as other', () => {
  const registry = new Registry()
  const counter = registry.counter('x_total', 'X.', ['tenant'])
  for (let i = 0; i < CHILDREN_MAX + 5; i++) counter.add(1, `t${i}`)
  expect(counter.value('other')).toBe(5)
  expect(counter.samples().length).toBe(CHILDREN_MAX + 1)
})

test('a repeated warning is one line in ten seconds and says what it left out', () => {
  let nowMs = 0
  const lines: string[] = []
  const logger = new Logger((line) => lines.push(line), { nowMs: () => 0, monotonicMs: () => nowMs })
  for (let i = 0; i < 5; i++) logger.warnSparsely('k', 'again')
  nowMs = 10_001
  logger.warnSparsely('k', 'again')
  expect(lines.map((line) => JSON.parse(line).leftOut)).toEqual([undefined, 4])
})
