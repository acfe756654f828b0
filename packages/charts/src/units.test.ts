import { describe, expect, test } from 'vitest'
import { formatFactor, formatValue, PLAIN, type Unit, unitOf } from './units.ts'

const SECONDS: Unit = { kind: 'seconds' }
const BYTES: Unit = { kind: 'bytes', perSecond: false }

describe('a value is written with three digits and one unit', () => {
  const check = (value: number, unit: Unit, text: string) =>
    test(text, () => expect(formatValue(value, unit).replace('\u202F', ' ')).toBe(text))
  check(0, PLAIN, '0')
  check(0.1 + 0.2, PLAIN, '0.3')
  check(1234, PLAIN, '1.23k')
  check(999, PLAIN, '999')
  check(-5.5, PLAIN, '−5.5')
  check(Number.NaN, PLAIN, '–')
  check(Number.POSITIVE_INFINITY, PLAIN, '∞')
  check(Number.NEGATIVE_INFINITY, PLAIN, '−∞')
  check(1e21, PLAIN, '1,000,000P')
  check(1e-9, PLAIN, '1.00e−9')
  check(0.25, SECONDS, '250 ms')
  check(90, SECONDS, '1.5 min')
  check(0, SECONDS, '0')
  check(0.99991, SECONDS, '1 s')
  check(3_595, SECONDS, '59.9 min')
  check(999_700, PLAIN, '1M')
  check(1536, BYTES, '1.5 KiB')
  check(0.5, BYTES, '0.5 B')
  check(0.123, { kind: 'ratio' }, '12.3 %')
  check(42, { kind: 'percent' }, '42 %')
  check(2_500, { kind: 'bytes', perSecond: true }, '2.44 KiB/s')
  check(12_000, { kind: 'plain', suffix: '/s' }, '12 k/s')
})

test('how many times as much', () => {
  expect([2, 3.44, 9.96, 12.4, 1_234].map(formatFactor)).toEqual(['2.0×', '3.4×', '10×', '12×', '1,234×'])
})

describe('the unit follows from metadata, else from the name', () => {
  const check = (metric: string, declared: string, isRate: boolean, unit: Unit) =>
    test(`${metric} ${declared} ${isRate}`, () => expect(unitOf(metric, declared, isRate)).toEqual(unit))
  check('request_latency_seconds', '', false, SECONDS)
  check('request_latency_seconds_bucket', '', false, PLAIN)
  check('request_latency_seconds_bucket', 'seconds', true, { kind: 'plain', suffix: '/s' })
  check('request_latency_seconds_count', '', true, { kind: 'plain', suffix: '/s' })
  check('node_boot_time_seconds', 'seconds', false, { kind: 'plain', suffix: 's' })
  check('process_cpu_seconds_total', '', true, { kind: 'ratio' })
  check('net_bytes_total', '', true, { kind: 'bytes', perSecond: true })
  check('heap', 'By', false, BYTES)
  check('cpu_usage_ratio', '', false, { kind: 'ratio' })
  check('queue_depth', '1', false, PLAIN)
  check('orders_total', '', true, { kind: 'plain', suffix: '/s' })
  check('temperature', 'Cel', false, { kind: 'plain', suffix: '°C' })
  check('pages', 'pages', true, { kind: 'plain', suffix: 'pages/s' })
})
