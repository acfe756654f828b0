import { utf8Floor } from '@vantage/bytes'
import { type AnyValue, type ByteRanges, decodeAttributes, encodeAttributes, type ItemReason } from '@vantage/model'
import type { RecordLimits } from '../limits.ts'
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
    const shortened = attributes.map(({ key, value }) => ({ key, value: this.#shorten(value) }))
    this.append(encodeAttributes(shortened))
  }

  /** Text is cut on a code point, bytes at the limit; a list or map that is too long becomes nothing. */
  #shorten(value: AnyValue): AnyValue {
    const max = this.#limits.maxAttributeBytes
    if (value.kind === 'bytes') return { kind: 'bytes', value: value.value.slice(0, max) }
    if (value.kind === 'string') {
      const bytes = Buffer.from(value.value)
      if (bytes.length <= max) return value
      return { kind: 'string', value: bytes.toString('utf8', 0, utf8Floor(bytes, 0, max)) }
    }
    if (value.kind !== 'array' && value.kind !== 'map') return value
    const size = encodeAttributes([{ key: '', value }]).length
    return size > max ? { kind: 'empty' } : value
  }
}
