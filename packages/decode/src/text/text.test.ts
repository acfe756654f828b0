import { type Clock, formatLabels, METRIC_NAME, MetricBatch } from '@vantage/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LINE_BYTES_MAX, LINE_BYTES_PER_CLOCK_READ, LINES_PER_CLOCK_READ } from '../limits.ts'
import { TextDecoder, type TextGrammar, type TextMode } from './index.ts'
import { LINE_LABELS_MAX } from './sample-line.ts'

const clock: Clock = { nowMs: () => 0, monotonicMs: () => 1 }
const DEFAULT_TIME_MS = 7

function decode(body: string | Uint8Array, grammar: TextGrammar = 'prometheus', mode: TextMode = 'import') {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const batch = new MetricBatch()
  const decoder = new TextDecoder({ grammar, mode })
  decoder.start(bytes, bytes.length, batch, DEFAULT_TIME_MS)
  let outcome = decoder.step(0, clock)
  while (outcome === 'more') outcome = decoder.step(0, clock)
  return { outcome, batch, rows: Array.from({ length: batch.rowCount }, (_, row) => rowText(batch, row)) }
}

function rowText(batch: MetricBatch, row: number): string {
  const labels = batch.labelsOf(row)
  const at = batch.sampleFrom[row] as number
  return `${labels.ok ? formatLabels(labels.labels) : labels.reason} ${batch.values[at]} @${batch.times[at]}`
}

