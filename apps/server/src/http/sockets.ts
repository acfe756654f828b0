import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { STATUS } from '@vantage/model'
import type { Auth } from '@vantage/receive'
import type { FastifyInstance } from 'fastify'
import { type WebSocket, WebSocketServer } from 'ws'
import { type LiveHub, REQUEST_BYTES_MAX } from '../live/hub.ts'

const PATHS = new Set(['/ws', '/ws/metrics'])
/** A socket that does not answer a ping within the next period is dead. */
const PING_MS = 30_000

export interface SocketDeps {
  readonly auth: Auth
  readonly hub: () => LiveHub | undefined
  readonly allowedOrigins: readonly string[]
}

/** The live socket: origin, credential, then the hub. No compression. */
export function registerSockets(app: FastifyInstance, deps: SocketDeps): void {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: REQUEST_BYTES_MAX })
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refusalOf(request, deps)
    if (refusal !== undefined) return refuse(socket, refusal)
    server.handleUpgrade(request, socket, head, (client) => serve(client, deps.hub() as LiveHub))
  })
  app.addHook('onClose', async () => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
}

function refusalOf(request: IncomingMessage, deps: SocketDeps): number | undefined {
  const path = (request.url ?? '').split('?', 1)[0] as string
  if (!PATHS.has(path)) return STATUS.not_found.http
  const { origin } = request.headers
  if (origin !== undefined && !isOwnOrigin(origin, request.headers.host) && !deps.allowedOrigins.includes(origin)) {
    return STATUS.forbidden.http
  }
  const header = (name: string): string | undefined => {
    const value = request.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  const checked = deps.auth.check({ authority: request.headers.host, header }, 'metrics:read')
  if (!checked.ok) return STATUS[checked.error.code].http
  return deps.hub() === undefined ? STATUS.unavailable.http : undefined
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
  let isAlive = true
  const timer = setInterval(() => {
    if (!isAlive) return client.terminate()
    isAlive = false
    client.ping()
  }, PING_MS)
  client.on('pong', () => {
    isAlive = true
  })
  client.on('message', (data, isBinary) => {
    if (isBinary) client.close(1003, 'want text requests')
    else session.message(String(data))
  })
  client.on('close', () => {
    clearInterval(timer)
    session.closed()
  })
  // An error is followed by close, which frees everything.
  client.on('error', () => {})
}
