import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { DOCS_CSS, docsPage, openApiDocument, type Route, type RpcMethod } from '@vantage/api'
import { type Code, fault, foreign, STATUS } from '@vantage/model'
import {
  httpServerOptions,
  limitConnections,
  type Reception,
  registerDoors,
  serveBesideHttp1,
  type TextDoors,
  watchSilentConnections,
} from '@vantage/receive'
import Fastify, { type FastifyInstance } from 'fastify'
import type { LiveHub } from '../live/hub.ts'
import type { LogTails } from '../live/log-tails.ts'
import { registerDashboard } from './dashboard.ts'
import { type RouteDeps, registerRoutes, sendFault } from './routes.ts'
import { registerSockets } from './sockets.ts'

export interface AppDeps extends RouteDeps {
  readonly reception: Reception
  readonly textDoors: TextDoors
  readonly routes: readonly Route[]
  /** Ports of `--compat` where one API has the root. */
  readonly faces: readonly { readonly port: number; readonly routes: readonly Route[] }[]
  /** Questions over gRPC. */
  readonly rpcs: readonly RpcMethod[]
  /** Of these, what senders of spans ask where they send. */
  readonly senderRpcs: readonly RpcMethod[]
  /** Where clients of Jaeger's agent ask how many traces to record. */
  readonly samplingRoutes: readonly Route[]
  /** Serves questions over gRPC on a connection of a port of HTTP. */
  readonly takeGrpc: (socket: Socket) => void
  readonly hub: () => LiveHub | undefined
  readonly tails: () => LogTails | undefined
  readonly corsOrigins: readonly string[]
  readonly dashboard: string | undefined
  readonly version: string
}

/** What runs when the server closes may go on for so long. */
export const DRAIN_CLOSE_MS = 20_000

function bare(deps: AppDeps): FastifyInstance {
  const app = Fastify({
    ...httpServerOptions(deps.reception.limits),
    logger: false,
    genReqId: () => randomUUID(),
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true },
  })
  const { limits, connections } = deps.reception
  limitConnections(app.server, limits, (change) => connections.add(change, 'http'))
  const endSilent = watchSilentConnections(app.server)
  app.addHook('preClose', async () => {
    endSilent()
    // A request that never comes whole would hold up the end, and the log would not be closed.
    setTimeout(() => app.server.closeAllConnections(), DRAIN_CLOSE_MS).unref()
  })
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
  })
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? STATUS.internal.http
    if (status >= STATUS.internal.http) {
      deps.logger.error('a request failed', {
        requestId: request.id,
        path: request.routeOptions.url,
        error: error.stack,
      })
    }
    const code = status >= STATUS.internal.http ? 'internal' : codeOf(status)
    const message = code === 'internal' ? 'internal error' : foreign(error.message)
    return sendFault(reply, fault(code, message), 'vantage', request.id)
  })
  app.setNotFoundHandler((request, reply) =>
    sendFault(reply, fault('not_found', `no route ${request.method} ${foreign(request.url)}`), 'vantage', request.id),
  )
  return app
}

/** The framework's own refusals (a body too large, a media type that nobody reads) as faults. */
function codeOf(status: number): Code {
  const found = (Object.keys(STATUS) as Code[]).find((code) => STATUS[code].http === status)
  return found ?? 'bad_request'
}

/** The whole product: doors, APIs, live socket, documents and the dashboard. */
export function fullApp(deps: AppDeps): FastifyInstance {
  const app = bare(deps)
  registerCors(app, deps.corsOrigins)
  registerDoors(app, deps.reception)
  deps.textDoors.register(app)
  registerRoutes(app, deps.routes, deps)
  registerSockets(app, { ...deps, allowedOrigins: deps.corsOrigins })
  registerDocuments(app, deps)
  if (deps.dashboard === undefined) app.get('/', (_request, reply) => reply.redirect('/docs'))
  else registerDashboard(app, deps.dashboard)
  return app
}

/** A port where one API has the root, beside the doors, own health and metrics, and questions over gRPC. */
export function faceApp(deps: AppDeps, routes: readonly Route[]): FastifyInstance {
  const app = bare(deps)
  serveBesideHttp1(app.server, deps.reception.limits.headersTimeoutMs, deps.takeGrpc)
  registerDoors(app, deps.reception)
  deps.textDoors.register(app)
  const own = deps.routes.filter(({ path }) => path === '/metrics' || path.startsWith('/-/'))
  registerRoutes(app, [...routes, ...own], deps)
  registerSockets(app, { ...deps, allowedOrigins: deps.corsOrigins })
  return app
}

/** The OTLP/HTTP port: the doors, health, nothing else. */
export function otlpApp(deps: AppDeps): FastifyInstance {
  const app = bare(deps)
  registerDoors(app, deps.reception)
  registerRoutes(
    app,
    deps.routes.filter((route) => route.path.startsWith('/-/') || route.path === '/health'),
    deps,
  )
  return app
}

function registerDocuments(app: FastifyInstance, deps: AppDeps): void {
  const document = openApiDocument(deps.routes, deps.version)
  const page = docsPage(deps.routes, deps.version)
  app.get('/openapi.json', async () => document)
  app.get('/docs', (_request, reply) =>
    reply
      .header('content-type', 'text/html; charset=utf-8')
      .header(
        'content-security-policy',
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      )
      .send(page),
  )
  app.get('/docs.css', (_request, reply) => reply.header('content-type', 'text/css; charset=utf-8').send(DOCS_CSS))
}

const CORS_HEADERS = 'content-type, content-encoding, x-api-key, authorization, traceparent, tracestate'
const CORS_MAX_AGE_SECONDS = '600'

/** Closed unless origins are named (`http.corsOrigins`). */
function registerCors(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers
    if (origin === undefined || !origins.includes(origin)) return
    reply.header('access-control-allow-origin', origin).header('vary', 'Origin')
    if (request.method !== 'OPTIONS') return
    reply
      .header('access-control-allow-methods', 'GET, POST')
      .header('access-control-allow-headers', CORS_HEADERS)
      .header('access-control-max-age', CORS_MAX_AGE_SECONDS)
    return reply.code(204).send()
  })
  app.options('/*', (_request, reply) => reply.code(204).send())
}