describe('text format 0.0.4', () => {
  const good: readonly (readonly [string, string])[] = [
    ['up 1', 'up 1 @7'],
    ['up 1\n', 'up 1 @7'],
    ['  up\t 1 \r\n', 'up 1 @7'],
    ['up{} 1 1700000000123', 'up 1 @1700000000123'],
    ['up 1 -5', 'up 1 @-5'],
    ['a:b_C9{x="y"} -1.5e3', 'a:b_C9{x="y"} -1500 @7'],
    ['a { x = "y" , z="1", } +Inf', 'a{x="y", z="1"} Infinity @7'],
    ['a{x="y"}2', 'a{x="y"} 2 @7'],
    ['a{x=""} NaN', 'a NaN @7'],
    ['a{x="\\\\ \\" \\n \\q } #"} -inf', 'a{x="\\\\ \\" \\n \\\\q } #"} -Infinity @7'],
    ['{"größe.µ", "a.b"="c"} 1', '{__name__="größe.µ", "a.b"="c"} 1 @7'],
    ['{"plain"} 1', 'plain 1 @7'],
    ['# a comment\n\n   \n#HELP x\n# EOF\nup 1', 'up 1 @7'],
  ]
  test.each(good)('%j', (text, row) => {
    expect(decode(text)).toMatchObject({ outcome: 'done', rows: [row] })
    expect(decode(text, 'prometheus', 'scrape').rows).toEqual([row])
  })

  const bad: readonly (readonly [string, string])[] = [
    ['up', 'invalid_value'],
    ['up 1 1.5', 'invalid_value'],
    ['up 1 1 1', 'invalid_value'],
    ['up 1 # {a="b"} 1', 'invalid_value'],
    ['up 0x1', 'invalid_value'],
    ['up 1_0', 'invalid_value'],
    ['up 1e400', 'invalid_value'],
    ['0up 1', 'missing_name'],
    ['{a="b"} 1', 'missing_name'],
    ['{} 1', 'missing_name'],
    ['{"a","b"} 1', 'invalid_value'],
    ['a{b="1","c"} 1', 'invalid_value'],
    ['a{b="1" c="2"} 1', 'invalid_value'],
    ['a{b="1', 'invalid_value'],
    ['a{b="1\\"} 1', 'invalid_value'],
    ['a{b=1} 1', 'invalid_value'],
    ['a{0b="1"} 1', 'invalid_value'],
    ['a{b="1",b="2"} 1', 'duplicate_label'],
    [`a{${Array.from({ length: LINE_LABELS_MAX + 1 }, (_, i) => `l${i}="x"`).join()}} 1`, 'too_many_labels'],
    [`a{b="${'x'.repeat(LINE_BYTES_MAX)}"} 1`, 'line_too_long'],
  ]
  test.each(bad)('refuses %.60j', (text, reason) => {
    const { outcome, batch, rows } = decode(`good 1\n${text}\nlast 2\n`)
    expect(outcome).toBe('done')
    expect(batch.refused).toMatchObject([{ reason, count: 1, message: expect.stringMatching(/^line 2: want /) }])
    expect(rows).toEqual(['good 1 @7', 'last 2 @7'])
    expect(decode(`good 1\n${text}`, 'prometheus', 'scrape').outcome).toMatchObject({ code: 'bad_request', reason })
  })

  test('a line and a label set at their limits are taken', () => {
    const labels = Array.from({ length: LINE_LABELS_MAX }, (_, i) => `l${i}="x"`).join()
    expect(decode(`a{${labels}} 1`).batch).toMatchObject({ rowCount: 1, refused: [] })
    const padding = 'x'.repeat(LINE_BYTES_MAX - 'a{b=""} 1'.length)
    expect(decode(`a{b="${padding}"} 1\n`).batch).toMatchObject({ rowCount: 1, refused: [] })
  })

  test('a line that is not UTF-8 is refused alone', () => {
    const { batch, rows } = decode(Buffer.from('a 1\nb{c="\xff"} 1\nd{e="\xc3\xbc"} 1\n', 'latin1'))
    expect(batch.refused).toMatchObject([{ reason: 'invalid_utf8', count: 1 }])
    expect(rows).toEqual(['a 1 @7', 'd{e="ü"} 1 @7'])
  })

  test('metadata', () => {
    const text =
      '# HELP a one \\\\ two\\n\n# TYPE a counter\na 1\n# TYPE b untyped\n#  TYPE \t"c.d"  gauge \n# TYPE e wrong\n# TYPE 0 gauge\n'
    const { batch } = decode(text)
    expect(batch.metadata).toEqual([
      { metric: 'a', type: 'counter', unit: '', help: 'one \\ two\n' },
      { metric: 'b', type: 'unknown', unit: '', help: '' },
      { metric: 'c.d', type: 'gauge', unit: '', help: '' },
    ])
    expect(batch.warnings).toEqual([
      'line 6: want a metric type, got "wrong"',
      'line 7: want a metric name behind # TYPE',
    ])
    expect(decode('# TYPE e wrong\n', 'prometheus', 'scrape').outcome).toMatchObject({ code: 'bad_request' })
  })

  test('aliases are the bytes of the series', () => {
    const { batch } = decode('a{b="c"} 1\na  2\na{b="c"} 3\n')
    const aliases = Array.from({ length: 3 }, (_, row) =>
      Buffer.from(batch.bytes.subarray(batch.aliasStart[row], batch.aliasEnd[row])).toString(),
    )
    expect(aliases).toEqual(['a{b="c"}', 'a', 'a{b="c"}'])
  })

  test('gives way between lines', () => {
    const bytes = new TextEncoder().encode('a 1\n'.repeat(LINES_PER_CLOCK_READ * 2))
    const batch = new MetricBatch()
    const decoder = new TextDecoder({ grammar: 'prometheus', mode: 'scrape' })
    decoder.start(bytes, bytes.length, batch, 0)
    expect(decoder.step(0, clock)).toBe('more')
    expect(batch.rowCount).toBe(LINES_PER_CLOCK_READ)
    expect(decoder.step(2, clock)).toBe('done')
    expect(batch.rowCount).toBe(LINES_PER_CLOCK_READ * 2)
  })

  test('gives way after many bytes of few lines', () => {
    const line = `a{b="${'x'.repeat(LINE_BYTES_PER_CLOCK_READ)}"} 1\n`
    const bytes = new TextEncoder().encode(line.repeat(3))
    const batch = new MetricBatch()
    const decoder = new TextDecoder({ grammar: 'prometheus', mode: 'scrape' })
    decoder.start(bytes, bytes.length, batch, 0)
    expect([decoder.step(0, clock), batch.rowCount]).toEqual(['more', 1])
  })
})

