import { formatLabels, isStaleAt } from '@vantage/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  readStatsdLine,
  StatsdAggregator,
  type StatsdEvent,
  StatsdMapper,
  type StatsdProblem,
  type StatsdRefusal,
} from './index.ts'
import { LogSketch } from './log-sketch.ts'
import { MAPPINGS_MAX, parseMappings } from './mapping.ts'

function read(line: string) {
  const events: StatsdEvent[] = []
  const problems: StatsdProblem[] = []
  readStatsdLine(line, { event: (event) => events.push(event), problem: (problem) => problems.push(problem) })
  const texts = events.map((event) => {
    const tags = Object.entries(event.tags).map(([key, value]) => `${key}=${value}`)
    const value = event.kind === 'set' ? event.member : event.value
    const more =
      event.kind === 'observer' ? ` x${event.repeats}` : event.kind === 'gauge' && event.isRelative ? ' rel' : ''
    return `${event.kind} ${event.name}{${tags.join()}} ${value}${more}`
  })
  return { texts, problems }
}

describe('lines', () => {
  const good: readonly (readonly [string, readonly string[]])[] = [
    ['a.b:1|c', ['counter a.b{} 1']],
    ['a:1|c|@0.1', ['counter a{} 10']],
    ['a:+1.5|g', ['gauge a{} 1.5 rel']],
    ['a:-3|g:2|g', ['gauge a{} -3 rel', 'gauge a{} 2']],
    ['a:320|ms|@0.25', ['observer a{} 0.32 x4']],
    ['a:5|h', ['observer a{} 5 x1']],
    ['a:1:2|d|#x:y', ['observer a{x=y} 1 x1', 'observer a{x=y} 2 x1']],
    ['a:user 1|s', ['set a{} user 1']],
    ['a:1|c:2|c', ['counter a{} 1', 'counter a{} 2']],
    ['a:1|c|c:abc', ['counter a{container_id=abc} 1']],
    ['a:1|c|#env:dev,0x:y,url:http://h:80|T1656581400', ['counter a{env=dev,_0x=y,url=http://h:80} 1']],
    ['a,x=1,y=2:1|c', ['counter a{x=1,y=2} 1']],
    ['a#x=1:1|c', ['counter a{x=1} 1']],
    ['a[x=1]b:1|c', ['counter ab{x=1} 1']],
    ['a:1|c|#__proto__:x', ['counter a{__proto__=x} 1']],
    ['', []],
  ]
  test.each(good)('%j', (line, texts) => {
    expect(read(line)).toEqual({ texts, problems: [] })
  })

  const bad: readonly (readonly [string, StatsdProblem])[] = [
    ['a', 'malformed_line'],
    [':1|c', 'malformed_line'],
    ['a:1', 'malformed_line'],
    ['[x=1]:1|c', 'malformed_line'],
    ['a:1|', 'malformed_sample'],
    ['a:1|c|', 'malformed_sample'],
    ['a:1|c|@1|@1|@1|@1|@1|@1|@1', 'malformed_sample'],
    ['a:1:2|c', 'malformed_sample'],
    ['a:x|c', 'malformed_value'],
    ['a:NaN|g', 'malformed_value'],
    ['a:0x10|g', 'malformed_value'],
    ['a:1e999|c', 'malformed_value'],
    ['a:1|t', 'unknown_type'],
    ['a:1|c|z', 'malformed_section'],
    ['a:1|c|T12x', 'malformed_section'],
    ['a,x=1:1|c|#y:2', 'mixed_tag_styles'],
    ['_e{1,1}:a|b', 'not_a_metric'],
    ['_sc|a|0', 'not_a_metric'],
  ]
  test.each(bad)('%j: %s', (line, problem) => {
    expect(read(line)).toEqual({ texts: [], problems: [problem] })
  })

  test('a bad tag or rate is told, the sample is taken', () => {
    expect(read('a:1|c|#x,y:1')).toEqual({ texts: ['counter a{y=1} 1'], problems: ['malformed_tag'] })
    expect(read('a:1|c|@0')).toEqual({ texts: ['counter a{} 1'], problems: ['malformed_section'] })
    expect(read('a:1|ms|@1e-300').texts).toEqual(['observer a{} 0.001 x1000000'])
  })

  test('no text makes it throw', () => {
    const piece = fc.constantFrom(
      'a',
      ':',
      '|',
      'c',
      'ms',
      '@',
      '#',
      ',',
      '=',
      '[',
      ']',
      '1',
      '-',
      '.',
      'T',
      '_e{',
      's',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(text, (line) => {
        for (const one of read(line).texts) expect(one).not.toContain('NaN')
      }),
      { numRuns: 5_000 },
    )
  })
})

