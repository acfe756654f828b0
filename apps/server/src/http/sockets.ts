import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { STATUS, type TenantId } from '@vantage/model'
import { type Auth, httpCredentialSource } from '@vantage/receive'
import type { FastifyInstance } from 'fastify'
import { type WebSocket, WebSocketServer } from 'ws'
import { type LiveHub, REQUEST_BYTES_MAX } from '../live/hub.ts'
import type { LogTails, TailRequest } from '../live/log-tails.ts'

const LIVE_PATHS = new Set(['/ws', '/ws/metrics'])
const TAIL_PATH = '/loki/api/v1/tail'
/** A socket that does not answer a ping within the next period is dead. */
const PING_MS = 30_000
/** Source: RFC 6455, section 7.4.1: a policy was violated. */
const TAIL_REFUSED = 1008
/** The reason of a close has 123 bytes. */
const CLOSE_REASON_CHARS_MAX = 100

export interface SocketDeps {
  readonly auth: Auth
  readonly hub: () => LiveHub | undefined
  readonly tails: () => LogTails | undefined
  readonly allowedOrigins: readonly string[]
}

/** The sockets of live samples and of followed logs: origin, credential, then who serves them. No compression. */
export function registerSockets(app: FastifyInstance, deps: SocketDeps): void {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: REQUEST_BYTES_MAX })
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const url = new URL(request.url ?? '/', 'http://live')
    const tenant = admit(url.pathname, request, deps)
    if (typeof tenant === 'number') return refuse(socket, tenant)
    server.handleUpgrade(request, socket, head, (client) => {
      if (url.pathname === TAIL_PATH) serveTail(client, { tenant, params: url.searchParams }, deps.tails() as LogTails)
      else serve(client, deps.hub() as LiveHub)
    })
  })
  app.addHook('onClose', async () => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
}

/** @returns the tenant, or the status that refuses */
function admit(path: string, request: IncomingMessage, deps: SocketDeps): TenantId | number {
  const isTail = path === TAIL_PATH
  if (!isTail && !LIVE_PATHS.has(path)) return STATUS.not_found.http
  const { origin } = request.headers
  if (origin !== undefined && !isOwnOrigin(origin, request.headers.host) && !deps.allowedOrigins.includes(origin)) {
    return STATUS.forbidden.http
  }
  const checked = deps.auth.check(httpCredentialSource(request.headers), isTail ? 'logs:read' : 'metrics:read')
  if (!checked.ok) return STATUS[checked.error.code].http
  const server = isTail ? deps.tails() : deps.hub()
  return server === undefined ? STATUS.unavailable.http : checked.value.tenant
}

/** A page of another site must not read our live data with the visitor's address. */
function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return origin === `http://${host}` || origin === `https://${host}`
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function serve(client: WebSocket, hub: LiveHub): void {
  client.binaryType = 'arraybuffer'
  const session = hub.connect({
    send: (data) => client.send(data),
    close: (code, reason) => client.close(code, reason),
    get bufferedAmount() {
      return client.bufferedAmount
    },
  })
  keepAlive(client)
  client.on('message', (data, isBinary) => {
    if (isBinary) client.close(1003, 'want text requests')
    else session.message(String(data))
  })
  client.on('close', () => session.closed())
}

/** A query that cannot be followed closes with its reason. */
function serveTail(client: WebSocket, request: TailRequest, tails: LogTails): void {
  const opened = tails.open(request, {
    send: (data) => client.send(Buffer.from(data).toString('utf8')),
    get bufferedAmount() {
      return client.bufferedAmount
    },
  })
  if (!opened.ok) {
    client.close(TAIL_REFUSED, opened.error.message.slice(0, CLOSE_REASON_CHARS_MAX))
    return
  }
  keepAlive(client)
  client.on('close', opened.value)
}

function keepAlive(client: WebSocket): void {
  let isAlive = true
  const timer = setInterval(() => {
    if (!isAlive) return client.terminate()
    isAlive = false
    client.ping()
  }, PING_MS)
  client.on('pong', () => {
    isAlive = true
  })
  client.on('close', () => clearInterval(timer))
  // An error is followed by close, which frees everything.
  client.on('error', () => {})
}
