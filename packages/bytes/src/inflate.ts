import type { Transform } from 'node:stream'
import { constants, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { copyBytes } from './copy.ts'
import type { BytesFailure } from './failure.ts'
import type { ReusableBuffer } from './reusable-buffer.ts'

export type InflateEncoding = 'gzip' | 'deflate' | 'zstd'

/** 8 MiB: a frame may ask for a window of gigabytes, and would get it. */
const ZSTD_WINDOW_LOG_MAX = 23
const OUTPUT_CHUNK_BYTES = 64 * 1024

/**
 * Unpacks a body as it arrives, off the main thread, into a caller's buffer, with a byte counter that stops it at
 * the cap. Owner: one request. Order: `write` for each chunk (await each), then `end`; `abort` at any time.
 */
export class Inflater {
  /** Bytes unpacked so far: `into.bytes` holds them from 0. */
  length = 0
  readonly #into: ReusableBuffer
  readonly #maxBytes: number
  readonly #stream: Transform
  #failure: BytesFailure | undefined
  #wake: (() => void) | undefined

  constructor(encoding: InflateEncoding, maxBytes: number, into: ReusableBuffer) {
    this.#into = into
    this.#maxBytes = maxBytes
    this.#stream = openStream(encoding)
    this.#stream.on('data', (chunk: Uint8Array) => this.#take(chunk))
    this.#stream.on('error', (error) => this.#fail({ kind: 'malformed', message: `${encoding}: ${error.message}` }))
  }

  /** @returns the failure, if the body is malformed or too large; then nothing more is taken */
  async write(chunk: Uint8Array): Promise<BytesFailure | undefined> {
    if (this.#failure !== undefined) return this.#failure
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#stream.write(chunk, () => resolve())
    })
    return this.#failure
  }

  /** Ends the body; a frame that is cut short is malformed. */
  async end(): Promise<BytesFailure | undefined> {
    if (this.#failure !== undefined) return this.#failure
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#stream.once('end', resolve)
      this.#stream.end()
    })
    return this.#failure
  }

  abort(): void {
    this.#stream.destroy()
  }

  #take(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return
    const length = this.length + chunk.length
    if (length > this.#maxBytes) {
      this.#fail({ kind: 'too_large', message: `want at most ${this.#maxBytes} bytes unpacked, got more` })
      return
    }
    this.#into.reserve(length, this.length)
    copyBytes(chunk, 0, chunk.length, this.#into.bytes, this.length)
    this.length = length
  }

  #fail(failure: BytesFailure): void {
    this.#failure ??= failure
    this.#stream.destroy()
    this.#wake?.()
  }
}

function openStream(encoding: InflateEncoding): Transform {
  const chunkSize = OUTPUT_CHUNK_BYTES
  if (encoding === 'gzip') return createGunzip({ chunkSize })
  if (encoding === 'deflate') return createInflate({ chunkSize })
  return createZstdDecompress({ chunkSize, params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX } })
}