function mapperOf(text = ''): StatsdMapper {
  const mapper = StatsdMapper.parse(text)
  if (!mapper.ok) throw new Error(mapper.error.message)
  return mapper.value
}

describe('mappings', () => {
  const file = `
defaults: { observer_type: histogram, histogram_options: { buckets: [1, 2] }, ttl: 1m }
mappings:
- { match: "a.*.c", name: first, labels: { x: "$1" } }
- { match: "a.b.*", name: second, labels: { x: "\${1}!" }, match_metric_type: gauge }
- { match: "a.b.*", name: third, observer_type: summary }
- { match: "^r\\\\.(\\\\w+)(\\\\.q)?", match_type: regex, name: "r_$1", labels: { q: "$2" }, scale: 1e-3 }
`
  const cases: readonly (readonly [string, 'counter' | 'gauge', string | undefined])[] = [
    ['a.b.c', 'counter', 'first x=b'],
    ['a.b.d', 'gauge', 'second x=d!'],
    ['a.b.d', 'counter', 'third '],
    ['a.b', 'counter', undefined],
    ['a.b.c.d', 'counter', undefined],
    ['r.one.two', 'counter', 'r_one q='],
    [`a.${'x.'.repeat(200)}`, 'counter', undefined],
  ]
  test.each(cases)('%.20s as %s: %s', (name, kind, text) => {
    const mapper = mapperOf(file)
    for (let again = 0; again < 2; again++) {
      const found = mapper.find(name, kind)
      expect(found && `${found.name} ${found.labels.map((pair) => pair.join('=')).join()}`).toBe(text)
    }
  })

  const bad: readonly (readonly [string, string])[] = [
    ['mappings: 1', 'want a list of mappings'],
    ['mappings: [1]', 'mapping 1: want keys and values'],
    ['mappings: [{match: a}]', 'mapping 1: want a name'],
    ['mappings: [{match: "a b", name: x}]', 'mapping 1: want a match, got "a b"'],
    ['mappings: [{match: "(", match_type: regex, name: x}]', 'regular expression "("'],
    ['mappings: [{match: a, name: x, ttl: soon}]', 'mapping 1: ttl: want a duration such as 30s'],
    ['mappings: [{match: a, name: x, labels: {"0": y}}]', 'mapping 1: want a label name, got "0"'],
    ['mappings: [{match: a, name: x, observer_type: histogram, buckets: [2, 1]}]', 'want buckets in ascending order'],
    ['mappings: [{match: a, name: x, observer_type: histogram, summary_options: {}}]', 'want no summary_options'],
    [
      'mappings: [{match: a, name: x, observer_type: summary, quantiles: [{quantile: 2}]}]',
      'want a quantile from 0 to 1',
    ],
    ['mappings: *nobody', 'mappings: '],
  ]
  test.each(bad)('%j: %s', (text, message) => {
    expect(StatsdMapper.parse(text)).toMatchObject({
      ok: false,
      error: { code: 'bad_request', message: expect.stringContaining(message) },
    })
  })

  test('the number of mappings is bounded', () => {
    const many = (count: number) => `mappings:\n${'- {match: a, name: x}\n'.repeat(count)}`
    expect(parseMappings(many(MAPPINGS_MAX)).ok).toBe(true)
    expect(parseMappings(many(MAPPINGS_MAX + 1)).ok).toBe(false)
  })
})

