import { fault, ok, type TenantId } from '@vantage/model'
import { describe, expect, test } from 'vitest'
import type { ApiRequest, Route } from '../route.ts'
import { viewRoutes } from './routes.ts'
import type { SavedView, SavedViews, ViewDraft } from './saved-view.ts'

const saved: SavedView = { id: 'v1', name: 'mine', path: '/map', search: 'a=1', createdMs: 1, updatedMs: 2 }

function askedOf() {
  const asked: unknown[] = []
  const views: SavedViews = {
    list: (tenant) => {
      asked.push(['list', tenant])
      return [saved]
    },
    put: (tenant, id, draft: ViewDraft) => {
      asked.push(['put', tenant, id, draft])
      return ok({ ...saved, ...draft })
    },
    remove: (tenant, id) => {
      asked.push(['remove', tenant, id])
      return id === 'v1' ? undefined : fault('not_found', 'no such view')
    },
  }
  return { asked, routes: viewRoutes(views) }
}

async function ask(routes: readonly Route[], method: Route['methods'][number], id: string | undefined, body?: unknown) {
  const route = routes.find((one) => one.methods.includes(method))
  if (route === undefined) throw new Error(`no route for ${method}`)
  const request: ApiRequest = {
    tenant: 't' as TenantId,
    params: new URLSearchParams(),
    path: id === undefined ? {} : { id },
    json: body,
    signal: new AbortController().signal,
  }
  const answer = await route.handle(request)
  return answer.ok ? { status: answer.value.status, body: JSON.parse(String(answer.value.body)) } : answer.error
}

test('views are listed, made, replaced and deleted, each of its tenant', async () => {
  const { asked, routes } = askedOf()
  expect(await ask(routes, 'GET', undefined)).toEqual({ status: 200, body: { views: [saved] } })
  const draft = { name: ' mine ', path: '/explore/logs', search: 'q=x' }
  expect(await ask(routes, 'POST', undefined, draft)).toMatchObject({ status: 201, body: { name: 'mine' } })
  expect(await ask(routes, 'PUT', 'v1', { name: 'mine', path: '/map' })).toMatchObject({ status: 200 })
  expect(await ask(routes, 'DELETE', 'v1')).toEqual({ status: 200, body: { deleted: true } })
  expect(await ask(routes, 'DELETE', 'v2')).toMatchObject({ code: 'not_found' })
  expect(asked).toEqual([
    ['list', 't'],
    ['put', 't', undefined, { name: 'mine', path: '/explore/logs', search: 'q=x' }],
    ['put', 't', 'v1', { name: 'mine', path: '/map', search: '' }],
    ['remove', 't', 'v1'],
    ['remove', 't', 'v2'],
  ])
  expect(routes.map(({ permission }) => permission)).toEqual([
    'metrics:read',
    'metrics:write',
    'metrics:write',
    'metrics:write',
  ])
})

describe('a body is refused', () => {
  const good = { name: 'mine', path: '/map', search: '' }
  test.each<[string, unknown, string]>([
    ['without one', undefined, 'body: want a JSON object with name, path and search'],
    ['as a list', [], 'body: want a JSON object with name, path and search'],
    ['with another member', { ...good, owner: 'me' }, 'want name, path and search, got "owner"'],
    ['without a name', { path: '/map' }, 'name: want a text, got none'],
    ['with an empty name', { ...good, name: '  ' }, 'name: want a text, got an empty one'],
    ['with a number as name', { ...good, name: 7 }, 'name: want a text, got number'],
    ['with a long name', { ...good, name: 'x'.repeat(121) }, 'name: want at most 120 characters, got 121'],
    ['with a long search', { ...good, search: 'x'.repeat(8_193) }, 'search: want at most 8192 characters, got 8193'],
    ['with half a pair', { ...good, name: '\ud800' }, 'name: want Unicode text, got half of a surrogate pair'],
    [
      'with a path to elsewhere',
      { ...good, path: '//evil.example' },
      'path: want a path of this page such as /explore/logs, got "//evil.example"',
    ],
    [
      'with a script for a path',
      { ...good, path: 'javascript:x' },
      'path: want a path of this page such as /explore/logs, got "javascript:x"',
    ],
    [
      'with a backslash',
      { ...good, path: '/\\evil' },
      'path: want a path of this page such as /explore/logs, got "/\\\\evil"',
    ],
  ])('%s', async (_, body, message) => {
    const { asked, routes } = askedOf()
    expect(await ask(routes, 'POST', undefined, body)).toMatchObject({ code: 'bad_request', message })
    expect(asked).toEqual([])
  })
  test('under an id that is none', async () => {
    expect(await ask(askedOf().routes, 'PUT', 'a b', good)).toMatchObject({
      code: 'bad_request',
      message: 'id: want 1 to 64 letters, digits, - and _, got "a b"',
    })
  })
})
