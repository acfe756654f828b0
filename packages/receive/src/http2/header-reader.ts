import { ERRORS, FLAGS, FRAMES } from './frames.ts'
import { HpackDecoder } from './hpack.ts'
import { RequestHeader } from './request.ts'

/** Who is told of header blocks. All return false where the connection is at its end. */
export interface HeaderBlocks {
  header(stream: number, isLast: boolean, header: RequestHeader): boolean
  badStream(stream: number, code: number): boolean
  fault(code: number, text: string): void
}

/** Puts header blocks together from HEADERS and CONTINUATION. Source: RFC 9113 sections 4.3, 6.2 and 6.10. */
export class HeaderReader {
  readonly #maxBytes: number
  readonly #blocks: HeaderBlocks
  readonly #hpack: HpackDecoder
  #stream = 0
  #isLast = false
  #dependsOnItself = false
  #parts: Buffer[] = []
  #bytes = 0

  constructor(maxBytes: number, blocks: HeaderBlocks) {
    this.#maxBytes = maxBytes
    this.#blocks = blocks
    this.#hpack = new HpackDecoder(maxBytes)
  }

  /** False inside a block: then only its CONTINUATION may come. */
  get isIdle(): boolean {
    return this.#stream === 0
  }

  take(type: number, flags: number, stream: number, payload: Buffer): boolean {
    if (type === FRAMES.continuation) {
      if (this.#stream === 0 || stream !== this.#stream) return this.#fail('CONTINUATION: want an open header block')
      return this.#add(payload, flags)
    }
    if (stream === 0) return this.#fail('HEADERS: want a stream, got 0')
    const part = this.#fragment(payload, flags, stream)
    if (part === undefined) return this.#fail('HEADERS: want less padding than the frame is long')
    this.#stream = stream
    this.#isLast = (flags & FLAGS.endStream) !== 0
    return this.#add(part, flags)
  }

  /** Without padding and priority. */
  #fragment(payload: Buffer, flags: number, stream: number): Buffer | undefined {
    const isPadded = (flags & FLAGS.padded) !== 0
    const hasPriority = (flags & FLAGS.priority) !== 0
    const from = (isPadded ? 1 : 0) + (hasPriority ? 5 : 0)
    const to = payload.length - (isPadded ? (payload[0] ?? 0) : 0)
    if (from > to) return undefined
    this.#dependsOnItself = hasPriority && (payload.readUInt32BE(isPadded ? 1 : 0) & 0x7fffffff) === stream
    return payload.subarray(from, to)
  }

  #add(part: Buffer, flags: number): boolean {
    this.#bytes += part.length
    // Without its end the table of the connection cannot be kept right.
    if (this.#bytes > this.#maxBytes) return this.#failAs(ERRORS.enhanceYourCalm, this.#tooLong())
    if ((flags & FLAGS.endHeaders) === 0) {
      this.#parts.push(Buffer.from(part))
      return true
    }
    const block = this.#parts.length === 0 ? part : Buffer.concat([...this.#parts, part])
    const stream = this.#stream
    this.#parts = []
    this.#bytes = 0
    this.#stream = 0
    return this.#decode(stream, block)
  }

  #decode(stream: number, block: Buffer): boolean {
    const header = new RequestHeader()
    const outcome = this.#hpack.decode(block, 0, block.length, (name, value) => header.add(name, value))
    if (outcome === 'bad') return this.#failAs(ERRORS.compression, 'HEADERS: the block is malformed')
    if (outcome === 'overflow') return this.#failAs(ERRORS.enhanceYourCalm, this.#tooLong())
    if (this.#dependsOnItself) return this.#blocks.badStream(stream, ERRORS.protocol)
    return this.#blocks.header(stream, this.#isLast, header)
  }

  #tooLong(): string {
    return `want at most ${this.#maxBytes} bytes of headers, got more`
  }

  #fail(text: string): false {
    return this.#failAs(ERRORS.protocol, text)
  }

  #failAs(code: number, text: string): false {
    this.#blocks.fault(code, text)
    return false
  }
}
