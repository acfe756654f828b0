import { expect, test } from 'vitest'
import { SenderCounts } from './sender-counts.ts'

test('largest first, by door and sender, tenants apart', () => {
  const counts = new SenderCounts()
  counts.add('a', 'scrape', 'job node', 3)
  counts.add('a', 'remote-write', 'from 10.0.0.7', 5)
  counts.add('a', 'scrape', 'job node', 4)
  counts.add('a', 'self', '', 1)
  counts.add('a', 'influx', 'from 10.0.0.8', 0)
  counts.add('b', 'self', '', 9)
  expect(counts.top('a', 2)).toEqual([
    { name: 'scrape job node', value: 7 },
    { name: 'remote-write from 10.0.0.7', value: 5 },
  ])
  expect(counts.top('a', 10)).toHaveLength(3)
  expect(counts.top('b', 10)).toEqual([{ name: 'self', value: 9 }])
  expect(counts.top('c', 10)).toEqual([])
})

test('senders are bounded: a thousand and one', () => {
  const counts = new SenderCounts()
  for (let i = 0; i < 1_000; i++) counts.add('a', 'stream', `from ${i}`, 1)
  expect(counts.top('a', 2_000)).toHaveLength(1_000)
  counts.add('a', 'stream', 'from 1000', 2)
  counts.add('b', 'stream', 'from 1001', 3)
  counts.add('a', 'stream', 'from 7', 4)
  expect(counts.top('a', 2_000)).toHaveLength(1_001)
  expect(counts.top('a', 2)).toEqual([
    { name: 'stream from 7', value: 5 },
    { name: 'other', value: 2 },
  ])
  expect(counts.top('b', 2)).toEqual([{ name: 'other', value: 3 }])
})
