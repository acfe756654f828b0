import { type ByteRanges, decodeAttributes, encodeAttributes, type ItemReason } from '@vantage/model'
import type { RecordLimits } from '../limits.ts'
import { shortenValue } from '../shorten-value.ts'
import { AttributeCheck, type CheckProblem } from './attribute-check.ts'
import { GatheredColumn } from './gathered-column.ts'

/** The attribute fields of records. */
export class AttributeColumn extends GatheredColumn {
  readonly check = new AttributeCheck()
  readonly #limits: RecordLimits
  /** Of the open record. */
  #count = 0
  #isLong = false
  #problem: CheckProblem | undefined

  constructor(column: ByteRanges, limits: RecordLimits) {
    super(column)
    this.#limits = limits
  }

  override openRecord(): void {
    super.openRecord()
    this.#count = 0
    this.#isLong = false
    this.#problem = undefined
  }

  /** One attribute field [fieldFrom, to) whose KeyValue message begins at `from`. */
  add(fieldFrom: number, from: number, to: number): void {
    this.#problem ??= this.check.pair(this.body, from, to)
    if (to - from > this.#limits.maxAttributeBytes) this.#isLong = true
    this.#count++
    this.gather(fieldFrom, to)
  }

  /** @returns why the record is refused; `malformed` where the request is */
  problem(): CheckProblem | Extract<ItemReason, 'too_many_attributes'> | undefined {
    if (this.#problem === undefined && this.#count > this.#limits.maxAttributes) return 'too_many_attributes'
    return this.#problem
  }

  /** Sets the record's range. @returns true where a value was cut */
  closeRecord(row: number): boolean {
    this.close(row, this.#isLong ? (start) => this.#cut(start) : undefined)
    return this.#isLong
  }

  #cut(start: number): void {
    const attributes = decodeAttributes(this.arena.bytes, start, this.arenaLength)
    this.arenaLength = start
    const shortened = attributes.map(({ key, value }) => ({
      key,
      value: shortenValue(value, this.#limits.maxAttributeBytes),
    }))
    this.append(encodeAttributes(shortened))
  }
}
