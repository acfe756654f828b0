import { ERRORS, FLAGS, FRAME_BYTES_MAX, FRAME_HEAD_BYTES, FRAMES } from './frames.ts'

/** Who is told of frames, in their order. After `fault` nothing more is told. */
export interface FrameVisitor {
  /** A DATA frame begins; `length` counts its padding. @returns false where the connection is at its end */
  dataHead(stream: number, length: number): boolean
  data(bytes: Buffer, from: number, to: number): void
  dataEnd(flags: number): void
  /** Any other frame, whole. @returns false where the connection is at its end */
  control(type: number, flags: number, stream: number, payload: Buffer): boolean
  fault(code: number, text: string): void
}

/**
 * Cuts what arrives on a connection into frames. The bytes of DATA are passed on as they come; the other frames, which
 * are small, are collected. Source: RFC 9113 section 4.1.
 */
export class FrameReader {
  readonly #visitor: FrameVisitor
  readonly #head = Buffer.alloc(FRAME_HEAD_BYTES)
  #headBytes = 0
  #type = 0
  #flags = 0
  #stream = 0
  /** Bytes of the body that are still to come; −1 between frames. */
  #left = -1
  /** DATA: padding at the end of what is left; −1 while its length is to be read. */
  #padding = 0
  #collected: Buffer = Buffer.alloc(0)
  #collectedBytes = 0
  #isOver = false

  constructor(visitor: FrameVisitor) {
    this.#visitor = visitor
  }

  feed(bytes: Buffer, from: number, to: number): void {
    let at = from
    while (at < to && !this.#isOver) {
      if (this.#left < 0) at = this.#readHead(bytes, at, to)
      else if (this.#type === FRAMES.data) at = this.#readData(bytes, at, to)
      else at = this.#collect(bytes, at, to)
    }
  }

  /** Nothing more is told. */
  stop(): void {
    this.#isOver = true
  }

  #readHead(bytes: Buffer, from: number, to: number): number {
    let head = bytes
    let headAt = from
    let at = from + FRAME_HEAD_BYTES
    if (this.#headBytes > 0 || at > to) {
      const count = Math.min(FRAME_HEAD_BYTES - this.#headBytes, to - from)
      bytes.copy(this.#head, this.#headBytes, from, from + count)
      this.#headBytes += count
      at = from + count
      if (this.#headBytes < FRAME_HEAD_BYTES) return at
      this.#headBytes = 0
      head = this.#head
      headAt = 0
    }
    const length = head.readUIntBE(headAt, 3)
    this.#type = head[headAt + 3] as number
    this.#flags = head[headAt + 4] as number
    this.#stream = head.readUInt32BE(headAt + 5) & 0x7fffffff
    this.#left = length
    this.#begin(length)
    return at
  }

  #begin(length: number): void {
    if (length > FRAME_BYTES_MAX) {
      this.#fail(ERRORS.frameSize, `want at most ${FRAME_BYTES_MAX} bytes in a frame, got ${length}`)
      return
    }
    if (this.#type !== FRAMES.data) {
      this.#collectedBytes = 0
      if (length === 0) this.#endControl(Buffer.alloc(0))
      return
    }
    const isPadded = (this.#flags & FLAGS.padded) !== 0
    this.#padding = isPadded ? -1 : 0
    if (isPadded && length === 0) this.#fail(ERRORS.frameSize, 'DATA: want the length of its padding')
    else if (!this.#visitor.dataHead(this.#stream, length)) this.#isOver = true
    else if (length === 0) this.#endData()
  }

  #readData(bytes: Buffer, from: number, to: number): number {
    let at = from
    if (this.#padding < 0) {
      this.#padding = bytes[at++] as number
      this.#left--
      if (this.#padding > this.#left) {
        this.#fail(ERRORS.protocol, 'DATA: want less padding than the frame is long')
        return at
      }
    }
    const count = Math.min(this.#left - this.#padding, to - at)
    if (count > 0) this.#visitor.data(bytes, at, at + count)
    at += count
    this.#left -= count
    if (this.#left === this.#padding && at < to) {
      const skipped = Math.min(this.#padding, to - at)
      this.#padding -= skipped
      this.#left -= skipped
      at += skipped
    }
    if (this.#left === 0) this.#endData()
    return at
  }

  #collect(bytes: Buffer, from: number, to: number): number {
    const count = Math.min(this.#left, to - from)
    this.#left -= count
    if (this.#left === 0 && this.#collectedBytes === 0) {
      this.#endControl(bytes.subarray(from, from + count))
      return from + count
    }
    if (this.#collected.length === 0) this.#collected = Buffer.allocUnsafeSlow(FRAME_BYTES_MAX)
    bytes.copy(this.#collected, this.#collectedBytes, from, from + count)
    this.#collectedBytes += count
    if (this.#left === 0) this.#endControl(this.#collected.subarray(0, this.#collectedBytes))
    return from + count
  }

  #endData(): void {
    this.#left = -1
    this.#visitor.dataEnd(this.#flags)
  }

  #endControl(payload: Buffer): void {
    this.#left = -1
    if (!this.#visitor.control(this.#type, this.#flags, this.#stream, payload)) this.#isOver = true
  }

  #fail(code: number, text: string): void {
    this.#isOver = true
    this.#visitor.fault(code, text)
  }
}
