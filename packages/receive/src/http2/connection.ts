import type { Socket } from 'node:net'
import { LINGER_MS } from '../limits.ts'
import { FrameReader, type FrameVisitor } from './frame-reader.ts'
import {
  ERRORS,
  FLAGS,
  FRAMES,
  frame,
  goAwayFrame,
  PREFACE,
  SETTINGS,
  settingsFrame,
  WINDOW_BYTES_DEFAULT,
  wordFrame,
} from './frames.ts'
import { type HeaderBlocks, HeaderReader } from './header-reader.ts'
import { PeerSettings } from './peer-settings.ts'
import type { RequestHeader } from './request.ts'
import { Http2Stream, type StreamHost, type StreamTaker } from './stream.ts'

/** A stream may have so many bytes on their way, a connection so many in all its streams. */
const STREAM_WINDOW_BYTES = 1024 * 1024
const CONNECTION_WINDOW_BYTES = 8 * 1024 * 1024
/** A client that does not read its answers is not read either. */
const UNSENT_BYTES_MAX = 1024 * 1024
/** Streams that a client may reset at once, and a second: opening and resetting costs it nothing. */
const RESET_BURST = 1_000
const RESETS_PER_SECOND = 33
/** Streams that we have reset: what was on its way to them is passed over. */
const RESET_IDS_KEPT = 256

/** What a browser or `curl` sends here is told where it is. */
const HTTP1 = /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH) /
const HTTP1_CHARS = 8
const HTTP1_TEXT = 'this port speaks gRPC over HTTP/2\n'
const HTTP1_ANSWER = `HTTP/1.1 400 Bad Request\r\nContent-Length: ${HTTP1_TEXT.length}\r\nConnection: close\r\n\r\n${HTTP1_TEXT}`

export interface ConnectionOptions {
  readonly socket: Socket
  readonly maxHeaderBytes: number
  readonly maxConcurrentStreams: number
  readonly monotonicMs: () => number
  /** A request has come. @returns who takes its body; undefined where it was answered */
  readonly open: (stream: Http2Stream, header: RequestHeader) => StreamTaker | undefined
}

/** The server's side of one HTTP/2 connection without TLS ("prior knowledge"). Source: RFC 9113. */
export class Http2Connection implements FrameVisitor, StreamHost, HeaderBlocks {
  readonly windowBytes = STREAM_WINDOW_BYTES
  readonly remoteAddress: string
  readonly startedMs: number
  lastReceivedMs: number
  readonly #options: ConnectionOptions
  readonly #reader = new FrameReader(this)
  readonly #headers: HeaderReader
  readonly #peer = new PeerSettings()
  readonly #streams = new Map<number, Http2Stream>()
  readonly #resetIds = new Set<number>()
  #prefaceBytes = 0
  #lastStream = 0
  #receiveWindow = CONNECTION_WINDOW_BYTES
  #sendWindow = WINDOW_BYTES_DEFAULT
  #unsent: Buffer[] = []
  #unsentBytes = 0
  /** Answers wait for the socket, not for the client's windows. */
  #isHeld = false
  #isLeaving = false
  #isOver = false
  #resetTokens = RESET_BURST
  #resetsCountedMs: number
  /** The stream whose DATA is being read; undefined where it is passed over. */
  #dataStream: Http2Stream | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#headers = new HeaderReader(options.maxHeaderBytes, this)
    this.remoteAddress = options.socket.remoteAddress ?? ''
    this.startedMs = options.monotonicMs()
    this.lastReceivedMs = this.startedMs
    this.#resetsCountedMs = this.startedMs
    const { socket } = options
    socket.on('drain', () => {
      socket.resume()
      this.#release()
    })
    socket.on('error', () => {})
    socket.on('close', () => this.#break())
  }

  get openStreams(): number {
    return this.#streams.size
  }

  /** True once the client has said that it speaks HTTP/2. */
  get hasBegun(): boolean {
    return this.#prefaceBytes === PREFACE.length
  }

  get isLeaving(): boolean {
    return this.#isLeaving
  }

