import type { Readable } from 'node:stream'
import { type BytesFailure, copyBytes, Inflater, type ReusableBuffer } from '@vantage/bytes'
import { err, type Fault, fault, ok, type PayloadEncoding, type Result } from '@vantage/model'
import { type BodyForm, inflightFault, tooLargeFault, wireEncoding } from './admission.ts'
import type { InflightHold } from './inflight.ts'
import type { Reception } from './reception.ts'

/** A body in buffers of the pool; `give` returns them and ends the lifetime of all views. */
export interface ReadBody {
  readonly raw: Uint8Array
  readonly encoding: PayloadEncoding
  readonly body: Uint8Array
  readonly bodyLength: number
}

/** Reads one request's body (step 9). Owner: one request; `give` in `finally`. */
export class BodyReader {
  /** Taken from the wire so far. */
  wireBytes = 0
  readonly #reception: Reception
  readonly #hold: InflightHold
  readonly #wire: ReusableBuffer
  #inflated: ReusableBuffer | undefined
  #inflater: Inflater | undefined

  constructor(reception: Reception, hold: InflightHold) {
    this.#reception = reception
    this.#hold = hold
    this.#wire = reception.buffers.take()
  }

  /**
   * Reads to the end, with a byte counter on both sides of the inflater.
   * @returns the body; or too_large, bad_request (broken packing), unavailable (in-flight bytes), cancelled (the
   *   client went away); after a fault the rest of the stream is unread
   */
  async read(stream: Readable, form: BodyForm): Promise<Result<ReadBody, Fault>> {
    const inflater = this.#open(form)
    // Fast path: chunks are taken as they come; an iterator makes a dozen promises a request.
    if (inflater === undefined) {
      const refusal = await this.#readAsIs(stream)
      return refusal === undefined ? ok(this.#finish(form)) : err(refusal)
    }
    try {
      for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
        const refusal = this.#take(chunk) ?? (await this.#inflate(inflater, chunk))
        if (refusal !== undefined) return err(refusal)
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error
      return err(goneFault())
    }
    const refusal = inflateFault(await inflater.end(), this.#reception)
    return refusal === undefined ? ok(this.#finish(form)) : err(refusal)
  }

  #readAsIs(stream: Readable): Promise<Fault | undefined> {
    if (stream.destroyed) return Promise.resolve(goneFault())
    return new Promise((resolve) => {
      const settle = (refusal: Fault | undefined): void => {
        stream.off('data', onData)
        stream.off('end', onEnd)
        stream.off('close', onGone)
        stream.off('error', onGone)
        // A late error of a stream that nobody reads any more is nobody's.
        if (refusal !== undefined) stream.on('error', () => {}).pause()
        resolve(refusal)
      }
      const onData = (chunk: Uint8Array): void => {
        const refusal = this.#take(chunk)
        if (refusal !== undefined) settle(refusal)
      }
      const onEnd = (): void => settle(undefined)
      const onGone = (): void => settle(goneFault())
      stream.on('data', onData)
      stream.on('end', onEnd)
      stream.on('close', onGone)
      stream.on('error', onGone)
    })
  }

  give(): void {
    this.#inflater?.abort()
    this.#reception.buffers.give(this.#wire)
    if (this.#inflated !== undefined) this.#reception.buffers.give(this.#inflated)
  }

  #open(form: BodyForm): Inflater | undefined {
    const { packing } = form
    if (packing === 'none' || packing === 'snappy') return undefined
    this.#inflated = this.#reception.buffers.take()
    this.#inflater = new Inflater(packing, this.#reception.limits.maxDecompressedBytes, this.#inflated)
    return this.#inflater
  }

  #take(chunk: Uint8Array): Fault | undefined {
    const length = this.wireBytes + chunk.length
    const { maxBodyBytes } = this.#reception.limits
    if (length > maxBodyBytes)
      return tooLargeFault(`body: want at most ${maxBodyBytes} bytes, got more`, 'http.maxBodyBytes')
    if (!this.#hold.ensure(length + (this.#inflater?.length ?? 0))) return inflightFault()
    this.#wire.reserve(length, this.wireBytes)
    copyBytes(chunk, 0, chunk.length, this.#wire.bytes, this.wireBytes)
    this.wireBytes = length
    return undefined
  }

  async #inflate(inflater: Inflater, chunk: Uint8Array): Promise<Fault | undefined> {
    const failure = inflateFault(await inflater.write(chunk), this.#reception)
    if (failure !== undefined) return failure
    return this.#hold.ensure(this.wireBytes + inflater.length) ? undefined : inflightFault()
  }

  #finish(form: BodyForm): ReadBody {
    const encoding = wireEncoding(form.packing)
    const wire = this.#wire.bytes.subarray(0, this.wireBytes)
    if (this.#inflated === undefined || this.#inflater === undefined) {
      return { raw: wire, encoding, body: this.#wire.bytes, bodyLength: this.wireBytes }
    }
    const body = this.#inflated.bytes
    const bodyLength = this.#inflater.length
    const raw = form.packing === 'deflate' ? body.subarray(0, bodyLength) : wire
    return { raw, encoding, body, bodyLength }
  }
}

function goneFault(): Fault {
  return fault('cancelled', 'the client went away while its body was read')
}

function inflateFault(failure: BytesFailure | undefined, reception: Reception): Fault | undefined {
  if (failure === undefined) return undefined
  if (failure.kind === 'malformed') return fault('bad_request', `body: ${failure.message}`)
  return tooLargeFault(
    `body: want at most ${reception.limits.maxDecompressedBytes} bytes unpacked, got more`,
    'http.maxDecompressedBytes',
  )
}