describe('OpenMetrics 1.0', () => {
  test('times are seconds, exemplars are kept, _created is a sample', () => {
    const text = [
      '# TYPE a counter',
      '# UNIT a ',
      'a_total{x="1"} 3 1.5 # {trace_id="t1"} 0.25 1.125',
      'a_created{x="1"} 1 1.5',
      '# TYPE b_seconds histogram',
      '# UNIT b_seconds seconds',
      'b_seconds_bucket{le="+Inf"} 1 # {} 0.5',
      '# EOF',
    ].join('\n')
    const { outcome, batch, rows } = decode(text, 'openmetrics', 'scrape')
    expect(outcome).toBe('done')
    expect(rows).toEqual(['a_total{x="1"} 3 @1500', 'a_created{x="1"} 1 @1500', 'b_seconds_bucket{le="+Inf"} 1 @7'])
    expect(batch.exemplars).toEqual([
      { row: 0, exemplar: { labels: ['trace_id', 't1'], value: 0.25, timeMs: 1125 } },
      { row: 2, exemplar: { labels: [], value: 0.5, timeMs: DEFAULT_TIME_MS } },
    ])
    expect(batch.metadata).toEqual([
      { metric: 'a', type: 'counter', unit: '', help: '' },
      { metric: 'b_seconds', type: 'histogram', unit: 'seconds', help: '' },
    ])
  })

  test('_created says since when the samples of its label set count', () => {
    const text = [
      '# TYPE a counter',
      'a_total{x="1"} 3',
      'a_created{x="1"} 1.5',
      'a_total{x="2"} 4',
      'a_created{x="3"} 2',
      'a_total{x="3"} 5',
      '# TYPE h histogram',
      'h_bucket{le="+Inf"} 1',
      'h_count 1',
      'h_sum 1',
      'h_created 4',
      '# TYPE s summary',
      's{quantile="0.5"} 1',
      's_count 1',
      's_sum 1',
      's_created 5.25',
      '# TYPE g gauge',
      'g 1',
      '# EOF',
    ].join('\n')
    const { outcome, batch } = decode(text, 'openmetrics', 'scrape')
    expect(outcome).toBe('done')
    const starts = [...(batch.startTimes ?? [])].slice(0, batch.sampleCount)
    expect(starts).toEqual([1500, 0, 0, 0, 2000, 4000, 4000, 4000, 0, 0, 5250, 5250, 0, 0])
    expect(decode('# TYPE a counter\na_total 1\n# EOF', 'openmetrics', 'scrape').batch.startTimes).toBeUndefined()
  })

  const bad = [
    'a 1\n',
    'a  1\n# EOF\n',
    'a 1 \n# EOF',
    '# TYPE a gauge\na 1\n# EOF\n\n',
    '# TYPE a gauge\na 1 # {b="c"} 1\n# EOF',
    '# TYPE a counter\na_total -1\n# EOF',
    '# TYPE a stateset\na{a="x"} 2\n# EOF',
    '# TYPE a summary\na{quantile="1.1"} 2\n# EOF',
    '# TYPE a histogram\na_bucket{le="1"} 2\n# EOF',
    '# TYPE a histogram\na_bucket{le="+Inf"} 2\na_count 1\na_sum 1\n# EOF',
    '# TYPE a histogram\na_bucket{x="1",le="+Inf"} 2\na_bucket{x="2",le="+Inf"} 1\na_count{x="1"} 2\n# EOF',
    '# UNIT a seconds\n# EOF',
    '# TYPE a_s info\n# UNIT a_s s\n# EOF',
    'a 1 2\na 1 1\n# EOF',
    `# TYPE a counter\na_total 1 # {b="${'x'.repeat(128)}"} 1\n# EOF`,
  ]
  test.each(bad)('a scrape refuses %j', (text) => {
    expect(decode(text, 'openmetrics', 'scrape').outcome).toMatchObject({ code: 'bad_request' })
  })

  test('the samples of a group are one, wherever the own label stands', () => {
    const text = [
      '# TYPE a histogram',
      'a_bucket{x="1","y.z"="2",le="1"} 1',
      'a_bucket{x="1",le="+Inf","y.z"="2"} 2',
      'a_count{x="1","y.z"="2"} 2',
      'a_sum{x="1","y.z"="2"} 3',
      'a_bucket{le="+Inf","y.z"="3"} 2',
      'a_count{"y.z"="3"} 2',
      'a_sum{"y.z"="3"} 3',
      '# EOF',
    ].join('\n')
    expect(decode(text, 'openmetrics', 'scrape').outcome).toBe('done')
  })

  test('an import takes the good lines, but wants the end', () => {
    const { outcome, batch, rows } = decode('a 1\nb  2\n# TYPE a counter\nc 3\n# EOF\n', 'openmetrics')
    expect([outcome, rows]).toEqual(['done', ['a 1 @7', 'c 3 @7']])
    expect(batch.refused).toEqual([{ reason: 'invalid_value', count: 1, message: 'line 2: want a value at column 3' }])
    expect(decode('a 1\n', 'openmetrics').outcome).toMatchObject({ code: 'bad_request' })
  })
})

