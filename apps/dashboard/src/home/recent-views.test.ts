import { describe, expect, test } from 'vitest'
import { RECENT_VIEWS_MAX, type RecentView, viewName, withView } from './recent-views.ts'

describe('a URL is named', () => {
  test.each([
    ['/services/a%20b', '', { kind: 'Service', title: 'a b' }],
    ['/services/%', '', { kind: 'Service', title: '%' }],
    ['/services', '', undefined],
    ['/services/a/deploys', '', { kind: 'Service', title: 'a' }],
    ['/hosts/10.0.0.5%3A9100', '', { kind: 'Host', title: '10.0.0.5:9100' }],
    ['/d/api', '', { kind: 'Dashboard', title: 'api' }],
    ['/trace/5b8efff798038103d269b633813fc60c', '', { kind: 'Trace', title: '5b8efff798038103' }],
    ['/explore/metrics', 'a=up', { kind: 'Metrics', title: 'up' }],
    ['/explore/metrics', '', undefined],
    ['/explore/logs', 'q={a="b"}', { kind: 'Logs', title: '{a="b"}' }],
    ['/explore/traces', 'q={}', { kind: 'Traces', title: '{}' }],
    ['/map', 'node=shop', { kind: 'Service map', title: 'shop' }],
    ['/live', '', undefined],
    ['/', '', undefined],
  ])('%s?%s', (path, search, want) => {
    expect(viewName(path, new URLSearchParams(search))).toEqual(want)
  })
})

test('the newest view stands first, the same thing once, and old ones go', () => {
  const view = (title: string, search = ''): RecentView => ({ kind: 'Service', title, path: '/', search, atMs: 1 })
  expect(withView([view('a'), view('b')], view('b', 'x=1'))).toEqual([view('b', 'x=1'), view('a')])
  const many = Array.from({ length: RECENT_VIEWS_MAX }, (_, i) => view(String(i)))
  const next = withView(many, view('new'))
  expect(next).toHaveLength(RECENT_VIEWS_MAX)
  expect(next[0]?.title).toBe('new')
})
