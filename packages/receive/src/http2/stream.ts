import { ERRORS, FRAME_BYTES_MAX, FRAMES, frame, headerFrames, WINDOW_BYTES_MAX, wordFrame } from './frames.ts'

/** Who takes a request. None of it is called after `gone` or after the stream is over on both sides. */
export interface StreamTaker {
  /** Since when it waits for the rest of something; undefined where it waits for nothing. */
  readonly readingSinceMs: number | undefined
  /** A piece of the body: to be used or copied before it returns. */
  data(bytes: Buffer, from: number, to: number): void
  /** The client sends no more. */
  end(): void
  /** Reset, or the connection broke: nothing can be sent any more. */
  gone(): void
}

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly windowBytes: number
  readonly remoteAddress: string
  write(bytes: Buffer): void
  /** @returns how much of `bytes` may be sent now, which is taken */
  takeSendWindow(bytes: number): number
  /** Both sides are done. */
  forget(stream: Http2Stream, wasReset: boolean): void
}

/** Bytes that wait for the client's window; who lets more wait than that does not read. */
const PENDING_BYTES_MAX = 1024 * 1024

/** One request and its answer. Owner: its connection. */
export class Http2Stream {
  readonly id: number
  readonly host: StreamHost
  taker: StreamTaker | undefined
  /** Bytes that the client may send, that we may send. */
  receiveWindow: number
  sendWindow: number
  isRemoteClosed = false
  isLocalClosed = false
  /** Of the body, as announced and as it came. */
  wantedBytes: number | undefined
  receivedBytes = 0
  #isPaused = false
  #pending: Buffer[] = []
  #pendingBytes = 0
  #trailers: Buffer | undefined

  constructor(id: number, host: StreamHost, sendWindow: number) {
    this.id = id
    this.host = host
    this.receiveWindow = host.windowBytes
    this.sendWindow = sendWindow
  }

  headers(block: Buffer): void {
    if (!this.isLocalClosed) for (const one of headerFrames(this.id, block, false)) this.host.write(one)
  }

  /** Sends a message as the client's window allows. A client that does not read what it asked for is cut off. */
  data(bytes: Buffer): void {
    if (this.isLocalClosed) return
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes > PENDING_BYTES_MAX) this.reset(ERRORS.enhanceYourCalm)
    else this.flush()
  }

  /** The same for an answer that is there as a whole, however long: it waits here until the client has read it. */
  whole(bytes: Buffer): void {
    if (this.isLocalClosed) return
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    this.flush()
  }

  /** Ends the answer behind what waits. */
  trailers(block: Buffer): void {
    if (this.isLocalClosed || this.#trailers !== undefined) return
    this.#trailers = block
    this.flush()
  }

  /** Sends what the windows allow. */
  flush(): void {
    while (this.#pending.length > 0 && this.sendWindow > 0) {
      const first = this.#pending[0] as Buffer
      const wanted = Math.min(first.length, this.sendWindow, FRAME_BYTES_MAX)
      const length = this.host.takeSendWindow(wanted)
      if (length === 0 && wanted > 0) return
      this.sendWindow -= length
      this.#pendingBytes -= length
      this.host.write(frame(FRAMES.data, 0, this.id, first.subarray(0, length)))
      if (length === first.length) this.#pending.shift()
      else this.#pending[0] = first.subarray(length)
    }
    if (this.#pending.length > 0 || this.#trailers === undefined || this.isLocalClosed) return
    for (const one of headerFrames(this.id, this.#trailers, true)) this.host.write(one)
    this.isLocalClosed = true
    if (this.isRemoteClosed) this.host.forget(this, false)
    // The answer is whole: the client need not send the rest. RFC 9113 section 8.1.
    else this.#close(ERRORS.none)
  }

  reset(code: number): void {
    const { taker } = this
    this.#close(code)
    taker?.gone()
  }

  /** No more than the window that it has may come until `resume`. */
  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.grant()
  }

  /** Lets the client send on, once half of its window is used. */
  grant(): void {
    const used = this.host.windowBytes - this.receiveWindow
    if (this.#isPaused || this.isRemoteClosed || used < this.host.windowBytes / 2) return
    this.receiveWindow += used
    this.host.write(wordFrame(FRAMES.windowUpdate, this.id, used))
  }

  /** @returns false where the window grows beyond what the protocol allows */
  growSendWindow(bytes: number): boolean {
    this.sendWindow += bytes
    if (this.sendWindow > WINDOW_BYTES_MAX) return false
    this.flush()
    return true
  }

  #close(code: number): void {
    this.taker = undefined
    this.isLocalClosed = true
    this.isRemoteClosed = true
    this.#pending = []
    this.host.write(wordFrame(FRAMES.resetStream, this.id, code))
    this.host.forget(this, true)
  }
}
