import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { ByteCursor, readVarint, writeVarint } from '@vantage/bytes'

/** What became of one body: in the log and synced, or refused for now. Every other answer is thrown. */
export type Sent = 'taken' | 'refused'

/** One connection of one sender; one body after the other, or several at once where the protocol allows. */
export interface DoorClient {
  send(body: Buffer): Promise<Sent>
  close(): void
}

const FRAME_HEAD_BYTES = 5

/** A POST on a connection that stays open; one in flight. */
export function httpClient(url: string, headers: Readonly<Record<string, string>>): DoorClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const target = new URL(url)
  const send = (body: Buffer): Promise<Sent> =>
    new Promise((settle, fail) => {
      const options = { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } }
      const sent = request(target, options, (answer) => {
        let text = ''
        answer.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        answer.on('error', fail)
        answer.on('end', () => {
          const status = answer.statusCode ?? 0
          if (status >= 200 && status < 300) settle('taken')
          else if (status === 429 || status === 503) settle('refused')
          else fail(new Error(`${target.pathname} answered ${status}: ${text}`))
        })
      })
      sent.on('error', fail)
      sent.end(body)
    })
  return { send, close: () => agent.destroy() }
}

/** Statuses that ask for another try: RESOURCE_EXHAUSTED, UNAVAILABLE. */
const BUSY: ReadonlySet<string> = new Set(['8', '14'])

function frame(body: Buffer): Buffer {
  const out = Buffer.allocUnsafe(FRAME_HEAD_BYTES + body.length)
  out[0] = 0
  out.writeUInt32BE(body.length, 1)
  body.copy(out, FRAME_HEAD_BYTES)
  return out
}

function openCall(session: ClientHttp2Session, path: string): ClientHttp2Stream {
  return session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' })
}

/** Unary gRPC calls over one connection, as many at once as are sent. */
export function grpcClient(target: string, path: string): DoorClient {
  const session = connectHttp2(`http://${target}`)
  session.on('error', () => {})
  const send = (body: Buffer): Promise<Sent> =>
    new Promise((settle, fail) => {
      const call = openCall(session, path)
      let status = ''
      let message = ''
      const note = (headers: Record<string, unknown>) => {
        status = String(headers['grpc-status'] ?? status)
        message = String(headers['grpc-message'] ?? message)
      }
      call.on('response', note)
      call.on('trailers', note)
      call.on('error', fail)
      call.on('close', () => {
        if (status === '0') settle('taken')
        else if (BUSY.has(status)) settle('refused')
        else fail(new Error(`${path} answered ${status}: ${message}`))
      })
      call.resume()
      call.end(frame(body))
    })
  return { send, close: () => session.destroy() }
}

interface Waiting {
  readonly seq: number
  readonly settle: (sent: Sent) => void
}

/** The telemetry stream: numbers its batches; a stream that ends is opened again, what waited was refused. */
export class StreamClient implements DoorClient {
  readonly #session: ClientHttp2Session
  #call: ClientHttp2Stream | undefined
  #waiting: Waiting[] = []
  #seq = 0
  #unread: Buffer = Buffer.alloc(0)

  constructor(target: string) {
    this.#session = connectHttp2(`http://${target}`)
    this.#session.on('error', () => this.#end())
    this.#session.on('close', () => this.#end())
  }

  send(body: Buffer): Promise<Sent> {
    if (this.#session.destroyed) return Promise.resolve('refused')
    const call = this.#call ?? this.#open()
    const seq = ++this.#seq
    const field = Buffer.alloc(11)
    field[0] = 0x28
    const numbered = Buffer.concat([body, field.subarray(0, writeVarint(field, 1, seq))])
    return new Promise((settle) => {
      this.#waiting.push({ seq, settle })
      call.write(frame(numbered))
    })
  }

  close(): void {
    this.#session.destroy()
  }

  #open(): ClientHttp2Stream {
    const call = openCall(this.#session, '/vantage.telemetry.v1.Telemetry/Stream')
    this.#call = call
    this.#unread = Buffer.alloc(0)
    call.on('data', (chunk: Buffer) => this.#read(chunk))
    call.on('error', () => {})
    // The server has ended it: what is still to be written meets nobody.
    call.on('end', () => call.close())
    call.on('close', () => this.#end())
    return call
  }

  #end(): void {
    this.#call = undefined
    for (const { settle } of this.#waiting.splice(0)) settle('refused')
  }

  #read(chunk: Buffer): void {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk])
    while (this.#unread.length >= FRAME_HEAD_BYTES) {
      const end = FRAME_HEAD_BYTES + this.#unread.readUInt32BE(1)
      if (this.#unread.length < end) return
      const ack = new ByteCursor(this.#unread, FRAME_HEAD_BYTES, end)
      // Field 1, which is written first.
      const upToSeq = ack.at < end && readVarint(ack) === 0x08 ? readVarint(ack) : 0
      while ((this.#waiting[0]?.seq ?? Number.POSITIVE_INFINITY) <= upToSeq) this.#waiting.shift()?.settle('taken')
      this.#unread = this.#unread.subarray(end)
    }
  }
}

/** StatsD over TCP: nothing is answered, so taken means read. */
export async function tcpClient(port: number): Promise<DoorClient> {
  const socket: Socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.on('error', () => {})
  const send = async (body: Buffer): Promise<Sent> => {
    if (socket.destroyed) return 'refused'
    if (!socket.write(body)) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
    return 'taken'
  }
  return { send, close: () => socket.destroy() }
}
