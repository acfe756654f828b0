import { getUint32 } from '@vantage/bytes'
import { type ByteRanges, type Clock, type Fault, fault, type LogBatch, type SpanBatch } from '@vantage/model'
import { RECORDS_MAX_PER_REQUEST } from '../limits.ts'
import { CANONICAL_VERSION, canonicalColumns } from './columns.ts'
import { decodeOrigin } from './origin.ts'

const CANONICAL_ORIGIN_SPACE = 5
const HEAD_BYTES = 10

/** Canonical rows → a batch; the inverse of `encodeCanonical`. Whole bodies only: they are our own. */
export class CanonicalDecoder<Batch extends LogBatch | SpanBatch> {
  #body: Uint8Array = new Uint8Array(0)
  #length = 0
  #batch: Batch | undefined

  start(body: Uint8Array, length: number, batch: Batch): void {
    this.#body = body
    this.#length = length
    this.#batch = batch
  }

  step(_deadlineMs: number, _clock: Clock): 'done' | Fault {
    const batch = this.#batch as Batch
    const body = this.#body
    if (this.#length < HEAD_BYTES || body[0] !== CANONICAL_VERSION) return bad(`want version ${CANONICAL_VERSION}`)
    const rows = getUint32(body, 2)
    const origins = getUint32(body, 6)
    if (Math.max(rows, origins) > RECORDS_MAX_PER_REQUEST) return bad('want fewer rows')
    let at = this.#readOrigins(batch, origins)
    for (let row = 0; row < rows; row++) {
      batch.verdict.next()
      batch.addRow(0)
    }
    const { signal, fixed, ranges } = canonicalColumns(batch)
    if (signal !== body[1]) return bad('want the other signal')
    for (const { bytes, width } of fixed) {
      if (at + width * rows > this.#length) return bad('want whole columns')
      bytes.set(body.subarray(at, at + width * rows), 0)
      at += width * rows
    }
    for (const one of ranges) at = this.#readRanges(one, at, rows)
    if (at !== this.#length) return bad(`want ${at} bytes, got ${this.#length}`)
    const { origins: places } = batch.columns
    for (let row = 0; row < rows; row++) if ((places[row] as number) >= origins) return bad('want a known origin')
    return 'done'
  }

  /** @returns where the columns begin; behind the end where the origins are not whole */
  #readOrigins(batch: Batch, count: number): number {
    const body = this.#body
    let at = HEAD_BYTES
    batch.originBytes.bytes = body
    batch.originSpace = CANONICAL_ORIGIN_SPACE
    batch.originOf = (origin) => {
      const { from, to } = batch.originBytes
      return decodeOrigin(body, from[origin] as number, to[origin] as number)
    }
    for (let i = 0; i < count && at + 4 <= this.#length; i++) {
      const to = at + 4 + getUint32(body, at)
      batch.addOrigin(at + 4, Math.min(to, this.#length))
      at = to
    }
    return batch.originCount === count ? at : Number.POSITIVE_INFINITY
  }

  #readRanges(ranges: ByteRanges, start: number, rows: number): number {
    let at = start + 4 * rows
    if (at > this.#length) return Number.POSITIVE_INFINITY
    ranges.bytes = this.#body
    for (let row = 0; row < rows; row++) {
      const to = at + getUint32(this.#body, start + 4 * row)
      if (to > this.#length) return Number.POSITIVE_INFINITY
      ranges.set(row, at, to)
      at = to
    }
    return at
  }
}

function bad(wanted: string): Fault {
  return fault('bad_request', `canonical rows: ${wanted}`)
}
