import type { TraceSpan } from '@vantage/api/client'
import { describe, expect, test } from 'vitest'
import { durationText, traceModel, visibleRows } from './trace-model.ts'

function span(
  spanId: string,
  parentSpanId: string,
  fromMs: number,
  toMs: number,
  more: Partial<TraceSpan> = {},
): TraceSpan {
  return {
    traceId: 'a'.repeat(32),
    spanId,
    parentSpanId,
    name: spanId,
    kind: 2,
    startNs: BigInt(fromMs) * 1_000_000n,
    endNs: BigInt(toMs) * 1_000_000n,
    service: 'shop',
    isError: false,
    statusMessage: '',
    attributes: [],
    resource: [],
    events: [],
    ...more,
  }
}

describe('the waterfall', () => {
  const model = traceModel([
    span('late', 'root', 60, 90, { service: 'cart' }),
    span('root', '', 0, 100),
    span('early', 'root', 10, 40, { isError: true }),
    span('leaf', 'early', 20, 30),
    span('lost', 'nobody', 50, 55),
  ])
  test('is a tree by start time; who lacks a parent stands at the top', () => {
    expect(model.rows.map(({ span: one, depth, isOrphan }) => [one.spanId, depth, isOrphan])).toEqual([
      ['root', 0, false],
      ['early', 1, false],
      ['leaf', 2, false],
      ['late', 1, false],
      ['lost', 0, true],
    ])
  })
  test('places, self times and sums', () => {
    const [root, early] = model.rows
    expect([root?.left, root?.width, root?.selfMs, root?.descendants]).toEqual([0, 1, 40, 3])
    expect([early?.left, early?.width, early?.selfMs]).toEqual([0.1, 0.3, 20])
    expect([model.durationMs, model.services, model.errors, model.root?.spanId]).toEqual([
      100,
      ['cart', 'shop'],
      1,
      'root',
    ])
  })
  test('folds', () => {
    expect(visibleRows(model.rows, new Set(['early'])).map((row) => row.span.spanId)).toEqual([
      'root',
      'early',
      'late',
      'lost',
    ])
  })
})

test('a circle of parents and an empty trace end', () => {
  expect(traceModel([span('a', 'b', 0, 1), span('b', 'a', 0, 1)]).rows).toHaveLength(2)
  expect(traceModel([span('a', 'a', 0, 1)]).rows).toHaveLength(1)
  expect(traceModel([]).rows).toEqual([])
})

test.each([
  [0, '0.00 ms'],
  [0.0123, '12.3 µs'],
  [5.678, '5.68 ms'],
  [1234, '1.23 s'],
  [123456, '123 s'],
])('%d ms is %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})