describe('properties', () => {
  const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,8}$/)
  const label = fc.tuple(
    fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/),
    fc.string({ unit: 'grapheme', minLength: 1 }),
  )
  const sample = fc.record({
    name,
    labels: fc.uniqueArray(label, { selector: ([key]) => key, maxLength: 5 }),
    value: fc.double(),
    timeMs: fc.integer({ min: 0, max: 4e12 }),
  })
  const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  const numberText = (value: number) => (Number.isFinite(value) ? String(value) : `${value}`.replace('inity', ''))

  test('what is written comes back, in both grammars', () => {
    fc.assert(
      fc.property(fc.array(sample), fc.constantFrom<TextGrammar>('prometheus', 'openmetrics'), (samples, grammar) => {
        const lines = samples.map(({ name, labels, value, timeMs }) => {
          const inner = labels.map(([key, text]) => `${key}="${escaped(text)}"`).join()
          const time = grammar === 'prometheus' ? String(timeMs) : (timeMs / 1000).toFixed(3)
          return `${name}{${inner}} ${Object.is(value, -0) ? '-0' : numberText(value)} ${time}\n`
        })
        const { batch, outcome } = decode(`${lines.join('')}# EOF\n`, grammar)
        expect([outcome, batch.refused, batch.rowCount]).toEqual(['done', [], samples.length])
        samples.forEach((one, row) => {
          const want = [[METRIC_NAME, one.name] as const, ...one.labels.filter(([key]) => key !== METRIC_NAME)]
          if (want.length !== one.labels.length + 1) return
          want.sort(([a], [b]) => (a < b ? -1 : 1))
          expect(batch.labelsOf(row)).toEqual({ ok: true, labels: want.flat() })
          expect(batch.values[row]).toBe(one.value)
          expect(batch.times[row]).toBe(one.timeMs)
        })
      }),
      { numRuns: 200 },
    )
  })

  test('no bytes make it throw, and its sums hold', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '# TYPE a ',
        'counter\n',
        'a_total',
        '{',
        '}',
        'b="',
        '"',
        ',',
        '=',
        ' ',
        '\n',
        '\\',
        '# EOF',
        '1',
        'e',
        '.',
      ),
      fc.constantFrom('# HELP ', '# UNIT ', 'histogram', 'a_bucket{le="', '+Inf', ' # {', 'NaN', '\xff', '\t', '\r'),
    )
    const body = fc.oneof(
      fc.uint8Array(),
      fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1')),
    )
    const modes = fc.constantFrom<TextMode>('scrape', 'import')
    const grammars = fc.constantFrom<TextGrammar>('prometheus', 'openmetrics')
    fc.assert(
      fc.property(body, grammars, modes, (bytes, grammar, mode) => {
        const { outcome, batch } = decode(bytes, grammar, mode)
        if (outcome !== 'done') return
        expect(batch.sampleFrom[batch.rowCount]).toBe(batch.sampleCount)
        for (let row = 0; row < batch.rowCount; row++) {
          const labels = batch.labelsOf(row)
          if (!labels.ok) expect(labels.message).not.toBe('')
          expect(Number.isFinite(batch.times[row])).toBe(true)
        }
      }),
      { numRuns: 5_000 },
    )
  })
})
