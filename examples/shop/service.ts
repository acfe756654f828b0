import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Attributes,
  context,
  metrics,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { EXIT_NO_PORT } from './exit-codes.ts'
import { isActive, isFaultName, setFault } from './faults.ts'
import { log, startTelemetry } from './telemetry.ts'

const BODY_BYTES_MAX = 65_536
const CALL_TIMEOUT_MS = 5_000
const SLOW_REPLICA_MS = 700
/** What the version that should not have been deployed does to each request. */
const BAD_VERSION = '1.1.0'
const BAD_VERSION_MS = 400
const BAD_VERSION_FAILS = 0.15

/** A status that is not 200. */
export class HttpError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface Call {
  /** Named parts of the path. */
  readonly path: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
  readonly span: Span
}

/** `GET /product/:id` and what it answers, as JSON. */
export type Routes = Readonly<Record<string, (call: Call) => Promise<unknown>>>

/** Where the services of the shop listen, by name: set by the process that starts them. */
const addresses: Readonly<Record<string, string>> = JSON.parse(process.env['SHOP_ADDRESSES'] ?? '{}')

/** Some services are left out on some machines. */
export function hasService(name: string): boolean {
  return addresses[name] !== undefined
}

const tracer = () => trace.getTracer('shop')

/** Runs one service of the shop: an HTTP server with a span, a metric and a log line for each request. */
export function runService(name: string, routes: Routes): void {
  const endpoint = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? 'http://127.0.0.1:4318'
  const telemetry = startTelemetry(name, process.env['SHOP_VERSION'] ?? '1.0.0', endpoint)
  const meter = metrics.getMeter('shop')
  const durations = meter.createHistogram('http.server.request.duration', {
    unit: 's',
    description: 'How long requests took.',
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] },
  })
  meter
    .createObservableGauge('process.memory.usage', { unit: 'By' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()))
  meter.createObservableCounter('process.cpu.time', { unit: 's' }).addCallback((result) => {
    const { user, system } = process.cpuUsage()
    result.observe((user + system) / 1e6)
  })
  const server = createServer((request, response) => {
    const started = performance.now()
    void serve(name, routes, request, response).then(({ route, status }) => {
      durations.record((performance.now() - started) / 1_000, {
        'http.request.method': request.method ?? '',
        'http.route': route,
        'http.response.status_code': status,
      })
    })
  })
  server.once('error', (error) => {
    console.error(`shop: ${name}: ${error.message}`)
    process.exit(EXIT_NO_PORT)
  })
  server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1')
  endWith(server, () => telemetry.shutdown())
}

function endWith(server: Server, shutdown: () => Promise<void>): void {
  const end = (): void => {
    server.close()
    server.closeAllConnections()
    void shutdown().finally(() => process.exit(0))
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
  // The process that started us is gone.
  process.once('disconnect', end)
}

async function serve(
  name: string,
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<{ route: string; status: number }> {
  const url = new URL(request.url ?? '/', 'http://shop')
  if (switchFault(request.method ?? '', url)) {
    response.writeHead(204).end()
    return { route: '/faults/:name', status: 204 }
  }
  const found = findRoute(routes, request.method ?? '', url.pathname)
  const parent = propagation.extract(context.active(), request.headers)
  const attributes: Attributes = {
    'http.request.method': request.method ?? '',
    'url.path': url.pathname,
    'http.route': found?.route ?? '',
    'server.address': name,
  }
  return tracer().startActiveSpan(
    `${request.method} ${found?.route ?? url.pathname}`,
    { kind: SpanKind.SERVER, attributes },
    parent,
    async (span) => {
      let status = 200
      let answer: unknown
      try {
        if (found === undefined) throw new HttpError(404, `no route ${url.pathname}`)
        if (process.env['SHOP_VERSION'] === BAD_VERSION) await misbehave()
        answer = await found.handle({ path: found.path, body: await readBody(request), span })
      } catch (error) {
        status = error instanceof HttpError ? error.status : 500
        answer = { error: (error as Error).message }
        if (status >= 500) failSpan(span, error as Error)
        log(status >= 500 ? 'error' : 'warn', (error as Error).message, { status, route: found?.route ?? '' })
      }
      span.setAttribute('http.response.status_code', status)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}))
      if (status < 400) log('info', 'request served', { status, route: found?.route ?? '' })
      span.end()
      return { route: found?.route ?? '', status }
    },
  )
}

