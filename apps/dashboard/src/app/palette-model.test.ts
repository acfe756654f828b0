import { expect, test } from 'vitest'
import { PALETTE_ITEMS_MAX, type PaletteItem, type PaletteSources, paletteItems } from './palette-model.ts'

const item = (group: PaletteItem['group'], title: string): PaletteItem => ({
  id: title,
  group,
  title,
  aside: '',
  run() {},
})
const opened: string[] = []
const sources: PaletteSources = {
  routes: [item('Go to', 'Live'), item('Go to', 'Explore › Metrics')],
  actions: [item('Action', 'Switch theme')],
  views: ['Slow carts', ...Array.from({ length: 30 }, (_, i) => `view ${i}`)].map((title) => item('View', title)),
  dashboards: [item('Dashboard', 'Kafka')],
  serviceNames: ['checkout', 'live-feed'],
  metricNames: ['http_requests_total', 'live_clients', ...Array.from({ length: 500 }, (_, i) => `many_${i}`)],
  parseTime: (text) => (text === '45m' ? { from: 'now-45m', to: 'now' } : undefined),
  openService: (name) => opened.push(`service ${name}`),
  openTrace: (id) => opened.push(`trace ${id}`),
  openMetric: (name) => opened.push(`metric ${name}`),
  openQuery: (text) => opened.push(`query ${text}`),
  applyTime: (choice) => opened.push(`time ${choice.from}`),
}
const titles = (text: string) => paletteItems(text, sources).map((one) => `${one.group}: ${one.title}`)

test('without a text it lists screens, actions and some saved views', () => {
  expect(titles('').slice(0, 4)).toEqual([
    'Go to: Live',
    'Go to: Explore › Metrics',
    'Action: Switch theme',
    'View: Slow carts',
  ])
  expect(titles('')).toHaveLength(14)
})

test('every word must be there', () => {
  expect(titles('cart slow')).toEqual(['View: Slow carts'])
  expect(titles('kaf')[0]).toBe('Dashboard: Kafka')
  expect(titles('met expl')).toEqual(['Go to: Explore › Metrics'])
  expect(titles('live')).toEqual(['Go to: Live', 'Service: live-feed', 'Metric: live_clients', 'Query: live'])
})

test('a time comes first and sets the range', () => {
  const [first] = paletteItems('45m', sources)
  first?.run()
  expect(opened.at(-1)).toBe('time now-45m')
})

test('pasted PromQL is offered as it is', () => {
  const last = paletteItems('sum(rate(x[5m]))', sources).at(-1)
  last?.run()
  expect(opened.at(-1)).toBe('query sum(rate(x[5m]))')
})

test('a service leads to its page, a trace id to its trace', () => {
  paletteItems('check', sources)
    .find(({ group }) => group === 'Service')
    ?.run()
  expect(opened.at(-1)).toBe('service checkout')
  paletteItems(' 5B8EFFF798038103D269B633813FC60C', sources)[0]?.run()
  expect(opened.at(-1)).toBe('trace 5b8efff798038103d269b633813fc60c')
  expect(paletteItems('5b8efff798038103', sources).some(({ group }) => group === 'Trace')).toBe(false)
})

test('it is bounded', () => expect(paletteItems('many', sources).length).toBeLessThanOrEqual(PALETTE_ITEMS_MAX))
