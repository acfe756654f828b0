import { expect, test } from 'vitest'
import { type RecentRequest, RecentRequests } from './recent.ts'

const REQUEST: RecentRequest = {
  atMs: 0,
  signal: 'metrics',
  receiver: 'otlp-http',
  tenant: 'default',
  code: 'ok',
  items: 1,
  refused: 0,
  wireBytes: 10,
  durationMs: 1,
  message: '',
}

test('the ring keeps the last ones, newest first', () => {
  const ring = new RecentRequests(3)
  expect(ring.list()).toEqual([])
  for (let atMs = 1; atMs <= 5; atMs++) {
    ring.add({ ...REQUEST, atMs })
  }
  expect(ring.list().map(({ atMs }) => atMs)).toEqual([5, 4, 3])
})
