import { nativeMemory } from '@vantage/bytes'
import { type ByteRanges, decodeAttributes, encodeAttributes, type ItemReason } from '@vantage/model'
import type { RecordLimits } from '../limits.ts'
import { shortenValue } from '../shorten-value.ts'
import { AttributeCheck, type CheckProblem } from './attribute-check.ts'
import { GatheredColumn } from './gathered-column.ts'

/** Bytes of an attribute that the SIMD loop reads. */
const PLAIN_BYTES_MAX = 127
/** What the SIMD loop answers: how many attributes, times this, plus the place behind them. */
const COUNT_UNIT = 2 ** 32

/** The attribute fields of records. */
export class AttributeColumn extends GatheredColumn {
  readonly check = new AttributeCheck()
  readonly #limits: RecordLimits
  readonly #native = nativeMemory()
  readonly #passPlain = this.#native?.kernels.plainAttributes ?? (() => 0)
  /** Of the body in native memory, or -1: there runs of plain attributes are passed at once. */
  #address = -1
  /** Of the open record. */
  #count = 0
  #isLong = false
  #problem: CheckProblem | undefined

  constructor(column: ByteRanges, limits: RecordLimits) {
    super(column)
    this.#limits = limits
  }

  override start(body: Uint8Array): void {
    super.start(body)
    const isShort = PLAIN_BYTES_MAX <= this.#limits.maxAttributeBytes
    this.#address = isShort ? (this.#native?.addressOf(body) ?? -1) : -1
  }

  override openRecord(): void {
    super.openRecord()
    this.#count = 0
    this.#isLong = false
    this.#problem = undefined
  }

  /**
   * One attribute field [fieldFrom, to) whose KeyValue message begins at `from`, and those behind it that can be passed
   * with it.
   * @param end of the record
   * @returns the place behind what was added
   */
  add(fieldFrom: number, from: number, to: number, end: number): number {
    if (this.#address >= 0) {
      const passed = this.#passPlain(this.#address + fieldFrom, this.#address + end, this.body[fieldFrom] as number)
      if (passed >= COUNT_UNIT) {
        const count = Math.floor(passed / COUNT_UNIT)
        const behind = passed - count * COUNT_UNIT - this.#address
        this.#count += count
        this.gather(fieldFrom, behind)
        return behind
      }
    }
    this.#addOne(fieldFrom, from, to)
    return to
  }

  #addOne(fieldFrom: number, from: number, to: number): void {
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
    if (!this.#isLong) {
      this.close(row, undefined)
      return false
    }
    let isCut = false
    this.close(row, (start) => {
      isCut = this.#cut(start)
    })
    return isCut
  }

  /** @returns false where only a name makes an attribute long */
  #cut(start: number): boolean {
    const attributes = decodeAttributes(this.arena.bytes, start, this.arenaLength)
    this.arenaLength = start
    const shortened = attributes.map(({ key, value }) => ({
      key,
      value: shortenValue(value, this.#limits.maxAttributeBytes),
    }))
    this.append(encodeAttributes(shortened))
    return shortened.some(({ value }, i) => value !== attributes[i]?.value)
  }
}
