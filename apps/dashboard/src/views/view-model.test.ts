import type { SavedView } from '@vantage/api/client'
import { describe, expect, test } from 'vitest'
import { isChanged, isSavable, plainSearch, viewParams } from './view-model.ts'

const view = (search: string, path = '/explore/logs'): SavedView => {
  return { id: '7', name: 'mine', path, search, createdMs: 1, updatedMs: 1 }
}

test.each([
  ['b=2&a=1', false, 'a=1&b=2'],
  ['a=1&saved=7', false, 'a=1'],
  ['a=2&a=1', false, 'a=2&a=1'],
  ['a=1', true, 'a=1&from=now-1h&to=now'],
  ['to=now&from=now-5m', true, 'from=now-5m&to=now'],
])('%s is plainly written', (search, hasTime, want) => {
  expect(plainSearch(new URLSearchParams(search), hasTime)).toBe(want)
})

describe('a view is changed', () => {
  test.each([
    ['by nothing', 'q=x&saved=7', '/explore/logs', false],
    ['not by the order', 'saved=7&to=now&q=x&from=now-1h', '/explore/logs', false],
    ['by a query', 'q=y&saved=7', '/explore/logs', true],
    ['by a time', 'q=x&from=now-5m', '/explore/logs', true],
    ['by another screen', 'q=x', '/explore/traces', true],
  ])('%s', (_, search, path, want) => {
    expect(isChanged(view('q=x&from=now-1h&to=now'), path, new URLSearchParams(search), true)).toBe(want)
  })
})

test('what leads to a view takes no time of the screen before along', () => {
  expect(viewParams(view('q=x&hide=a&hide=b'))).toEqual({
    from: null,
    to: null,
    tz: null,
    live: null,
    q: ['x'],
    hide: ['a', 'b'],
    saved: '7',
  })
})

test('Home and Get data in are not saved', () => {
  expect(['/', '/setup', '/map', '/services/a'].map(isSavable)).toEqual([false, false, true, true])
})
