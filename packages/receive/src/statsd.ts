import { isUtf8 } from 'node:buffer'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { isUtf8Range, utf8Text } from '@vantage/bytes'
import { assert } from '@vantage/model'
import { closedReason, openUdp, type QuietDoorOptions, type UdpListener } from './udp.ts'

const RECEIVER = 'statsd'
const NEWLINE = 0x0a
const RETURN = 0x0d
/** Bytes of one line over TCP; a datagram is bounded by UDP itself. */
export const STATSD_LINE_BYTES_MAX = 65_536
const CONNECTIONS_MAX = 512
/** A connection that says nothing for so long is closed. */
const IDLE_MS = 600_000

export interface StatsdDoorOptions extends QuietDoorOptions {
  /** One line without its end, never empty, valid text. */
  readonly onLine: (line: string) => void
}

export interface StatsdDoor {
  readonly port: number
  close(): Promise<void>
}

/** StatsD over UDP and TCP on the same port. Never an answer. Rejects where either cannot be bound. */
export async function openStatsd(options: StatsdDoorOptions): Promise<StatsdDoor> {
  const udp = await openUdp({ ...options, receiver: RECEIVER, onDatagram: (bytes) => takeLines(bytes, options) })
  try {
    const tcp = await openTcp(options, udp.port)
    return { port: udp.port, close: () => closeBoth(udp, tcp) }
  } catch (error) {
    await udp.close()
    throw error
  }
}

interface TcpListener {
  readonly server: Server
  readonly sockets: ReadonlySet<Socket>
}

async function openTcp(options: StatsdDoorOptions, port: number): Promise<TcpListener> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // A sender that resets its connection has said all it will say.
    socket.on('error', () => socket.destroy())
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    readStream(socket, options)
  })
  server.maxConnections = CONNECTIONS_MAX
  server.listen(port, options.host)
  await once(server, 'listening')
  return { server, sockets }
}

async function closeBoth(udp: UdpListener, { server, sockets }: TcpListener): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  for (const socket of sockets) socket.destroy()
  await Promise.all([udp.close(), closed])
}

/** Cuts a stream into lines; the rest of a line waits for its end. */
function readStream(socket: Socket, options: StatsdDoorOptions): void {
  let rest = Buffer.alloc(0)
  const take = (bytes: Uint8Array) => {
    const reason = closedReason(options.reception)
    if (reason === undefined) takeLines(bytes, options)
    else options.counts.dropped.add(1, RECEIVER, reason)
  }
  socket.on('data', (chunk: Buffer) => {
    options.counts.received.add(1, RECEIVER)
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (rest.length + (end === 0 ? chunk.length : chunk.indexOf(NEWLINE)) > STATSD_LINE_BYTES_MAX) {
      options.counts.dropped.add(1, RECEIVER, 'line_too_long')
      socket.destroy()
      return
    }
    if (end > 0) take(Buffer.concat([rest, chunk.subarray(0, end)]))
    rest = end > 0 ? Buffer.from(chunk.subarray(end)) : Buffer.concat([rest, chunk])
  })
  socket.on('end', () => {
    if (rest.length > 0) take(rest)
    socket.end()
  })
}

/** Hands on each line that is text; the others are counted. */
function takeLines(bytes: Uint8Array, { onLine, counts }: StatsdDoorOptions): void {
  const isText = isUtf8(bytes)
  let at = 0
  while (at < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, at)
    const next = newline < 0 ? bytes.length : newline + 1
    let end = newline < 0 ? bytes.length : newline
    if (end > at && bytes[end - 1] === RETURN) end--
    assert(next > at, 'lines are cut from left to right')
    if (end > at && (isText || isUtf8Range(bytes, at, end))) onLine(utf8Text(bytes, at, end))
    else if (end > at) counts.dropped.add(1, RECEIVER, 'invalid_utf8')
    at = next
  }
}