async function misbehave(): Promise<void> {
  await takeTime(BAD_VERSION_MS)
  if (Math.random() < BAD_VERSION_FAILS) throw new Error('a setting of the new version is missing')
}

/** `POST /faults/NAME?on=true|false`: for whoever plays the demo; not a request of the shop. */
function switchFault(method: string, url: URL): boolean {
  const name = /^\/faults\/([\w-]+)$/.exec(url.pathname)?.[1] ?? ''
  if (method !== 'POST' || !isFaultName(name)) return false
  setFault(name, url.searchParams.get('on') !== 'false')
  return true
}

function findRoute(routes: Routes, method: string, pathname: string) {
  const parts = pathname.split('/')
  for (const [key, handle] of Object.entries(routes)) {
    const [wanted, route = ''] = key.split(' ')
    const names = route.split('/')
    if (wanted !== method || names.length !== parts.length) continue
    const isMatch = names.every((one, i) => one.startsWith(':') || one === parts[i])
    if (!isMatch) continue
    const path = Object.fromEntries(
      names.flatMap((one, i) => (one.startsWith(':') ? [[one.slice(1), parts[i] ?? '']] : [])),
    )
    return { route, path, handle }
  }
  return undefined
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of request) {
    text += chunk
    if (text.length > BODY_BYTES_MAX) throw new HttpError(413, 'body too large')
  }
  return text === '' ? {} : JSON.parse(text)
}

function failSpan(span: Span, error: Error): void {
  span.recordException(error)
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
}

/** Runs work in a span of its own; an error ends it as failed and goes on. */
export async function inSpan<T>(
  name: string,
  kind: SpanKind,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  return tracer().startActiveSpan(name, { kind, attributes }, async (span) => {
    try {
      return await work(span)
    } catch (error) {
      failSpan(span, error as Error)
      throw error
    } finally {
      span.end()
    }
  })
}

/** Calls another service of the shop, the trace context with it. */
export function callService(
  service: string,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const attributes = {
    'http.request.method': method,
    'server.address': service,
    'peer.service': service,
    'url.path': path,
  }
  return inSpan(`${method} ${service}`, SpanKind.CLIENT, attributes, async (span) => {
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    propagation.inject(context.active(), headers)
    const response = await fetch(`${addresses[service]}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    span.setAttribute('http.response.status_code', response.status)
    const answer = (await response.json()) as Record<string, unknown>
    if (!response.ok)
      throw new HttpError(response.status >= 500 ? 502 : response.status, `${service}: ${answer['error']}`)
    return answer
  })
}

/** A call of a database: a span of its own that takes its time. */
export function callDatabase(statement: string, attributes: Attributes, medianMs: number): Promise<void> {
  const operation = statement.split(' ', 1)[0] as string
  const isSlow = isActive('slow-database') && Math.random() < 0.5
  const all = {
    'db.system.name': 'postgresql',
    'db.instance.id': isSlow ? 'replica-2' : 'replica-1',
    'db.query.text': statement,
    'db.operation.name': operation,
    ...attributes,
  }
  return inSpan(`${operation} shop`, SpanKind.CLIENT, all, () => takeTime(isSlow ? SLOW_REPLICA_MS : medianMs))
}

/** Waits about as long as said: twice it now and then. */
export async function takeTime(medianMs: number): Promise<void> {
  await sleep(medianMs * (0.5 + Math.random() + (Math.random() < 0.05 ? 1 : 0)))
}
