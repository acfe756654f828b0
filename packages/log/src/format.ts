import { crc32 } from 'node:zlib'
import {
  copyBytes,
  crc32c,
  getUint32,
  getUint64,
  putUint32,
  putUint64,
  ReusableBuffer,
  snappyDecompress,
  snappyMaxCompressedLength,
  snappyPackInto,
  utf8Text,
} from '@vantage/bytes'
import {
  assert,
  type LogRecord,
  PAYLOAD_ENCODINGS,
  type PayloadEncoding,
  type PayloadFormat,
  type Topic,
} from '@vantage/model'
import { PACK_BYTES_MIN, RECORD_BYTES_MAX } from './limits.ts'

/** Bytes of segment files; the picture is in FORMAT.md beside this package's source. */

export const SEGMENT_VERSION = 1
const SEGMENT_MAGIC = 'VANTALOG'
/** Two copies of the header in two sectors: one bad sector does not cost the segment. */
const HEADER_COPY_BYTES = 512
export const HEADER_BYTES = 2 * HEADER_COPY_BYTES
const HEADER_CRC_AT = 92

/** "VREC" as little-endian integer. */
const RECORD_MAGIC = 0x43455256
export const RECORD_MAGIC_BYTES = Uint8Array.of(0x56, 0x52, 0x45, 0x43)
export const RECORD_HEAD_BYTES = 24
export const RECORD_CRC_BYTES = 4
const HEAD_CRC_AT = 20
const RECORD_TYPE_DATA = 1
/**
 * Of a packed record the payload is one snappy block: its length as a varint, then the elements. Versions 1 and 2 end with
 * a CRC-32C, those that are written with a CRC-32, which the engine computes several times faster.
 */
const RECORD_VERSION = { plainCrc32c: 1, packedCrc32c: 2, plain: 3, packed: 4 } as const
/** Of the length before a snappy block. */
const LENGTH_BYTES_MAX = 5
const NO_VERDICT = 0xffffffff

export interface SegmentHeader {
  readonly version: number
  readonly topic: string
  readonly firstOffset: number
  readonly createdAtMs: number
  /** Start value of every checksum in the segment: a payload from outside cannot pass for a record. */
  readonly salt: number
}

export function encodeHeader(topic: Topic, firstOffset: number, createdAtMs: number, salt: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES)
  const name = new TextEncoder().encode(topic)
  assert(name.length <= 48, 'topic names fit the header')
  bytes.set(new TextEncoder().encode(SEGMENT_MAGIC), 0)
  putUint32(bytes, 8, SEGMENT_VERSION)
  putUint32(bytes, 12, salt)
  putUint64(bytes, 16, firstOffset)
  putUint64(bytes, 24, createdAtMs)
  bytes[32] = name.length
  bytes.set(name, 33)
  putUint32(bytes, HEADER_CRC_AT, crc32c(bytes, 0, HEADER_CRC_AT))
  bytes.copyWithin(HEADER_COPY_BYTES, 0, HEADER_COPY_BYTES)
  return bytes
}

/** @returns the header from whichever copy is whole, or undefined */
export function decodeHeader(bytes: Uint8Array): SegmentHeader | undefined {
  return decodeHeaderCopy(bytes, 0) ?? decodeHeaderCopy(bytes, HEADER_COPY_BYTES)
}

function decodeHeaderCopy(bytes: Uint8Array, at: number): SegmentHeader | undefined {
  if (bytes.length < at + HEADER_CRC_AT + 4) return undefined
  if (utf8Text(bytes, at, at + 8) !== SEGMENT_MAGIC) return undefined
  if (crc32c(bytes, at, at + HEADER_CRC_AT) !== getUint32(bytes, at + HEADER_CRC_AT)) return undefined
  const nameLength = bytes[at + 32] as number
  return {
    version: getUint32(bytes, at + 8),
    salt: getUint32(bytes, at + 12),
    firstOffset: getUint64(bytes, at + 16),
    createdAtMs: getUint64(bytes, at + 24),
    topic: utf8Text(bytes, at + 33, at + 33 + nameLength),
  }
}

/** Room that `encodeRecord` needs; what it writes may be less. */
export function recordBytesMax(record: LogRecord): number {
  const verdictBytes = record.verdict?.length ?? 0
  const texts = record.tenant.length + Buffer.byteLength(record.receiver)
  const { length } = record.payload
  const payloadBytes = isPackable(record) ? LENGTH_BYTES_MAX + snappyMaxCompressedLength(length) : length
  return RECORD_HEAD_BYTES + 1 + 1 + 1 + 1 + 1 + 8 + 4 + texts + verdictBytes + payloadBytes + RECORD_CRC_BYTES
}

/** What comes unpacked costs more to write than to pack; what is short is not worth it. */
function isPackable({ encoding, payload }: LogRecord): boolean {
  return encoding === PAYLOAD_ENCODINGS.identity && payload.length >= PACK_BYTES_MIN
}

/**
 * Writes a record into `out` at `outAt`, which must have `recordBytesMax(record)` of room.
 * @returns the offset after it
 */
