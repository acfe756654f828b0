import { assert, type Clock, type Fault, fault, type ItemReason, type LogBatch, type SpanBatch } from '@vantage/model'
import { FieldCursor } from '../field-cursor.ts'
import { RECORD_LIMITS, RECORDS_MAX_PER_REQUEST, type RecordLimits } from '../limits.ts'
import { refuseItems } from '../refusals.ts'
import { AttributeColumn } from './attribute-column.ts'
import { type RecordReader, RecordWalk, readOrigin } from './record-walk.ts'

const OTLP_ORIGIN_SPACE = 1

/**
 * What logs and traces share: decodes one body at a time, in slices, into rows of a batch. The body must stay until the
 * store has applied the batch.
 */
export abstract class RecordDecoder<Batch extends LogBatch | SpanBatch, Problem extends ItemReason>
  implements RecordReader
{
  protected readonly limits: RecordLimits
  protected readonly record = new FieldCursor()
  protected body: Uint8Array = new Uint8Array(0)
  protected view: DataView = new DataView(new ArrayBuffer(0))
  protected batch: Batch | undefined
  protected attributes: AttributeColumn | undefined
  readonly #walk = new RecordWalk()
  #originFrom = -1
  #origin = 0
  #isOverflowing = false

  constructor(limits: RecordLimits = RECORD_LIMITS) {
    this.limits = limits
  }

  /** What the records are called where there are too many. */
  protected abstract readonly plural: string
  protected abstract readonly problems: Readonly<Record<Problem, string>>
  protected abstract startColumns(batch: Batch, attributes: AttributeColumn): void
  /** Fills a row from the record at [from, to). */
  protected abstract readFields(batch: Batch, row: number, from: number, to: number): Problem | 'malformed' | undefined

  /** Begins with `body[0, length)`; `batch` must be reset. */
  start(body: Uint8Array, length: number, batch: Batch): void {
    assert(length <= body.length, 'OTLP body is shorter than its length')
    this.body = body
    this.view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    this.batch = batch
    this.#originFrom = -1
    this.#isOverflowing = false
    this.attributes ??= new AttributeColumn(batch.columns.attributes, this.limits)
    this.attributes.start(body)
    this.startColumns(batch, this.attributes)
    this.#walk.start(body, length)
    batch.originSpace = OTLP_ORIGIN_SPACE
    batch.originOf = (origin) => readOrigin(batch.originBytes.bytes, batch.originBytes.from[origin] as number)
  }

  /** As `RemoteWriteDecoder.step`. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    for (;;) {
      const outcome = this.#walk.step(this)
      if (this.#isOverflowing) {
        return fault('too_large', `want at most ${RECORDS_MAX_PER_REQUEST} ${this.plural} in one request, got more`)
      }
      if (outcome === true) {
        ;(this.batch as Batch).originBytes.bytes = this.#walk.arena.bytes
        return 'done'
      }
      if (outcome !== false) return outcome
      if (clock.monotonicMs() >= deadlineMs) return 'more'
    }
  }

  /** Called by the walk for each record. */
  readRecord(from: number, to: number, originFrom: number, originTo: number): number | undefined {
    const batch = this.batch as Batch
    if (batch.verdict.count >= RECORDS_MAX_PER_REQUEST) {
      this.#isOverflowing = true
      return undefined
    }
    if (!batch.verdict.next()) return undefined
    if (originFrom !== this.#originFrom) {
      this.#originFrom = originFrom
      this.#origin = batch.addOrigin(originFrom, originTo)
    }
    const row = batch.addRow(this.#origin)
    const problem = this.readFields(batch, row, from, to)
    if (problem === undefined) return undefined
    // The row goes again: refused records are not in the columns.
    batch.columns.count = row
    if (problem === 'malformed') return this.record.at
    batch.verdict.refuse()
    refuseItems(batch, problem, 1, this.problems[problem])
    return undefined
  }
}