  receive(bytes: Buffer): void {
    this.lastReceivedMs = this.#options.monotonicMs()
    if (this.#isOver) return
    const from = this.hasBegun ? 0 : this.#readPreface(bytes)
    if (from < 0) return
    this.#reader.feed(bytes, from, bytes.length)
    this.#grantConnection()
    if (this.#options.socket.writableLength > UNSENT_BYTES_MAX) this.#options.socket.pause()
  }

  /** No new streams; the connection ends with the last of those that are open. */
  leave(): void {
    if (this.#isLeaving || this.#isOver) return
    this.#isLeaving = true
    this.write(goAwayFrame(this.#lastStream, ERRORS.none, ''))
    this.#endIfDone()
  }

  /** Resets the streams that wait since then for the rest of what their client began to send. */
  dropSlow(sinceMs: number): void {
    for (const stream of [...this.#streams.values()]) {
      if ((stream.taker?.readingSinceMs ?? Number.POSITIVE_INFINITY) <= sinceMs) stream.reset(ERRORS.cancel)
    }
  }

  ping(): void {
    this.write(frame(FRAMES.ping, 0, 0, Buffer.alloc(8)))
  }

  destroy(): void {
    this.#options.socket.destroy()
    this.#break()
  }

  /** All that is written in one turn leaves in one piece. */
  write(bytes: Buffer): void {
    if (this.#isOver) return
    this.#unsent.push(bytes)
    this.#unsentBytes += bytes.length
    if (this.#unsent.length === 1) process.nextTick(() => this.#send())
  }

  takeSendWindow(bytes: number): number {
    // A client may open its windows wide and read nothing: what waits is kept once, in its stream.
    if (this.#unsentBytes + this.#options.socket.writableLength > UNSENT_BYTES_MAX) {
      this.#isHeld = true
      return 0
    }
    const taken = Math.min(bytes, Math.max(0, this.#sendWindow))
    this.#sendWindow -= taken
    return taken
  }

  forget(stream: Http2Stream, wasReset: boolean): void {
    this.#streams.delete(stream.id)
    if (wasReset) {
      this.#resetIds.add(stream.id)
      if (this.#resetIds.size > RESET_IDS_KEPT) this.#resetIds.delete(this.#resetIds.values().next().value as number)
    }
    if (this.#dataStream === stream) this.#dataStream = undefined
    this.#endIfDone()
  }

  dataHead(id: number, length: number): boolean {
    if (!this.#peer.isKnown) return this.#die(ERRORS.protocol, 'want SETTINGS first')
    if (!this.#headers.isIdle) return this.#die(ERRORS.protocol, 'want CONTINUATION, got DATA')
    if (id === 0 || id > this.#lastStream) return this.#die(ERRORS.protocol, 'DATA: want an open stream')
    this.#receiveWindow -= length
    if (this.#receiveWindow < 0) return this.#die(ERRORS.flowControl, 'more bytes than the connection may send')
    const stream = this.#streams.get(id)
    this.#dataStream = stream
    if (stream === undefined) {
      if (!this.#resetIds.has(id)) return this.#die(ERRORS.streamClosed, 'DATA: the stream is closed')
      return true
    }
    stream.receiveWindow -= length
    if (stream.isRemoteClosed) stream.reset(ERRORS.streamClosed)
    else if (stream.receiveWindow < 0) stream.reset(ERRORS.flowControl)
    return true
  }

  data(bytes: Buffer, from: number, to: number): void {
    const stream = this.#dataStream
    if (stream === undefined) return
    stream.receivedBytes += to - from
    stream.taker?.data(bytes, from, to)
  }

  dataEnd(flags: number): void {
    const stream = this.#dataStream
    if (stream === undefined) return
    if ((flags & FLAGS.endStream) !== 0) this.#endRemote(stream)
    else stream.grant()
  }

  control(type: number, flags: number, id: number, payload: Buffer): boolean {
    if (!this.#peer.isKnown && type !== FRAMES.settings) return this.#die(ERRORS.protocol, 'want SETTINGS first')
    if (!this.#headers.isIdle && type !== FRAMES.continuation)
      return this.#die(ERRORS.protocol, `want CONTINUATION, got a frame of type ${type}`)
    switch (type) {
      case FRAMES.headers:
      case FRAMES.continuation:
        return this.#headers.take(type, flags, id, payload)
      case FRAMES.priority:
        return this.#takePriority(id, payload)
      case FRAMES.resetStream:
        return this.#takeReset(id, payload)
      case FRAMES.settings:
        return this.#takeSettings(flags, id, payload)
      case FRAMES.ping:
        return this.#takePing(flags, id, payload)
      case FRAMES.goAway:
        return id === 0 || this.#die(ERRORS.protocol, 'GOAWAY: want stream 0')
      case FRAMES.windowUpdate:
        return this.#takeWindowUpdate(id, payload)
      case FRAMES.pushPromise:
        return this.#die(ERRORS.protocol, 'PUSH_PROMISE: want none of a client')
      default:
        return true
    }
  }

  fault(code: number, text: string): void {
    this.#die(code, text)
  }

  /** A whole header block. */
  header(id: number, isLast: boolean, header: RequestHeader): boolean {
    const stream = this.#streams.get(id)
    if (stream !== undefined) return this.#takeTrailer(stream, isLast, header)
    if (id % 2 === 0) return this.#die(ERRORS.protocol, 'HEADERS: want an odd stream')
    if (id <= this.#lastStream) {
      if (this.#resetIds.has(id)) return true
      return this.#die(ERRORS.streamClosed, 'HEADERS: the stream is closed')
    }
    // Behind our GOAWAY a stream was never begun: the client sends it elsewhere.
    if (this.#isLeaving) return true
    this.#lastStream = id
    const opened = new Http2Stream(id, this, this.#peer.initialWindowBytes)
    this.#streams.set(id, opened)
    opened.wantedBytes = header.contentLength()
    if (!header.isRequest() || (isLast && (opened.wantedBytes ?? 0) !== 0)) opened.reset(ERRORS.protocol)
    else if (this.#streams.size > this.#options.maxConcurrentStreams) opened.reset(ERRORS.refusedStream)
    else {
      opened.isRemoteClosed = isLast
      opened.taker = this.#options.open(opened, header)
      if (isLast) opened.taker?.end()
    }
    return true
  }

  /** A stream that depends on itself, or another error that costs no more than the stream. */
  badStream(id: number, code: number): boolean {
    if (id === 0) return this.#die(ERRORS.protocol, 'want a stream, got 0')
    const stream = this.#streams.get(id)
    if (stream !== undefined) stream.reset(code)
    else {
      this.#lastStream = Math.max(this.#lastStream, id)
      this.write(wordFrame(FRAMES.resetStream, id, code))
    }
    return this.#countReset()
  }

  #takeTrailer(stream: Http2Stream, isLast: boolean, header: RequestHeader): boolean {
    if (stream.isRemoteClosed) stream.reset(ERRORS.streamClosed)
    else if (!isLast || !header.isTrailer()) stream.reset(ERRORS.protocol)
    else this.#endRemote(stream)
    return true
  }

  #endRemote(stream: Http2Stream): void {
    if (stream.isRemoteClosed) return
    if (stream.wantedBytes !== undefined && stream.wantedBytes !== stream.receivedBytes) {
      stream.reset(ERRORS.protocol)
      return
    }
    stream.isRemoteClosed = true
    stream.taker?.end()
  }

  #takePriority(id: number, payload: Buffer): boolean {
    if (id === 0) return this.#die(ERRORS.protocol, 'PRIORITY: want a stream, got 0')
    if (payload.length !== 5) return this.badStream(id, ERRORS.frameSize)
    return (payload.readUInt32BE(0) & 0x7fffffff) !== id || this.badStream(id, ERRORS.protocol)
  }

  #takeReset(id: number, payload: Buffer): boolean {
    if (payload.length !== 4) return this.#die(ERRORS.frameSize, 'RST_STREAM: want 4 bytes')
    if (id === 0 || id > this.#lastStream) return this.#die(ERRORS.protocol, 'RST_STREAM: want an open stream')
    const stream = this.#streams.get(id)
    if (stream === undefined) return true
    const { taker } = stream
    stream.taker = undefined
    stream.isLocalClosed = true
    stream.isRemoteClosed = true
    this.forget(stream, false)
    taker?.gone()
    return this.#countReset()
  }

  #countReset(): boolean {
    const nowMs = this.#options.monotonicMs()
    const earned = ((nowMs - this.#resetsCountedMs) / 1_000) * RESETS_PER_SECOND
    this.#resetTokens = Math.min(RESET_BURST, this.#resetTokens + earned) - 1
    this.#resetsCountedMs = nowMs
    return this.#resetTokens >= 0 || this.#die(ERRORS.enhanceYourCalm, 'too many streams were reset')
  }

  #takeSettings(flags: number, id: number, payload: Buffer): boolean {
    if (id !== 0) return this.#die(ERRORS.protocol, 'SETTINGS: want stream 0')
    if ((flags & FLAGS.ack) !== 0) {
      return payload.length === 0 || this.#die(ERRORS.frameSize, 'SETTINGS: want an empty acknowledgement')
    }
    const before = this.#peer.initialWindowBytes
    const problem = this.#peer.take(payload)
    if (problem !== undefined) return this.#die(problem.code, problem.text)
    this.write(frame(FRAMES.settings, FLAGS.ack, 0))
    const grown = this.#peer.initialWindowBytes - before
    for (const stream of [...this.#streams.values()]) {
      if (!stream.growSendWindow(grown)) return this.#die(ERRORS.flowControl, 'a window is larger than 2^31 - 1')
    }
    return true
  }

  #takePing(flags: number, id: number, payload: Buffer): boolean {
    if (id !== 0) return this.#die(ERRORS.protocol, 'PING: want stream 0')
    if (payload.length !== 8) return this.#die(ERRORS.frameSize, 'PING: want 8 bytes')
    if ((flags & FLAGS.ack) === 0) this.write(frame(FRAMES.ping, FLAGS.ack, 0, payload))
    return true
  }

  #takeWindowUpdate(id: number, payload: Buffer): boolean {
    if (payload.length !== 4) return this.#die(ERRORS.frameSize, 'WINDOW_UPDATE: want 4 bytes')
    const bytes = payload.readUInt32BE(0) & 0x7fffffff
    if (id > this.#lastStream) return this.#die(ERRORS.protocol, 'WINDOW_UPDATE: want an open stream')
    const stream = this.#streams.get(id)
    if (id !== 0) {
      if (stream === undefined) return true
      if (bytes === 0) stream.reset(ERRORS.protocol)
      else if (!stream.growSendWindow(bytes)) stream.reset(ERRORS.flowControl)
      return true
    }
    if (bytes === 0) return this.#die(ERRORS.protocol, 'WINDOW_UPDATE: want more than 0')
    this.#sendWindow += bytes
    if (this.#sendWindow > 2 ** 31 - 1) return this.#die(ERRORS.flowControl, 'a window is larger than 2^31 - 1')
    for (const one of [...this.#streams.values()]) one.flush()
    return true
  }

  #grantConnection(): void {
    const used = CONNECTION_WINDOW_BYTES - this.#receiveWindow
    if (used < CONNECTION_WINDOW_BYTES / 2) return
    this.#receiveWindow += used
    this.write(wordFrame(FRAMES.windowUpdate, 0, used))
  }

  /** @returns the offset behind the preface, or as far as it came; −1 where it is another protocol */
  #readPreface(bytes: Buffer): number {
    let at = 0
    while (!this.hasBegun && at < bytes.length) {
      if (bytes[at++] === PREFACE[this.#prefaceBytes++]) continue
      if (HTTP1.test(bytes.toString('latin1', 0, HTTP1_CHARS))) this.write(Buffer.from(HTTP1_ANSWER))
      this.#finish()
      return -1
    }
    if (this.hasBegun) this.#greet()
    return at
  }

  #greet(): void {
    this.write(
      settingsFrame([
        [SETTINGS.maxConcurrentStreams, this.#options.maxConcurrentStreams],
        [SETTINGS.initialWindowSize, STREAM_WINDOW_BYTES],
        [SETTINGS.maxHeaderListSize, this.#options.maxHeaderBytes],
      ]),
    )
    this.write(wordFrame(FRAMES.windowUpdate, 0, CONNECTION_WINDOW_BYTES - WINDOW_BYTES_DEFAULT))
  }

  /** The connection cannot go on. @returns false, for the reader */
  #die(code: number, text: string): false {
    this.write(goAwayFrame(this.#lastStream, code, text))
    this.#finish()
    return false
  }

  #finish(): void {
    if (this.#isOver) return
    const { socket } = this.#options
    this.#send()
    socket.end()
    // What it still sends is dropped, so that it sees the answer before the connection is gone.
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
    this.#break()
  }

  #send(): void {
    const { socket } = this.#options
    if (this.#unsent.length === 0 || !socket.writable) return
    socket.write(this.#unsent.length === 1 ? (this.#unsent[0] as Buffer) : Buffer.concat(this.#unsent))
    this.#unsent = []
    this.#unsentBytes = 0
    this.#release()
  }

  /** Answers that waited for the socket go on, as far as it takes them. */
  #release(): void {
    if (!this.#isHeld || this.#options.socket.writableLength > UNSENT_BYTES_MAX) return
    this.#isHeld = false
    for (const one of [...this.#streams.values()]) one.flush()
  }

  #endIfDone(): void {
    if (this.#isLeaving && this.#streams.size === 0) process.nextTick(() => this.#finish())
  }

  #break(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#reader.stop()
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    for (const stream of streams) {
      const { taker } = stream
      stream.taker = undefined
      stream.isLocalClosed = true
      stream.isRemoteClosed = true
      taker?.gone()
    }
  }
}
