import { type ApiRequest, faultAnswer, type Permission, type Route } from '@vantage/api'
import { DEFAULT_TENANT, type Fault, fault, ok, type Result, type TenantId } from '@vantage/model'
import type { Logger } from '@vantage/observe'
import {
  type Auth,
  httpCredentialSource,
  type Scope,
  SHARED_DOOR_PATHS,
  sendAnswer,
  withRetryAfter,
} from '@vantage/receive'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type OpenQuestions, QUESTION_HEADER } from './open-questions.ts'

/** Form bodies of queries: a query text is at most 64 KiB, and percent-encoding triples it. */
const FORM_BYTES_MAX = 512 * 1024

export interface RouteDeps {
  readonly auth: Auth
  readonly logger: Logger
  readonly questions: OpenQuestions
  /** A fault while the server cannot answer (starting, draining). */
  readonly unreadyFault: () => Fault | undefined
}

const SCOPES: Readonly<Record<Exclude<Permission, 'public'>, Scope>> = {
  'metrics:read': 'metrics:read',
  'logs:read': 'logs:read',
  'logs:write': 'logs:write',
  'traces:read': 'traces:read',
  'traces:write': 'traces:write',
  'metrics:write': 'metrics:write',
  admin: 'admin',
}

/** Puts API routes on the server: readiness, credential, parameters, answer, faults in the route's style. */
export function registerRoutes(app: FastifyInstance, routes: readonly Route[], deps: RouteDeps): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_BYTES_MAX },
    (_request, body, done) => done(null, body),
  )
  app.addContentTypeParser(
    'application/x-protobuf',
    { parseAs: 'buffer', bodyLimit: FORM_BYTES_MAX },
    (_request, body, done) => done(null, body),
  )
  for (const route of routes) {
    const { rawBodyBytesMax: bytesMax } = route
    if (bytesMax === undefined) addRoute(app, route, deps)
    else {
      app.register(async (own) => {
        own.removeAllContentTypeParsers()
        own.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bytesMax }, (_, body, done) => done(null, body))
        addRoute(own, route, deps)
      })
    }
  }
  refuseOtherMethods(app, routes)
}

function addRoute(app: FastifyInstance, route: Route, deps: RouteDeps): void {
  app.route({
    method: [...route.methods],
    url: route.path,
    bodyLimit: route.rawBodyBytesMax ?? FORM_BYTES_MAX,
    handler: (request, reply) => answer(route, request, reply, deps),
  })
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** A known path with a method that it does not have: 405 with `Allow`. */
function refuseOtherMethods(app: FastifyInstance, routes: readonly Route[]): void {
  const known = new Map<string, Pick<Route, 'faults' | 'readOnly'>>(
    SHARED_DOOR_PATHS.map((path) => [path, { faults: 'text' }]),
  )
  for (const route of routes) known.set(route.path, route)
  for (const [url, { faults, readOnly }] of known) {
    // A door may have some of them.
    const own: readonly string[] = routes.flatMap((route) => (route.path === url ? route.methods : []))
    const allowed = METHODS.filter((method) => app.hasRoute({ url, method }) || own.includes(method))
    if (allowed.length === 0) continue
    app.route({
      method: METHODS.filter((method) => !allowed.includes(method)),
      url,
      onRequest: async (request, reply) => {
        reply.header('allow', allowed.join(', '))
        const why = readOnly === undefined ? '' : `: ${readOnly}`
        const problem = fault('wrong_method', `want ${allowed.join(' or ')}, got ${request.method}${why}`)
        return sendFault(reply, problem, faults, request.id)
      },
      handler: () => {
        throw new Error('BUG: a refused method is answered in its first hook')
      },
    })
  }
}

async function answer(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  deps: RouteDeps,
): Promise<FastifyReply> {
  const abort = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort()
  })
  const result = await handled(route, request, deps, abort.signal)
  if (!result.ok) return sendFault(reply, result.error, route.faults, request.id)
  const { status, contentType, contentEncoding, body, stream } = result.value
  if (contentEncoding !== undefined) reply.header('content-encoding', contentEncoding)
  reply.code(status ?? 200).header('content-type', contentType)
  // A connection that is kept would hold up the end of the server: nobody knows when its stream ends.
  if (stream !== undefined) return reply.headers({ 'cache-control': 'no-cache', connection: 'close' }).send(stream)
  return reply.send(typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength))
}

async function handled(route: Route, request: FastifyRequest, deps: RouteDeps, signal: AbortSignal) {
  const unready = deps.unreadyFault()
  if (unready !== undefined && route.permission !== 'public' && route.isToldUnready !== true) {
    return { ok: false as const, error: unready }
  }
  const tenant = authorised(route.permission, request, deps.auth)
  if (!tenant.ok) return tenant
  for (const permission of route.further ?? []) {
    const further = authorised(permission, request, deps.auth)
    if (!further.ok) return further
  }
  const api: ApiRequest = {
    tenant: tenant.value,
    params: parametersOf(request),
    ...bodyOf(request.body),
    ...headersOf(request),
    path: (request.params ?? {}) as Record<string, string>,
    signal,
  }
  const end = deps.questions.begin(tenant.value, request.headers[QUESTION_HEADER], signal)
  try {
    return await route.handle(api)
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
    deps.logger.error('a handler failed', { requestId: request.id, path: route.path, error: stack })
    return { ok: false as const, error: fault('internal', 'internal error') }
  } finally {
    end()
  }
}

/** Headers that change what an answer looks like. */
function headersOf({ headers }: FastifyRequest): Pick<ApiRequest, 'accept' | 'encodingFlags'> {
  const flags = headers['x-loki-response-encoding-flags']
  return {
    ...(headers.accept === undefined ? {} : { accept: headers.accept }),
    ...(typeof flags === 'string' ? { encodingFlags: flags } : {}),
  }
}

/** The one check of every door that answers: credential, tenant, scope, loopback rule. */
function authorised(permission: Permission, request: FastifyRequest, auth: Auth): Result<TenantId> {
  if (permission === 'public') return ok(DEFAULT_TENANT)
  const checked = auth.check(httpCredentialSource(request.headers), SCOPES[permission])
  return checked.ok ? ok(checked.value.tenant) : checked
}

export function sendFault(reply: FastifyReply, found: Fault, style: Route['faults'], requestId: string): FastifyReply {
  const problem = withRetryAfter(found, Math.random)
  const shown = faultAnswer(problem, style, requestId)
  if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', String(problem.retryAfterSeconds))
  if (problem.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="vantage"')
  // Most faces' bodies have no place for the request's id.
  const headers = { 'content-type': shown.contentType, 'x-request-id': requestId }
  sendAnswer(reply.request, reply, { status: shown.status ?? 500, headers, body: shown.body }, 0)
  return reply
}

function bodyOf(body: unknown): Pick<ApiRequest, 'json' | 'bytes'> {
  if (body instanceof Uint8Array) return { bytes: body }
  return typeof body === 'object' && body !== null ? { json: body } : {}
}

/** Query string and form body as one list, in this order. */
function parametersOf(request: FastifyRequest): URLSearchParams {
  const at = request.url.indexOf('?')
  const params = new URLSearchParams(at < 0 ? '' : request.url.slice(at + 1))
  if (typeof request.body === 'string') {
    for (const [name, value] of new URLSearchParams(request.body)) params.append(name, value)
  }
  return params
}
