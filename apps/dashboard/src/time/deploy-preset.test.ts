import { expect, test } from 'vitest'
import { deployPreset, serviceOnScreen } from './deploy-preset.ts'

const event = (timeMs: number, kind = 'deploy') => ({
  timeMs,
  kind,
  service: 'cart',
  title: `cart ${timeMs}`,
  fields: {},
})

test('the range begins with the millisecond of the newest deploy and goes on', () => {
  expect(deployPreset([event(5, 'change'), event(3.5), event(4.9998)], undefined, 'cart')).toEqual({
    choice: { from: '5', to: 'now' },
    title: 'Since cart 4.9998',
  })
})

test('why there is none', () => {
  const reason = (...given: Parameters<typeof deployPreset>) => {
    const preset = deployPreset(...given)
    return preset.choice === undefined ? preset.reason : ''
  }
  expect([
    reason([event(5, 'change')], undefined, 'cart'),
    reason([], undefined, undefined),
    reason(undefined, undefined, 'cart'),
    reason(undefined, 'no permission', 'cart'),
  ]).toEqual([
    'No deploy of cart is known in the last 30 days',
    'No deploy is known in the last 30 days',
    'Looking for deploys …',
    'Deploys are not known: no permission',
  ])
})

test('the service on screen', () => {
  const on = (path: string, search = '') => serviceOnScreen(path, new URLSearchParams(search))
  expect([on('/services/a%20b/traces'), on('/services'), on('/d/api/x', 'var-service=a')]).toEqual([
    'a b',
    undefined,
    'a',
  ])
  expect([on('/d/api', 'var-service=a&var-service=b'), on('/', 'var-service=a')]).toEqual([undefined, undefined])
})
