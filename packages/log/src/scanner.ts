import { type OpenFile, readAll } from '@vantage/model'
import {
  bodyLengthAt,
  HEADER_BYTES,
  isWholeRecord,
  RECORD_CRC_BYTES,
  RECORD_HEAD_BYTES,
  RECORD_MAGIC_BYTES,
  sequenceAt,
} from './format.ts'
import { READ_BYTES } from './limits.ts'

/** Bytes of a file that are no record. */
export interface BadRange {
  readonly from: number
  readonly to: number
}

/**
 * Reads a segment from a position to an end, record by record, through one reused buffer, and steps over bytes
 * that are no record. Owner: one reader. After `advance` is true, the record is `bytes[recordAt …]` until the next
 * `advance` or `fill`.
 */
export class SegmentScanner {
  bytes: Uint8Array = new Uint8Array(0)
  recordAt = 0
  bodyLength = 0
  sequence = -1
  /** Place in the file where the record begins, and of the byte behind the last good one. */
  recordPosition = 0
  goodEnd = HEADER_BYTES
  readonly bad: BadRange[] = []
  #file: OpenFile | undefined
  #salt = 0
  /** File position of `bytes[0]`, bytes that are there, place of the reader in them. */
  #base = 0
  #have = 0
  #at = 0
  #end = 0
  #need = 0
  #badFrom = -1

  start(file: OpenFile, salt: number, position: number, end: number): void {
    const wanted = Math.min(READ_BYTES, Math.max(0, end - position))
    if (this.bytes.length < wanted) this.bytes = new Uint8Array(wanted)
    this.#file = file
    this.#salt = salt
    this.#base = position
    this.#have = 0
    this.#at = 0
    this.#end = end
    this.#need = 0
    this.#badFrom = -1
    this.sequence = -1
    this.goodEnd = position
    this.bad.length = 0
  }

  /** Reads more of the file. False at the end: then what is left is bad. */
  async fill(): Promise<boolean> {
    const file = this.#file as OpenFile
    this.bytes.copyWithin(0, this.#at, this.#have)
    this.#base += this.#at
    this.#have -= this.#at
    this.#at = 0
    if (this.#need > this.bytes.length) {
      const bytes = new Uint8Array(this.#need)
      bytes.set(this.bytes.subarray(0, this.#have))
      this.bytes = bytes
    }
    const position = this.#base + this.#have
    const room = Math.min(this.bytes.length - this.#have, this.#end - position)
    const count = room > 0 ? await readAll(file, this.bytes, this.#have, room, position) : 0
    this.#have += count
    if (count > 0) return true
    if (this.#have > 0) this.#noteBad(this.#base)
    this.#closeBad(this.#base + this.#have)
    return false
  }

  /** Goes to the next good record among the bytes that are there. False: `fill` first. */
  advance(): boolean {
    while (true) {
      const left = this.#have - this.#at
      if (left < RECORD_HEAD_BYTES) {
        this.#need = RECORD_HEAD_BYTES
        return false
      }
      const bodyLength = bodyLengthAt(this.bytes, this.#at, this.#salt)
      if (bodyLength < 0) {
        this.#skipBad(this.#at + 1)
        continue
      }
      const total = RECORD_HEAD_BYTES + bodyLength + RECORD_CRC_BYTES
      if (this.#base + this.#at + total > this.#end) {
        this.#skipBad(this.#at + 1)
        continue
      }
      if (left < total) {
        this.#need = total
        return false
      }
      const sequence = sequenceAt(this.bytes, this.#at)
      if (sequence <= this.sequence || !isWholeRecord(this.bytes, this.#at, bodyLength, this.#salt)) {
        this.#skipBad(this.#at + 1)
        continue
      }
      this.#take(sequence, bodyLength, total)
      return true
    }
  }

  #take(sequence: number, bodyLength: number, total: number): void {
    this.#closeBad(this.#base + this.#at)
    this.recordAt = this.#at
    this.recordPosition = this.#base + this.#at
    this.bodyLength = bodyLength
    this.sequence = sequence
    this.#at += total
    this.goodEnd = this.#base + this.#at
  }

  /** To the next place where a record may begin. */
  #skipBad(from: number): void {
    this.#noteBad(this.#base + from - 1)
    const there = Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.#have)
    const next = there.indexOf(RECORD_MAGIC_BYTES, from)
    this.#at = next >= 0 ? next : Math.max(from, this.#have - RECORD_MAGIC_BYTES.length + 1)
  }

  #noteBad(position: number): void {
    if (this.#badFrom < 0) this.#badFrom = position
  }

  #closeBad(position: number): void {
    if (this.#badFrom >= 0 && position > this.#badFrom) this.bad.push({ from: this.#badFrom, to: position })
    this.#badFrom = -1
  }
}
