import { type Clock, formatLabels, MetricBatch } from '@vantage/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LINE_BYTES_MAX, LINES_PER_CLOCK_READ } from '../limits.ts'
import { InfluxDecoder, type InfluxPrecision } from './index.ts'
import { LINE_TAGS_MAX } from './line.ts'

const clock: Clock = { nowMs: () => 0, monotonicMs: () => 1 }
const DEFAULT_TIME_MS = 1_700_000_000_123

function decode(body: string | Uint8Array, precision: InfluxPrecision = 'ns') {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const batch = new MetricBatch()
  const decoder = new InfluxDecoder()
  decoder.start(bytes, bytes.length, batch, precision, DEFAULT_TIME_MS)
  let outcome = decoder.step(0, clock)
  while (outcome === 'more') outcome = decoder.step(0, clock)
  const rows = Array.from({ length: batch.rowCount }, (_, row) => {
    const labels = batch.labelsOf(row)
    return `${labels.ok ? formatLabels(labels.labels) : labels.reason} ${batch.values[row]} @${batch.times[row]}`
  })
  return { outcome, batch, rows }
}

describe('lines', () => {
  const good: readonly (readonly [string, readonly string[]])[] = [
    ['cpu value=1', ['cpu 1 @1700000000123']],
    [
      'cpu,host=a,dc=b idle=1.5,user=2i,up=t,free=3u 1700000001000000000\r\n',
      [
        'cpu_idle{dc="b", host="a"} 1.5 @1700000001000',
        'cpu_user{dc="b", host="a"} 2 @1700000001000',
        'cpu_up{dc="b", host="a"} 1 @1700000001000',
        'cpu_free{dc="b", host="a"} 3 @1700000001000',
      ],
    ],
    ['m s="a,b=\\"c\\" \n d",f=FALSE 0', ['m_f 0 @0']],
    ['m s="only text"', []],
    ['my\\ m\\,x,t\\=a\\ g=v\\,1 f\\=g=1 1', ['{__name__="my m,x_f=g", "t=a g"="v,1"} 1 @0']],
    ['größe,ort=köln wert=-0', ['{__name__="größe_wert", "ort"="köln"} 0 @1700000000123'.replace('"ort"', 'ort')]],
    ['# comment\n\n  m v=1 -1\n#', ['m_v 1 @-1']],
    ['m v=-9223372036854775808i 1', ['m_v -9223372036854776000 @0']],
    ['m v=000000000000000000000000012i 1', ['m_v 12 @0']],
    ['m v=1 1700000000999999999', ['m_v 1 @1700000000999']],
    ['m v=1 -1700000000000000001', ['m_v 1 @-1700000000001']],
  ]
  test.each(good)('%j', (text, rows) => {
    const found = decode(text)
    expect([found.outcome, found.batch.refused, found.rows]).toEqual(['done', [], rows])
  })

  const times: readonly (readonly [InfluxPrecision, string, number])[] = [
    ['ns', ' 1700000000123456789', 1_700_000_000_123],
    ['us', ' 1700000000123456', 1_700_000_000_123],
    ['ms', ' 1700000000123', 1_700_000_000_123],
    ['s', ' 1700000000', 1_700_000_000_000],
    ['m', ' 28333333', 1_699_999_980_000],
    ['h', ' 472222', 1_699_999_200_000],
    ['ms', '', DEFAULT_TIME_MS],
    ['s', '', 1_700_000_000_000],
    ['h', '', 1_699_999_200_000],
  ]
  test.each(times)('precision %s: %j is %i', (precision, text, timeMs) => {
    expect(decode(`m v=1${text}`, precision).rows).toEqual([`m_v 1 @${timeMs}`])
  })

  const bad: readonly (readonly [string, string])[] = [
    ['m', 'want a field'],
    ['m,', 'want a tag key behind the comma'],
    ['m,a v=1', 'want an equals sign behind the tag key'],
    ['m,a= v=1', 'want a tag value'],
    ['m,a=1,a=2 v=1', 'want each tag key once'],
    ['m v', 'want an equals sign behind the field key'],
    ['m v=', 'want a number, true or false or a quoted string'],
    ['m v=1,', 'want a field key'],
    ['m v=1.0i', 'want a number, an integer (1i) or an unsigned integer (1u)'],
    ['m v=-1u', 'want a number, an integer (1i) or an unsigned integer (1u)'],
    ['m v=9223372036854775808i', 'want a number, an integer (1i) or an unsigned integer (1u)'],
    ['m v=1e999', 'want a number, an integer (1i) or an unsigned integer (1u)'],
    ['m v=tru', 'want a number, true, false or a quoted string'],
    ['m v="x', 'want a closing quote'],
    ['m v=1 12x', 'want a timestamp'],
    ['m v=1 1 2', 'want nothing behind the timestamp'],
    ['m v=1 9223372036854775808', 'want a timestamp of 64 bits'],
    [
      `m,${Array.from({ length: LINE_TAGS_MAX + 1 }, (_, i) => `t${i}=x`).join()} v=1`,
      `want at most ${LINE_TAGS_MAX} tags`,
    ],
  ]
  test.each(bad)('refuses %.40j alone', (text, message) => {
    const { outcome, batch, rows } = decode(`a v=1\n${text}\nb v=2\n`)
    expect([outcome, rows]).toEqual(['done', ['a_v 1 @1700000000123', 'b_v 2 @1700000000123']])
    const wanted = message.replace('true or false', 'true, false')
    expect(batch.refused).toMatchObject([{ reason: 'invalid_value', count: 1 }])
    expect(batch.refused[0]?.message.startsWith(`line 2: ${wanted} at column `)).toBe(true)
  })

  test('a line at the limit is taken, a longer one refused, whatever its length comes from', () => {
    const line = (bytes: number) => `m,t=${'x'.repeat(bytes - 8)} v=1`
    expect(decode(`${line(LINE_BYTES_MAX)}\nb v=1\n`).batch.rowCount).toBe(2)
    for (const text of [
      line(LINE_BYTES_MAX + 1),
      `m s="${'x'.repeat(LINE_BYTES_MAX)}"`,
      'm'.repeat(LINE_BYTES_MAX * 3),
    ]) {
      const { batch, rows } = decode(`${text}\nb v=1\n`)
      expect(rows).toEqual(['b_v 1 @1700000000123'])
      expect(batch.refused).toMatchObject([{ reason: 'line_too_long', count: 1 }])
    }
  })

  test('a line that is not UTF-8 is refused alone, and lines are counted over texts that hold line ends', () => {
    const { batch, rows } = decode(Buffer.from('m s="\n\n",v=1\nn\xff v=1\no v=1', 'latin1'))
    expect(rows).toEqual(['m_v 1 @1700000000123', 'o_v 1 @1700000000123'])
    expect(batch.refused).toEqual([{ reason: 'invalid_utf8', count: 1, message: 'line 4: want UTF-8' }])
  })

  test('skipped strings and rounded integers are told', () => {
    expect(decode('m a="x",b="y",c=9007199254740993i').batch.warnings).toEqual([
      'integers beyond 2^53 are stored rounded',
      '2 string fields were skipped: only numbers and booleans are samples',
    ])
  })

  test('aliases are equal for equal series, other for another field', () => {
    const { batch } = decode('m,a=b x=1,y=2\nm,a=b x=3')
    const alias = (row: number) =>
      Buffer.from(batch.bytes.subarray(batch.aliasStart[row], batch.aliasEnd[row])).toString()
    expect([alias(0), alias(1), alias(2)]).toEqual(['m,a=b x', 'm,a=b y', 'm,a=b x'])
  })

  test('gives way between lines', () => {
    const bytes = new TextEncoder().encode('m v=1\n'.repeat(LINES_PER_CLOCK_READ * 2))
    const batch = new MetricBatch()
    const decoder = new InfluxDecoder()
    decoder.start(bytes, bytes.length, batch, 'ns', 0)
    expect([decoder.step(0, clock), batch.rowCount]).toEqual(['more', LINES_PER_CLOCK_READ])
    expect([decoder.step(2, clock), batch.rowCount]).toEqual(['done', LINES_PER_CLOCK_READ * 2])
  })
})

test('no bytes make it throw, and its sums hold', () => {
  const piece = fc.constantFrom(
    ...[
      'm',
      ',',
      '=',
      ' ',
      '\n',
      '\r',
      '"',
      '\\',
      'a=b',
      'v=1',
      'v=1i',
      't',
      '12',
      '-',
      '.',
      '#',
      '\xff',
      '\t',
      '\xc3\xbc',
      '__name__',
    ],
  )
  const body = fc.oneof(
    fc.uint8Array(),
    fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1')),
  )
  fc.assert(
    fc.property(body, fc.constantFrom<InfluxPrecision>('ns', 'us', 'ms', 's', 'm', 'h'), (bytes, precision) => {
      const { batch, outcome } = decode(bytes, precision)
      expect(outcome).toBe('done')
      expect(batch.sampleFrom[batch.rowCount]).toBe(batch.sampleCount)
      for (let row = 0; row < batch.rowCount; row++) {
        expect(Number.isFinite(batch.values[row])).toBe(true)
        expect(Number.isFinite(batch.times[row])).toBe(true)
      }
    }),
    { numRuns: 10_000 },
  )
})
