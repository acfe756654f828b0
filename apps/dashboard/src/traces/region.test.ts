import { expect, test } from 'vitest'
import { groupQueries, groupRows, isField } from './groups-model.ts'
import { isWithin, regionOf, regionQuery, regionText, withPick } from './region.ts'

const REGION = { startMs: 1_000, endMs: 2_000, fromMs: 10, toMs: 500.4 }

test('a region in the URL; what cannot be one is none', () => {
  expect(regionText(REGION)).toBe('1000-2000,10-500.4')
  expect(regionOf('1000-2000,10-500.4')).toEqual(REGION)
  expect([regionOf(null), regionOf('2-1,1-2'), regionOf('1-2,5-5'), regionOf('<x>')]).toEqual(Array(4).fill(undefined))
})

test('what lies in it, and the query that finds it', () => {
  expect([isWithin(REGION, 1_500, 10), isWithin(REGION, 1_500, 501), isWithin(REGION, 999, 20)]).toEqual([
    true,
    false,
    false,
  ])
  expect(regionQuery('{ status = error }', REGION)).toBe(
    '{ status = error && trace:duration >= 10000us && trace:duration <= 502000us }',
  )
})

test('two are picked at most', () => {
  expect([withPick(['a'], 'b'), withPick(['a', 'b'], 'a'), withPick(['a', 'b'], 'c')]).toEqual([
    ['a', 'b'],
    ['b'],
    ['b', 'c'],
  ])
})

test('fields that spans are grouped by', () => {
  expect(['span.http.route', 'resource."odd name"', 'name', 'x', '.a', 'span.a) | rate('].map(isField)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ])
})

test('rows of a table by one field', () => {
  const figure = (value: string, number: number, more: Record<string, string> = {}) => ({
    labels: { 'span.zone': value, ...more },
    value: number,
  })
  const latency = [figure('a', 0.1, { p: '0.5' }), figure('a', 0.4, { p: '0.95' }), figure('b', 2, { p: '0.5' })]
  const rows = groupRows('span.zone', [figure('b', 1), figure('a', 4)], [figure('a', 1)], latency)
  expect(rows).toEqual([
    { value: 'a', rate: 4, errors: 0.25, p50Ms: 100, p95Ms: 400 },
    { value: 'b', rate: 1, errors: 0, p50Ms: 2000, p95Ms: Number.NaN },
  ])
  expect(groupQueries('{ a }', 'name', '{ b }').latency).toBe(
    '{ a } | quantile_over_time(duration, 0.5, 0.95) by (name)',
  )
})
