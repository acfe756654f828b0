import { formatLabels, MetricBatch } from '@vantage/model'
import { describe, expect, test } from 'vitest'
import { CheckedAliases } from './alias.ts'
import { isJsonBatch, JsonBatchDecoder } from './decode.ts'
import { parseTimestamp } from './timestamp.ts'

const bytesOf = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))

function decode(value: unknown) {
  const bytes = bytesOf(value)
  const batch = new MetricBatch()
  const outcome = new JsonBatchDecoder().decode(bytes, bytes.length, batch, 0)
  const rows = Array.from({ length: outcome.kind === 'ok' ? batch.rowCount : 0 }, (_, row) => {
    const labels = batch.labelsOf(row)
    return `${labels.ok ? formatLabels(labels.labels) : labels.reason} ${batch.values[row]} @${batch.times[row]}`
  })
  return { outcome, rows, batch }
}

const item = { timestamp: 1_700_000_000_123, service_name: 'shop', metric_name: 'orders_total', value: 3 }

describe('JsonBatchDecoder', () => {
  test('all keys', () => {
    const full = {
      ...item,
      endpoint: '/pay',
      method: 'POST',
      status_code: 200,
      tags: { region: 'eu', n: 1, on: true, off: null, empty: '' },
      more: { x: [1] },
    }
    expect(decode({ other: [{}], metrics: [full, { ...item, metric_name: 'größe.µ', value: '-Inf' }] }).rows).toEqual([
      'orders_total{endpoint="/pay", method="POST", n="1", on="true", region="eu", service_name="shop", status_code="200"} 3 @1700000000123',
      '{__name__="größe.µ", service_name="shop"} -Infinity @1700000000123',
    ])
  })

  test('an item without a time has the time of its receipt', () => {
    const { timestamp: _, ...untimed } = item
    expect(decode({ metrics: [untimed] }).rows).toEqual(['orders_total{service_name="shop"} 3 @0'])
  })

  test('aliases are the labels as sent: equal bytes, equal labels; another order of keys is another alias of one series', () => {
    const { batch, rows } = decode(
      `{"metrics":[{"timestamp":1700000000,"service_name":"s","metric_name":"m","value":1,"tags":{"a":"1","b":"2"}},{"service_name":"s","timestamp":1,"metric_name":"m","value":1,"tags":{"a":1,"b":2}},{"tags":{"b":"2","a":"1"},"value":2,"metric_name":"m","service_name":"s","timestamp":1700000001}]}`,
    )
    const alias = (row: number) =>
      Buffer.from(batch.bytes.subarray(batch.aliasStart[row], batch.aliasEnd[row])).toString()
    expect(alias(0)).toBe(alias(1))
    expect(alias(0)).not.toBe(alias(2))
    expect(new Set(rows.map((row) => row.replace(/ .*/, ''))).size).toBe(1)
  })

  test('escapes are read, in keys, texts and tags', () => {
    const text = String.raw`{"metrics":[{"service\u005fname":"s\u00fc","metric_name":"m\n","value":1,"tags":{"a\tb":"\ud800x\\"},"timestamp":1}]}`
    expect(decode(text).rows).toEqual([
      `${String.raw`{__name__="m\n", "a\tb"="`}\ufffdx${String.raw`\\", service_name="sü"} 1 @1000`}`,
    ])
  })

  test('a bad item says what was wanted and what came', () => {
    const { value: _, ...valueless } = item
    const bad: [unknown, string][] = [
      ['text', 'want an object, got "text"'],
      [[1], 'want an object, got an array'],
      [{ ...item, timestamp: 'yes\n"day' }, 'ISO 8601 time, got "yes\\n\\"day"'],
      [{ ...item, timestamp: {} }, 'ISO 8601 time, got an object'],
      [{ ...item, value: '12x' }, 'value: want a number, got "12x"'],
      [{ ...item, value: false }, 'value: want a number, got false'],
      [valueless, 'value: want a number, got none'],
      [{ ...item, metric_name: 7 }, 'metric_name: want text, got 7'],
      [{ ...item, metric_name: '' }, 'metric_name: want text, got none'],
      [{ ...item, status_code: [] }, 'status_code: want a number or text, got an array'],
      [{ ...item, tags: 'a' }, 'tags: want an object, got "a"'],
      [{ ...item, tags: { a: {} } }, 'tags.a: want text, a number, true or false, got an object'],
      [{ ...item, value: 'x'.repeat(10_000) }, '…"'],
    ]
    const { outcome } = decode({ metrics: bad.map(([one]) => one) })
    const messages = outcome.kind === 'invalid' ? outcome.problems.map(({ message }) => message) : []
    expect(messages.map((message, i) => message.endsWith(bad[i]?.[1] ?? '?') || message)).toEqual(bad.map(() => true))
  })

  test('what was checked before is known in the next batch, what was refused is refused again', () => {
    const decoder = new JsonBatchDecoder()
    const kinds = [item, { ...item, tags: { '': 'x' } }, item, { ...item, tags: { '': 'x' } }].map((one) => {
      const bytes = bytesOf({ metrics: [one] })
      return decoder.decode(bytes, bytes.length, new MetricBatch(), 0).kind
    })
    expect(kinds).toEqual(['ok', 'invalid', 'ok', 'invalid'])
  })

  const bad: readonly (readonly [string, unknown, string])[] = [
    ['no name', { ...item, metric_name: undefined }, 'missing_name'],
    ['empty name', { ...item, metric_name: '' }, 'missing_name'],
    ['no service', { ...item, service_name: undefined }, 'invalid_value'],
    ['no value', { ...item, value: undefined }, 'invalid_value'],
    ['value is text', { ...item, value: '12' }, 'invalid_value'],
    ['timestamp is a word', { ...item, timestamp: 'now' }, 'invalid_value'],
    ['method is a number', { ...item, method: 1 }, 'invalid_value'],
    ['tag is an object', { ...item, tags: { a: {} } }, 'invalid_value'],
    ['tags are a list', { ...item, tags: [] }, 'invalid_value'],
    ['tag repeats a key', { ...item, tags: { service_name: 'x' } }, 'duplicate_label'],
    ['empty tag name', { ...item, tags: { '': 'x' } }, 'empty_label_name'],
    [
      'too many tags',
      { ...item, tags: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`t${i}`, 'x'])) },
      'too_many_labels',
    ],
    ['tag too long', { ...item, tags: { a: 'x'.repeat(2049) } }, 'label_value_too_long'],
    ['item is a number', 1, 'invalid_value'],
    ['item is a list', [[1]], 'invalid_value'],
  ]
  test.each(bad)('%s: listed, nothing stored', (_, one, reason) => {
    expect(decode({ metrics: [item, one, item, one] }).outcome).toMatchObject({
      kind: 'invalid',
      problems: [
        { index: 1, reason },
        { index: 3, reason },
      ],
    })
  })

  test('1 000 items are taken, 1 001 are too large', () => {
    expect(decode({ metrics: Array(1000).fill(item) }).outcome).toEqual({ kind: 'ok', items: 1000 })
    expect(decode({ metrics: Array(1001).fill(item) }).outcome).toMatchObject({
      kind: 'fault',
      fault: { code: 'too_large' },
    })
    expect(decode({ metrics: [] }).outcome).toEqual({ kind: 'ok', items: 0 })
  })

  const malformed = [
    '',
    '[]',
    '{}',
    '{"metrics":1}',
    '{"metrics":[',
    '{"metrics":[{]}',
    '{"metrics":[],"metrics":[]}',
    '{"metrics":[]}x',
  ]
  test.each(malformed)('refuses %s', (text) => {
    expect(decode(text).outcome).toMatchObject({ kind: 'fault', fault: { code: 'bad_request' } })
  })

  const shapes: readonly (readonly [string, boolean])[] = [
    ['{"metrics":[]}', true],
    ['{"note":{"resourceMetrics":1},"metrics":[]}', true],
    ['{"resourceMetrics":[]}', false],
    ['{"resource_metrics":[]}', false],
    ['{"metrics":{}}', false],
    ['{}', false],
    ['[]', false],
    ['', false],
    ['{"metrics"', false],
  ]
  test.each(shapes)('isJsonBatch %s is %s', (text, want) => {
    const bytes = bytesOf(text)
    expect(isJsonBatch(bytes, bytes.length)).toBe(want)
  })
})

