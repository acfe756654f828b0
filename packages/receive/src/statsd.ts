import { isUtf8 } from 'node:buffer'
import { once } from 'node:events'
import { lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net'
import { isUtf8Range, utf8Text } from '@vantage/bytes'
import { assert } from '@vantage/model'
import { readStatsdStream } from './statsd-stream.ts'
import { closedReason, openUdp, type QuietDoorOptions } from './udp.ts'

const RECEIVER = 'statsd'
const NEWLINE = 0x0a
const RETURN = 0x0d
const CONNECTIONS_MAX = 512
/** A connection that says nothing for so long is closed. */
const IDLE_MS = 600_000

interface StatsdLineOptions extends Pick<QuietDoorOptions, 'reception' | 'counts'> {
  /** One line without its end, never empty, valid text. */
  readonly onLine: (line: string) => void
}

export interface StatsdDoorOptions extends StatsdLineOptions, QuietDoorOptions {}

export interface StatsdDoor {
  readonly port: number
  close(): Promise<void>
}

/** StatsD over UDP and TCP on the same port. Never an answer. Rejects where either cannot be bound. */
export async function openStatsd(options: StatsdDoorOptions): Promise<StatsdDoor> {
  const udp = await openUdp({ ...options, receiver: RECEIVER, onDatagram: (bytes) => takeLines(bytes, options) })
  try {
    const tcp = await listenStream(options, { port: udp.port, host: options.host }, false)
    return { port: udp.port, close: async () => void (await Promise.all([udp.close(), closeStream(tcp)])) }
  } catch (error) {
    await udp.close()
    throw error
  }
}

export interface StatsdSocketOptions extends StatsdLineOptions {
  /** Of the unix socket, which is made here and removed at the end. */
  readonly path: string
}

/**
 * StatsD over a unix stream socket: lines, or the framed packets of DogStatsD clients (`unixstream://`). Who may write
 * to it is who may write to the file. A socket that nobody listens on any more is replaced; any other file there rejects.
 */
export async function openStatsdSocket(options: StatsdSocketOptions): Promise<{ close(): Promise<void> }> {
  const { path } = options
  const listener = await listenStream(options, { path }, true).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' || !lstatSync(path).isSocket() || (await isListening(path))) throw error
    unlinkSync(path)
    return listenStream(options, { path }, true)
  })
  return { close: () => closeStream(listener) }
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

interface StreamListener {
  readonly server: Server
  readonly sockets: ReadonlySet<Socket>
}

async function listenStream(
  options: StatsdLineOptions,
  where: ListenOptions,
  mayBeFramed: boolean,
): Promise<StreamListener> {
  const sockets = new Set<Socket>()
  const { counts, reception } = options
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // A sender that resets its connection has said all it will say.
    socket.on('error', () => socket.destroy())
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    const sink = {
      received: () => counts.received.add(1, RECEIVER),
      tooLong: () => counts.dropped.add(1, RECEIVER, 'line_too_long'),
      take: (bytes: Uint8Array) => {
        const reason = closedReason(reception)
        if (reason === undefined) takeLines(bytes, options)
        else counts.dropped.add(1, RECEIVER, reason)
      },
    }
    readStatsdStream(socket, sink, mayBeFramed)
  })
  server.maxConnections = CONNECTIONS_MAX
  server.listen(where)
  await once(server, 'listening')
  return { server, sockets }
}

async function closeStream({ server, sockets }: StreamListener): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  for (const socket of sockets) socket.destroy()
  await closed
}

/** Hands on each line that is text; the others are counted. */
function takeLines(bytes: Uint8Array, { onLine, counts }: StatsdLineOptions): void {
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
