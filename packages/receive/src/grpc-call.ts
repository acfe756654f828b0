import { type BytesFailure, copyBytes, type InflateEncoding, Inflater, type ReusableBuffer } from '@vantage/bytes'
import { type Fault, fault, STATUS } from '@vantage/model'
import { tooLargeFault } from './admission.ts'
import { encodeField, STATUS_200 } from './http2/hpack.ts'
import type { RequestHeader } from './http2/request.ts'
import type { Http2Stream, StreamTaker } from './http2/stream.ts'
import type { Reception } from './reception.ts'
import { withRetryAfter } from './retry-after.ts'

/**
 * Calls of gRPC on streams of HTTP/2. Source: grpc/grpc doc/PROTOCOL-HTTP2.md.
 *
 *     message = compressed u8 | length u32 big-endian | bytes
 */

const MESSAGE_HEAD_BYTES = 5
const PACKINGS: Readonly<Record<string, InflateEncoding>> = { gzip: 'gzip', deflate: 'deflate' }
const HEAD = Buffer.concat([
  STATUS_200,
  encodeField('content-type', 'application/grpc'),
  encodeField('grpc-accept-encoding', 'identity,deflate,gzip'),
])
const OK = encodeField('grpc-status', '0')
/** Of a packed message, before it is looked whether there is room. */
const UNPACK_STEP_BYTES = 16 * 1024
/** A text is cut behind it: headers have an end. */
const DETAILS_CHARS_MAX = 2_000

/** Who takes the messages of a call. None of it is called once the call is over. */
export interface CallTaker {
  /** A message of so many bytes begins. @returns why it is refused unread */
  begin(bytes: number): Fault | undefined
  /** A message, whole and unpacked: `bytes` of the buffer, which is the taker's to give back. */
  message(buffer: ReusableBuffer, bytes: number): void
  /** The client sends no more. */
  end(): void
  /** The client went away; or what it sent is refused, which it is told next. */
  cancelled(refusal: Fault | undefined): void
}

/** One call: reads its messages one after the other into buffers of the pool, and answers. */
export class GrpcCall implements StreamTaker {
  readonly #stream: Http2Stream
  readonly #header: RequestHeader
  readonly #reception: Reception
  /** Set by who opened the call, before anything arrives. */
  taker: CallTaker | undefined
  readonly #head = Buffer.alloc(MESSAGE_HEAD_BYTES)
  #headBytes = 0
  #buffer: ReusableBuffer | undefined
  #length = 0
  #filled = 0
  #isPacked = false
  /** Packed messages are unpacked elsewhere; what comes behind them waits for its turn. */
  #unpacking: Promise<void> | undefined
  #hasSentHead = false
  #isOver = false
  #readingSinceMs: number | undefined

  constructor(stream: Http2Stream, header: RequestHeader, reception: Reception) {
    this.#stream = stream
    this.#header = header
    this.#reception = reception
  }

  get path(): string {
    return this.#header.get(':path') as string
  }

  get authority(): string {
    return this.#header.get(':authority') ?? this.#header.get('host') ?? ''
  }

  get remoteAddress(): string {
    return this.#stream.host.remoteAddress
  }