describe('parseTimestamp', () => {
  const cases: readonly (readonly [string, boolean, number | undefined])[] = [
    ['1700000000', true, 1700000000000],
    ['1700000000.001', true, 1700000000001],
    ['1700000000123', true, 1700000000123],
    ['1700000000123456', true, 1700000000123],
    ['1700000000123456789', true, 1700000000123],
    ['1700000000000000000', true, 1700000000000],
    ['1700000000123', false, 1700000000123],
    ['1.7e12', true, 1700000000000],
    ['0', true, 0],
    ['2023-11-14T22:13:20Z', false, 1700000000000],
    ['2023-11-14T22:13:20.123456Z', false, 1700000000123],
    ['2023-11-15 00:13:20+0200', false, 1700000000000],
    ['2023-11-14T22:13:20', false, 1700000000000],
    ['2023-11-14', false, 1699920000000],
    ['yesterday', false, undefined],
    ['2023-13-14T22:13:20Z', false, undefined],
    ['', false, undefined],
    ['1e999', true, undefined],
  ]
  test.each(cases)('%s', (text, isNumber, want) => expect(parseTimestamp(text, isNumber)).toBe(want))
})

test('checked aliases are known by their bytes, and start over when there are too many', () => {
  const checked = new CheckedAliases()
  const aliasOf = (i: number) => {
    const bytes = Buffer.from(`alias ${i} ${'x'.repeat(i % 11)}`)
    return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) }
  }
  const has = (i: number) => {
    const { bytes, view } = aliasOf(i)
    return checked.has(view, 0, bytes.length)
  }
  const add = (i: number) => {
    const { bytes, view } = aliasOf(i)
    checked.add(bytes, view, 0, bytes.length)
  }
  const MAX = 65_536
  let known = 0
  for (let i = 0; i < MAX; i++) {
    expect(has(i)).toBe(false)
    add(i)
  }
  for (let i = 0; i < MAX; i++) if (has(i)) known++
  // Few find no free slot near theirs.
  expect(known).toBeGreaterThan(MAX * 0.99)
  for (let i = MAX; i < MAX + 200; i++) add(i)
  expect(has(MAX + 199)).toBe(true)
  expect(has(0)).toBe(false)
})