describe('aggregation', () => {
  function aggregate(options: { mapping?: string; seriesMax?: number; ttlMs?: number } = {}) {
    const refused: StatsdRefusal[] = []
    const { mapping, ...rest } = options
    const mapper = mapperOf(mapping)
    const aggregator = new StatsdAggregator({ mapper, onRefused: (reason) => refused.push(reason), ...rest })
    const send = (nowMs: number, ...lines: string[]) => {
      const sink = { event: (event: StatsdEvent) => aggregator.add(event, nowMs), problem: () => {} }
      for (const line of lines) readStatsdLine(line, sink)
    }
    const flush = (nowMs: number) =>
      [...aggregator.flush(nowMs, 1_000)]
        .flatMap(({ series }) => series)
        .map(({ labels, values }) => {
          const isStale = isStaleAt(new Uint32Array(values.buffer), 0)
          return `${formatLabels(labels)} ${isStale ? 'stale' : values[0]}`
        })
    return { aggregator, refused, send, flush }
  }

  test('counters add up over flushes, gauges hold, sets start over', () => {
    const { send, flush } = aggregate()
    send(0, 'a.b:1|c|#x:y', 'a.b:2|c|#x:y', 'g:5|g', 'g:-2|g', 's:u1|s', 's:u2|s', 's:u1|s')
    expect(flush(10)).toEqual(['a_b{x="y"} 3', 'g 3', 's 2'])
    send(20, 'a.b:1|c|@0.5|#x:y', 's:u1|s')
    expect(flush(30)).toEqual(['a_b{x="y"} 5', 'g 3', 's 1'])
  })

  test('timers become a summary by default', () => {
    const { send, flush } = aggregate()
    for (let i = 1; i <= 100; i++) send(0, `t:${i * 10}|ms`)
    const values = new Map(flush(10).map((text) => text.split(' ') as [string, string]))
    expect(Number(values.get('t{quantile="0.5"}'))).toBeCloseTo(0.5, 1)
    expect(Number(values.get('t{quantile="0.99"}'))).toBeCloseTo(0.99, 1)
    expect(Number(values.get('t_sum'))).toBeCloseTo(50.5, 9)
    expect(values.get('t_count')).toBe('100')
    // Ten minutes later the quantiles have forgotten, sum and count have not.
    expect(flush(601_000)).toEqual([
      't{quantile="0.5"} NaN',
      't{quantile="0.9"} NaN',
      't{quantile="0.99"} NaN',
      expect.stringMatching(/^t_sum 50\.5/),
      't_count 100',
    ])
  })

  test('or a classic histogram where a mapping says so', () => {
    const { send, flush } = aggregate({
      mapping:
        'defaults: {observer_type: histogram}\nmappings: [{match: "h.*", name: h, labels: {n: $1}, buckets: [1, 2]}]',
    })
    send(0, 'h.x:1|h', 'h.x:1.5|h|@0.5', 'h.x:9|h')
    expect(flush(1)).toEqual([
      'h_bucket{le="1", n="x"} 1',
      'h_bucket{le="2", n="x"} 3',
      'h_bucket{le="+Inf", n="x"} 4',
      'h_sum{n="x"} 13',
      'h_count{n="x"} 4',
    ])
  })

  test('what is silent ends with a stale marker', () => {
    const { aggregator, send, flush } = aggregate({ ttlMs: 100 })
    send(0, 'a:1|c', 'b:1|c')
    send(50, 'b:1|c')
    expect(flush(100)).toEqual(['a 1', 'b 2'])
    expect(flush(101)).toEqual(['a stale', 'b 2'])
    expect([flush(102), aggregator.entryCount]).toEqual([['b 2'], 1])
    send(103, 'a:1|g')
    expect(flush(104)).toEqual(['b 2', 'a 1'])
  })

  test('what cannot be is refused and told', () => {
    const { refused, send, flush } = aggregate({
      seriesMax: 2,
      mapping: 'mappings: [{match: gone.*, name: gone, action: drop}]',
    })
    send(0, 'a:1|c', 'a:1|g', 'a:-1|c', 'gone.x:1|c', `a:1|c|#l:${'x'.repeat(2_049)}`, 'b:1|c', 'c:1|c')
    expect(flush(1)).toEqual(['a 1', 'b 1'])
    expect(refused).toEqual(['type_conflict', 'negative_counter', 'dropped_by_mapping', 'bad_labels', 'series_limit'])
  })

  test('metadata comes once', () => {
    const { aggregator, send } = aggregate()
    send(0, 'a:1|c', 'a:1|c|#x:y', 't:1|ms')
    expect([...aggregator.flush(1, 1_000)][0]?.metadata).toEqual([
      { metric: 'a', type: 'counter', unit: '', help: 'Received by StatsD.' },
      { metric: 't', type: 'summary', unit: '', help: 'Received by StatsD.' },
    ])
    expect([...aggregator.flush(2, 1_000)][0]?.metadata).toEqual([])
  })
})

test('a sketch answers within one per cent', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, quantile) => {
        const sketch = new LogSketch()
        for (const value of values) sketch.add(value, 1)
        const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(quantile * values.length)) - 1] as number
        const [found = Number.NaN] = sketch.quantiles([quantile])
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.abs(exact) * 0.0101 + 1e-8)
      },
    ),
  )
})
