import { expect, test } from 'vitest'
import { TenantRate } from './tenant-rate.ts'

test('a bucket lets its burst through, then one request per 1/rate; tenants do not share', () => {
  const rate = new TenantRate(10, 2)
  const steps: [tenant: string, atMs: number, waitSeconds: number][] = [
    ['a', 0, 0],
    ['a', 0, 0],
    ['a', 0, 0.1],
    ['b', 0, 0],
    ['a', 50, 0.05],
    ['a', 100, 0],
    ['a', 100, 0.1],
    ['a', 60_000, 0],
    ['a', 60_000, 0],
    ['a', 60_000, 0.1],
  ]
  for (const [tenant, atMs, waitSeconds] of steps) {
    expect([tenant, atMs, rate.take(tenant, atMs).toFixed(3)]).toEqual([tenant, atMs, waitSeconds.toFixed(3)])
  }
})

test('several tokens at once: as many as the burst', () => {
  const rate = new TenantRate(10, 20)
  expect(rate.take('a', 0, 20)).toBe(0)
  expect(rate.take('a', 0, 5)).toBe(0.5)
  expect(rate.take('a', 500, 5)).toBe(0)
})

test('a rate of 0 is off', () => {
  const rate = new TenantRate(0, 0)
  for (let i = 0; i < 10; i++) expect(rate.take('a', 0)).toBe(0)
})
