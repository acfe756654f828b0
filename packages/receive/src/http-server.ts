import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as NetServer, Socket } from 'node:net'
import type { ReceiveLimits } from './limits.ts'

/** How often Node looks for slow requests: its own 30 s would make a 10 s limit a 40 s one. */
const CONNECTIONS_CHECK_MS = 2_000

/** The part of Fastify's options that the doors need. */
export interface HttpServerOptions {
  readonly bodyLimit: number
  readonly requestTimeout: number
  readonly http: {
    readonly maxHeaderSize: number
    readonly headersTimeout: number
    readonly connectionsCheckingInterval: number
  }
  readonly clientErrorHandler: (error: Error & { code?: string }, socket: Socket) => void
}

/** What `Fastify({…})` needs so that slow, oversized and broken requests end as they should. */
export function httpServerOptions(limits: ReceiveLimits): HttpServerOptions {
  return {
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    http: {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
    },
    clientErrorHandler,
  }
}

/**
 * Requests that Node's parser gives up on. A slow one gets no answer: Node's own 408 makes OTLP clients drop
 * the data instead of sending it again.
 */
function clientErrorHandler(error: Error & { code?: string }, socket: Socket): void {
  if (error.code !== 'ERR_HTTP_REQUEST_TIMEOUT' && error.code !== 'ECONNRESET' && socket.writable) {
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request'
    socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  }
  socket.destroy()
}

/**
 * Connection caps (step 1), the whole server's and one address's. Over the cap the socket is closed unanswered.
 *
 * @param count told of each connection that comes (1) and goes (-1)
 */
export function limitConnections(server: NetServer, limits: ReceiveLimits, count: (change: number) => void): void {
  server.maxConnections = limits.maxConnections
  const byAddress = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    const open = (byAddress.get(address) ?? 0) + 1
    if (open > limits.maxConnectionsPerAddress) {
      socket.destroy()
      return
    }
    byAddress.set(address, open)
    count(1)
    socket.once('close', () => {
      count(-1)
      const left = (byAddress.get(address) ?? 1) - 1
      if (left === 0) byAddress.delete(address)
      else byAddress.set(address, left)
    })
  })
}

/**
 * Node waits for connections on which nothing ever came, as browsers open them ahead of need, once the server closes.
 * @returns ends them
 */
export function watchSilentConnections(server: NetServer): () => void {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
  }
}

/** Paths whose doors grant `Expect: 100-continue` themselves. */
interface HeldPaths {
  has(path: string): boolean
}

const waiting = new WeakSet<IncomingMessage>()
const guarded = new WeakMap<Server, HeldPaths[]>()

/** `Expect: 100-continue` on `paths` is answered by `grantContinue`; elsewhere at once, as Node would. */
export function holdContinue(server: Server, paths: HeldPaths): void {
  const known = guarded.get(server)
  if (known !== undefined) {
    known.push(paths)
    return
  }
  const held = [paths]
  guarded.set(server, held)
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? '').split('?', 1)[0] as string
    if (held.some((one) => one.has(path))) waiting.add(request)
    else response.writeContinue()
    server.emit('request', request, response)
  })
}

/** The request has passed the checks that need no body: the client may send it. */
export function grantContinue(request: IncomingMessage, response: ServerResponse): void {
  if (waiting.delete(request)) response.writeContinue()
}
