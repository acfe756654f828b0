import { expect, test } from 'vitest'
import { ScrapeGenerator, scrapeLabels } from './scrape-shape.ts'

test('labels have the reference shape: eleven, sorted, about 297 bytes', () => {
  const lengths = [0, 99, 5_000, 9_999].map((i) => scrapeLabels(i).join('').length)
  for (const length of lengths) expect(Math.abs(length - 297)).toBeLessThan(25)
  expect(scrapeLabels(7).length).toBe(22)
})

test('all labels of 10,000 series differ', () => {
  const seen = new Set(Array.from({ length: 10_000 }, (_, i) => scrapeLabels(i).join('\n')))
  expect(seen.size).toBe(10_000)
})

test('a seed gives the same bodies again', () => {
  const make = () => {
    const load = { seriesCount: 300, seriesPerRequest: 100, samplesPerSeries: 2, stepMs: 1000, isShuffled: true }
    const generator = new ScrapeGenerator(load, 2, 1_763_692_800_000)
    return [...generator.round(), ...generator.round()].map(({ body, connection }) => [
      connection,
      body.toString('hex'),
    ])
  }
  expect(make()).toEqual(make())
})
