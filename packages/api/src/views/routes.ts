import { err, type Fault, fault, foreign, ok, type Result } from '@vantage/model'
import { type ApiAnswer, type ApiRequest, json, type Parameter, type Route } from '../route.ts'
import {
  type SavedViews,
  VIEW_ID,
  VIEW_NAME_MAX,
  VIEW_PATH_MAX,
  VIEW_SEARCH_MAX,
  type ViewDraft,
} from './saved-view.ts'

const PATH = '/api/vantage/v1/views'
const ID: Parameter = { name: 'id', in: 'path', required: true, description: 'of a saved view', type: 'string' }

type Answer = Promise<Result<ApiAnswer, Fault>>

/** Screens that were saved under a name: `{name, path, search}` as a JSON body. */
export function viewRoutes(views: SavedViews): Route[] {
  const route = (
    method: Route['methods'][number],
    summary: string,
    more: Pick<Route, 'path' | 'permission' | 'parameters' | 'handle'>,
  ): Route => ({ methods: [method], summary, faults: 'vantage', ...more })
  const all = { path: PATH, parameters: [] }
  const one = { path: `${PATH}/:id`, parameters: [ID], permission: 'metrics:write' as const }
  return [
    route('GET', 'Saved views, by name', {
      ...all,
      permission: 'metrics:read',
      handle: async ({ tenant }) => ok(json({ views: views.list(tenant) })),
    }),
    route('POST', 'Save a view: a JSON body of name, path and search', {
      ...all,
      permission: 'metrics:write',
      handle: (request) => put(views, undefined, request),
    }),
    route('PUT', 'Replace a saved view, or make it under this id', {
      ...one,
      handle: (request) => put(views, request.path['id'] ?? '', request),
    }),
    route('DELETE', 'Delete a saved view', {
      ...one,
      handle: async ({ tenant, path }) => {
        const problem = views.remove(tenant, path['id'] ?? '')
        return problem === undefined ? ok(json({ deleted: true })) : err(problem)
      },
    }),
  ]
}

async function put(views: SavedViews, id: string | undefined, { tenant, json: body }: ApiRequest): Answer {
  if (id !== undefined && !VIEW_ID.test(id)) {
    return bad(`id: want 1 to 64 letters, digits, - and _, got ${JSON.stringify(foreign(id))}`)
  }
  const draft = readDraft(body)
  if (!draft.ok) return draft
  const saved = views.put(tenant, id, draft.value)
  return saved.ok ? ok(json(saved.value, id === undefined ? 201 : 200)) : saved
}

function readDraft(body: unknown): Result<ViewDraft, Fault> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return bad('body: want a JSON object with name, path and search')
  }
  const { name, path, search = '', ...others } = body as Record<string, unknown>
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) return bad(`want name, path and search, got ${JSON.stringify(foreign(unknown))}`)
  const trimmed = typeof name === 'string' ? name.trim() : name
  for (const [what, value, lengthMax] of [
    ['name', trimmed, VIEW_NAME_MAX],
    ['path', path, VIEW_PATH_MAX],
    ['search', search, VIEW_SEARCH_MAX],
  ] as const) {
    if (typeof value !== 'string')
      return bad(`${what}: want a text, got ${value === undefined ? 'none' : typeof value}`)
    if (value.length > lengthMax) return bad(`${what}: want at most ${lengthMax} characters, got ${value.length}`)
    if (!value.isWellFormed()) return bad(`${what}: want Unicode text, got half of a surrogate pair`)
  }
  if (trimmed === '') return bad('name: want a text, got an empty one')
  // Two slashes would lead to another host.
  if (!/^\/(?!\/)[^?#\\]*$/.test(path as string)) {
    return bad(`path: want a path of this page such as /explore/logs, got ${JSON.stringify(foreign(path as string))}`)
  }
  return ok({ name: trimmed as string, path: path as string, search: search as string })
}

function bad(message: string): Result<never, Fault> {
  return err(fault('bad_request', message))
}