  /** The same for all calls of one connection. */
  get connection(): object {
    return this.#stream.host
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** When the message that is being read, or the one that is expected, began. */
  get readingSinceMs(): number | undefined {
    return this.#readingSinceMs
  }

  /** A call of one message: it has to come soon. */
  expectMessage(): void {
    this.#readingSinceMs = this.#reception.clock.monotonicMs()
  }

  header(name: string): string | undefined {
    return this.#header.get(name)
  }

  /** Sends messages that are framed already; others follow. */
  sendFramed(framed: Uint8Array): void {
    if (this.#isOver) return
    this.#sendHead()
    this.#stream.data(Buffer.from(framed.buffer, framed.byteOffset, framed.byteLength))
  }

  send(message: Uint8Array): void {
    if (this.#isOver) return
    this.#sendHead()
    const framed = Buffer.allocUnsafe(MESSAGE_HEAD_BYTES + message.length)
    framed[0] = 0
    framed.writeUInt32BE(message.length, 1)
    framed.set(message, MESSAGE_HEAD_BYTES)
    this.#stream.data(framed)
  }

  /** Ends the call well. */
  finish(): void {
    if (this.#isOver) return
    this.#sendHead()
    this.#leave()
    this.#stream.trailers(OK)
  }

  /** Sends messages that are framed already, however many, and ends the call well. */
  finishWith(framed: Uint8Array): void {
    if (this.#isOver) return
    this.#sendHead()
    this.#leave()
    this.#stream.whole(Buffer.from(framed.buffer, framed.byteOffset, framed.byteLength))
    this.#stream.trailers(OK)
  }

  /** Ends the call with a status, and `google.rpc.Status` beside it (RetryInfo where the client shall come again). */
  fail(refusal: Fault): void {
    const sent = withRetryAfter(refusal, this.#reception.random)
    this.failPlainly(sent, Buffer.from(this.#reception.codec.encodeStatus(sent)))
  }

  /** @param status `google.rpc.Status`, where there is more to say than code and text */
  failPlainly({ code, message }: Fault, status?: Buffer): void {
    if (this.#isOver) return
    const fields = [
      encodeField('grpc-status', String(STATUS[code].grpc)),
      encodeField('grpc-message', percentEncoded(message.slice(0, DETAILS_CHARS_MAX))),
    ]
    if (status !== undefined) {
      fields.push(encodeField('grpc-status-details-bin', status.toString('base64').replace(/=+$/, '')))
    }
    this.#leave()
    this.#stream.trailers(Buffer.concat(this.#hasSentHead ? fields : [HEAD, ...fields]))
  }

  /** Reads no more than what the client may send already. */
  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  data(bytes: Buffer, from: number, to: number): void {
    let at = from
    while (at < to && !this.#isOver) {
      if (this.#buffer === undefined) at = this.#readHead(bytes, at, to)
      else {
        const count = Math.min(this.#length - this.#filled, to - at)
        copyBytes(bytes, at, at + count, this.#buffer.bytes, this.#filled)
        this.#filled += count
        at += count
      }
      if (this.#buffer !== undefined && this.#filled === this.#length) this.#endMessage(this.#buffer)
    }
  }

  end(): void {
    if (this.#isOver) return
    this.#readingSinceMs = undefined
    if (this.#buffer !== undefined || this.#headBytes > 0) {
      this.#abort(fault('bad_request', 'want a whole message, the call ended inside it'))
    } else if (this.#unpacking !== undefined) void this.#unpacking.then(() => this.taker?.end())
    else this.taker?.end()
  }

  gone(): void {
    if (this.#isOver) return
    const { taker } = this
    this.#leave()
    taker?.cancelled(undefined)
  }

  #readHead(bytes: Buffer, from: number, to: number): number {
    const count = Math.min(MESSAGE_HEAD_BYTES - this.#headBytes, to - from)
    bytes.copy(this.#head, this.#headBytes, from, from + count)
    this.#headBytes += count
    this.#readingSinceMs ??= this.#reception.clock.monotonicMs()
    if (this.#headBytes === MESSAGE_HEAD_BYTES) this.#beginMessage()
    return from + count
  }

  #beginMessage(): void {
    this.#headBytes = 0
    this.#length = this.#head.readUInt32BE(1)
    this.#filled = 0
    this.#isPacked = this.#head[0] === 1
    const refusal = this.#headFault() ?? this.taker?.begin(this.#length)
    if (refusal !== undefined) {
      this.#abort(refusal)
      return
    }
    this.#buffer = this.#reception.buffers.take()
    this.#buffer.reserve(this.#length)
  }

  #headFault(): Fault | undefined {
    const { grpcMaxMessageBytes } = this.#reception.limits
    if ((this.#head[0] as number) > 1) return fault('bad_request', `message: want flag 0 or 1, got ${this.#head[0]}`)
    if (this.#length > grpcMaxMessageBytes) return tooLargeMessage(grpcMaxMessageBytes, String(this.#length))
    const encoding = this.header('grpc-encoding') ?? 'identity'
    if (!this.#isPacked || PACKINGS[encoding] !== undefined) return undefined
    return fault('unsupported', `grpc-encoding: want identity, gzip or deflate, got ${JSON.stringify(encoding)}`)
  }

  #endMessage(buffer: ReusableBuffer): void {
    const length = this.#length
    this.#buffer = undefined
    this.#readingSinceMs = undefined
    if (!this.#isPacked && this.#unpacking === undefined) {
      this.taker?.message(buffer, length)
      return
    }
    const isPacked = this.#isPacked
    const turn = (this.#unpacking ?? Promise.resolve()).then(() => this.#unpack(buffer, length, isPacked))
    this.#unpacking = turn
    void turn.then(() => {
      if (this.#unpacking === turn) this.#unpacking = undefined
    })
  }

  async #unpack(packed: ReusableBuffer, length: number, isPacked: boolean): Promise<void> {
    const { buffers, limits } = this.#reception
    if (this.#isOver || !isPacked) {
      if (this.#isOver) buffers.give(packed)
      else this.taker?.message(packed, length)
      return
    }
    const into = buffers.take()
    const packing = PACKINGS[this.header('grpc-encoding') as string] as InflateEncoding
    const inflater = new Inflater(packing, limits.grpcMaxMessageBytes, into)
    const refusal = await this.#inflate(inflater, packed.bytes.subarray(0, length))
    inflater.abort()
    buffers.give(packed)
    if (refusal === undefined && !this.#isOver) this.taker?.message(into, inflater.length)
    else buffers.give(into)
    if (refusal !== undefined) this.#abort(refusal)
  }

  /** Piece by piece: what unfolds to more than there is room for is stopped. */
  async #inflate(inflater: Inflater, packed: Uint8Array): Promise<Fault | undefined> {
    for (let at = 0; at < packed.length && !this.#isOver; at += UNPACK_STEP_BYTES) {
      const failure = await inflater.write(packed.subarray(at, at + UNPACK_STEP_BYTES))
      const refusal = this.#unpackFault(failure) ?? this.taker?.begin(packed.length + inflater.length)
      if (refusal !== undefined) return refusal
    }
    return this.#unpackFault(await inflater.end())
  }

  #unpackFault(failure: BytesFailure | undefined): Fault | undefined {
    if (failure === undefined) return undefined
    if (failure.kind === 'malformed') return fault('bad_request', `message: ${failure.message}`)
    return tooLargeMessage(this.#reception.limits.grpcMaxMessageBytes, 'more unpacked')
  }

  /** What was sent cannot be taken: the taker hears that the call is over before the client does. */
  #abort(refusal: Fault): void {
    if (this.#isOver) return
    this.taker?.cancelled(refusal)
    this.fail(refusal)
  }

  #sendHead(): void {
    if (this.#hasSentHead) return
    this.#hasSentHead = true
    this.#stream.headers(HEAD)
  }

  #leave(): void {
    this.#isOver = true
    this.#readingSinceMs = undefined
    this.taker = undefined
    if (this.#buffer !== undefined) this.#reception.buffers.give(this.#buffer)
    this.#buffer = undefined
  }
}

function tooLargeMessage(maxBytes: number, got: string): Fault {
  return tooLargeFault(`message: want at most ${maxBytes} bytes, got ${got}`, 'grpc.maxMessageBytes')
}

/** `grpc-message`: UTF-8, everything but printable ASCII as %XX. */
function percentEncoded(text: string): string {
  return encodeURI(text.toWellFormed())
}