export function encodeRecord(
  record: LogRecord,
  sequence: number,
  salt: number,
  out: Uint8Array,
  outAt: number,
): number {
  const receiver = new TextEncoder().encode(record.receiver)
  assert(receiver.length <= 255, 'receiver names are at most 255 bytes')
  let at = outAt + RECORD_HEAD_BYTES
  out[at++] = RECORD_VERSION.plain
  out[at++] = record.tenant.length
  for (let i = 0; i < record.tenant.length; i++) out[at++] = record.tenant.charCodeAt(i)
  out[at++] = receiver.length
  out.set(receiver, at)
  at += receiver.length
  out[at++] = record.format
  out[at++] = record.encoding
  at = putUint64(out, at, record.receivedAtMs)
  at = putUint32(out, at, record.verdict?.length ?? NO_VERDICT)
  if (record.verdict !== undefined) {
    out.set(record.verdict, at)
    at += record.verdict.length
  }
  at = putPayload(record, out, outAt + RECORD_HEAD_BYTES, at)
  const length = at - outAt - RECORD_HEAD_BYTES
  assert(length <= RECORD_BYTES_MAX, 'record is longer than a reader accepts')
  putUint32(out, outAt, RECORD_MAGIC)
  putUint32(out, outAt + 4, length)
  putUint64(out, outAt + 8, sequence)
  putUint32(out, outAt + 16, RECORD_TYPE_DATA)
  putUint32(out, outAt + HEAD_CRC_AT, crc32c(out, outAt, outAt + HEAD_CRC_AT, salt))
  return putUint32(out, at, crc32(out.subarray(outAt, at), salt))
}

/** Writes the payload, packed where that is shorter; the version at `versionAt` says which. @returns the offset after it */
function putPayload(record: LogRecord, out: Uint8Array, versionAt: number, at: number): number {
  const { payload } = record
  if (isPackable(record)) {
    const end = snappyPackInto(payload, out, at)
    if (end - at < payload.length) {
      out[versionAt] = RECORD_VERSION.packed
      return end
    }
  }
  copyBytes(payload, 0, payload.length, out, at)
  return at + payload.length
}

/** Length of the body behind the head at `at`, or −1 where the head is bad. `at + RECORD_HEAD_BYTES` must be inside. */
export function bodyLengthAt(bytes: Uint8Array, at: number, salt: number): number {
  if (getUint32(bytes, at) !== RECORD_MAGIC) return -1
  if (crc32c(bytes, at, at + HEAD_CRC_AT, salt) !== getUint32(bytes, at + HEAD_CRC_AT)) return -1
  const length = getUint32(bytes, at + 4)
  return length <= RECORD_BYTES_MAX ? length : -1
}

export function sequenceAt(bytes: Uint8Array, at: number): number {
  return getUint64(bytes, at + 8)
}

/** True where head and body are as they were written. */
export function isWholeRecord(bytes: Uint8Array, at: number, bodyLength: number, salt: number): boolean {
  const end = at + RECORD_HEAD_BYTES + bodyLength
  const isOld = (bytes[at + RECORD_HEAD_BYTES] as number) <= RECORD_VERSION.packedCrc32c
  const sum = isOld ? crc32c(bytes, at, end, salt) : crc32(bytes.subarray(at, end), salt)
  return sum === getUint32(bytes, end)
}

/**
 * Reads a record whose checksum is right. Its payload and verdict point into `bytes`; a payload that was packed is
 * fresh memory.
 * @returns undefined where the record version is newer than this reader
 */
export function decodeRecord(bytes: Uint8Array, recordAt: number, bodyLength: number): LogRecord | undefined {
  let at = recordAt + RECORD_HEAD_BYTES
  const end = at + bodyLength
  const version = bytes[at++]
  if (version === undefined || version === 0 || version > RECORD_VERSION.packed) return undefined
  const tenantEnd = at + 1 + (bytes[at] as number)
  const tenant = utf8Text(bytes, at + 1, tenantEnd)
  const receiverEnd = tenantEnd + 1 + (bytes[tenantEnd] as number)
  const receiver = utf8Text(bytes, tenantEnd + 1, receiverEnd)
  at = receiverEnd
  const format = bytes[at++] as PayloadFormat
  const encoding = bytes[at++] as PayloadEncoding
  const receivedAtMs = getUint64(bytes, at)
  const verdictLength = getUint32(bytes, at + 8)
  at += 12
  let verdict: Uint8Array | undefined
  if (verdictLength !== NO_VERDICT) {
    verdict = bytes.subarray(at, at + verdictLength)
    at += verdictLength
  }
  const isPacked = version === RECORD_VERSION.packed || version === RECORD_VERSION.packedCrc32c
  const payload = isPacked ? unpacked(bytes, at, end) : bytes.subarray(at, end)
  if (payload === undefined) return undefined
  return { tenant, receiver, format, encoding, receivedAtMs, verdict, payload }
}

function unpacked(bytes: Uint8Array, from: number, end: number): Uint8Array | undefined {
  const out = new ReusableBuffer()
  const unpacking = snappyDecompress(bytes, from, end, out, RECORD_BYTES_MAX)
  return unpacking.ok ? out.bytes.subarray(0, unpacking.value) : undefined
}
