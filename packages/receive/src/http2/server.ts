import { createServer, type Server, type Socket } from 'node:net'
import { limitConnections } from '../http-server.ts'
import type { ReceiveLimits } from '../limits.ts'
import { Http2Connection } from './connection.ts'
import type { RequestHeader } from './request.ts'
import type { Http2Stream, StreamTaker } from './stream.ts'

/** How often connections are looked at: slow beginnings, silence, age. */
const SWEEP_MS = 1_000
/** Connections that were opened together do not end together. */
const AGE_SPREAD = 0.1

export interface Http2ServerOptions {
  readonly limits: ReceiveLimits
  readonly monotonicMs: () => number
  /** In [0, 1). */
  readonly random: () => number
  /** Told of each connection that comes (1) and goes (-1). */
  readonly count: (change: number) => void
  readonly open: (stream: Http2Stream, header: RequestHeader) => StreamTaker | undefined
}

interface Peer {
  readonly connection: Http2Connection
  readonly socket: Socket
  /** When it has to leave, and when a ping was sent that nothing answered yet. */
  readonly leaveMs: number
  pingedMs: number | undefined
}

/** Accepts connections of one address and ends those that are silent, slow or old. */
export class Http2Server {
  readonly #options: Http2ServerOptions
  readonly #server: Server
  readonly #peers = new Set<Peer>()
  #timer: NodeJS.Timeout | undefined
  #isListening = false
  /** Told when the last connection has ended. */
  #onEmpty: (() => void) | undefined

  constructor(options: Http2ServerOptions) {
    this.#options = options
    this.#server = createServer({ noDelay: true })
    // Before `#accept`, which finds those over a cap ended.
    limitConnections(this.#server, options.limits, options.count)
    this.#server.on('connection', (socket) => this.#accept(socket))
  }

  /** @param port 0 = any that is free. @returns the port; rejects where the address cannot be bound */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        this.#isListening = true
        resolve((this.#server.address() as { port: number }).port)
      })
    })
  }

  /** No new streams; open ones have `graceMs`, then they are cut. */
  async close(graceMs: number): Promise<void> {
    const cut = setTimeout(() => {
      for (const { connection } of [...this.#peers]) connection.destroy()
    }, graceMs)
    const stopped = this.#isListening ? new Promise((resolve) => this.#server.close(resolve)) : undefined
    for (const { connection } of [...this.#peers]) connection.leave()
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
    if (this.#peers.size > 0) await empty
    await stopped
    clearTimeout(cut)
    clearInterval(this.#timer)
  }

  /** Serves a connection of another server's port. */
  take(socket: Socket): void {
    this.#accept(socket)
  }

  #accept(socket: Socket): void {
    if (socket.destroyed) return
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_MS).unref()
    const { limits, monotonicMs, random, open } = this.#options
    const connection = new Http2Connection({
      socket,
      maxHeaderBytes: limits.maxHeaderBytes,
      maxConcurrentStreams: limits.grpcMaxConcurrentStreams,
      monotonicMs,
      open,
    })
    const spread = 1 + AGE_SPREAD * (random() * 2 - 1)
    const leaveMs = monotonicMs() + limits.grpcConnectionAgeMs * spread
    const peer: Peer = { connection, socket, leaveMs, pingedMs: undefined }
    this.#peers.add(peer)
    socket.on('data', (bytes: Buffer) => connection.receive(bytes))
    socket.on('end', () => connection.destroy())
    socket.on('close', () => {
      this.#peers.delete(peer)
      if (this.#peers.size === 0) this.#onEmpty?.()
    })
  }

  #sweep(): void {
    const nowMs = this.#options.monotonicMs()
    for (const peer of [...this.#peers]) this.#look(peer, nowMs)
  }

  #look(peer: Peer, nowMs: number): void {
    const { limits } = this.#options
    const { connection } = peer
    const silentMs = nowMs - connection.lastReceivedMs
    connection.dropSlow(nowMs - limits.requestTimeoutMs)
    if (!connection.hasBegun) {
      if (nowMs - connection.startedMs >= limits.headersTimeoutMs) connection.destroy()
      return
    }
    if (nowMs >= peer.leaveMs + limits.grpcConnectionAgeGraceMs) connection.destroy()
    else if (nowMs >= peer.leaveMs) connection.leave()
    if (silentMs < limits.grpcKeepaliveMs) peer.pingedMs = undefined
    else if (peer.pingedMs === undefined) {
      peer.pingedMs = nowMs
      connection.ping()
    } else if (nowMs - peer.pingedMs >= limits.grpcKeepaliveTimeoutMs) connection.destroy()
  }
}
