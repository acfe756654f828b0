import { ByteCursor, ReusableBuffer, readVarint, readVarintSigned, snappyDecompress, utf8Text } from '@vantage/bytes'
import { compileMatcher, err, type Fault, fault, type Matcher, ok, type Result, type SeriesScan } from '@vantage/model'

/**
 * Requests of remote read 1.0. Source: prometheus/prometheus prompb/remote.proto.
 *
 *     ReadRequest   1 queries*     Query           2 accepted_response_types* enum
 *     Query         1 start_timestamp_ms int64     2 end_timestamp_ms int64     3 matchers* LabelMatcher
 *     LabelMatcher  1 type enum (EQ, NEQ, RE, NRE) 2 name                       3 value
 */

/** How an answer is written: `sampled.ts`, `streamed.ts`. */
export type ReadForm = 'sampled' | 'streamed'

export interface ReadRequest {
  readonly scans: readonly SeriesScan[]
  /** What the client accepts that we know, what it likes best first; never empty. */
  readonly forms: readonly ReadForm[]
}

/** By the numbers of the wire: SAMPLES, STREAMED_XOR_CHUNKS. */
const FORMS: readonly ReadForm[] = ['sampled', 'streamed']

const REQUEST_BYTES_MAX = 1024 * 1024
const QUERIES_MAX = 64
const MATCHERS_MAX = 256
const ACCEPTED_MAX = 16
const OPS: readonly Matcher['op'][] = ['=', '!=', '=~', '!~']

/** Reads a ReadRequest packed by snappy. @param regexCharsMax `query.maxRegexBytes` */
export function readReadRequest(body: Uint8Array, regexCharsMax: number): Result<ReadRequest> {
  const room = new ReusableBuffer()
  const unpacked = snappyDecompress(body, 0, body.length, room, REQUEST_BYTES_MAX)
  if (!unpacked.ok) return bad(`snappy: ${unpacked.error.message}`)
  const scans: SeriesScan[] = []
  let problem: Fault | undefined
  const accepted: number[] = []
  const isWhole = eachField(room.bytes, 0, unpacked.value, (tag, from, to) => {
    // A list of enums comes packed or one by one.
    if (tag === 0x12 || tag === 0x10) {
      const cursor = new ByteCursor(room.bytes, from, to)
      while (cursor.at < to && !cursor.isBad && accepted.length < ACCEPTED_MAX) accepted.push(readVarint(cursor))
    }
    if (tag !== 0x0a || problem !== undefined) return
    const query = readQuery(room.bytes, from, to, regexCharsMax)
    if (!query.ok) problem = query.error
    else if (scans.length === QUERIES_MAX) problem = badFault(`want at most ${QUERIES_MAX} queries, got more`)
    else scans.push(query.value)
  })
  if (problem !== undefined) return err(problem)
  if (!isWhole) return bad('protobuf: malformed ReadRequest')
  const forms = accepted.length === 0 ? FORMS.slice(0, 1) : accepted.flatMap((number) => FORMS[number] ?? [])
  if (forms.length === 0) return bad('want SAMPLES or STREAMED_XOR_CHUNKS in accepted_response_types, got neither')
  return ok({ scans, forms })
}

function readQuery(bytes: Uint8Array, from: number, to: number, regexCharsMax: number): Result<SeriesScan> {
  let startMs = 0
  let endMs = 0
  const matchers: Matcher[] = []
  let problem: Fault | undefined
  const isWhole = eachField(bytes, from, to, (tag, at, end) => {
    if (tag === 0x08) startMs = readVarintSigned(new ByteCursor(bytes, at, end))
    else if (tag === 0x10) endMs = readVarintSigned(new ByteCursor(bytes, at, end))
    else if (tag === 0x1a) {
      const matcher = readMatcher(bytes, at, end)
      const compiled = matcher === undefined ? undefined : compileMatcher(matcher, regexCharsMax)
      if (matcher === undefined || compiled === undefined) problem ??= badFault('protobuf: malformed LabelMatcher')
      else if (!compiled.ok) problem ??= compiled.error
      else if (matchers.length === MATCHERS_MAX) problem ??= badFault(`want at most ${MATCHERS_MAX} matchers, got more`)
      else matchers.push(matcher)
    }
  })
  if (problem !== undefined) return err(problem)
  return isWhole ? ok({ matchers, startMs, endMs }) : bad('protobuf: malformed Query')
}

function readMatcher(bytes: Uint8Array, from: number, to: number): Matcher | undefined {
  let type = 0
  let name = ''
  let value = ''
  const isWhole = eachField(bytes, from, to, (tag, at, end) => {
    if (tag === 0x08) type = readVarint(new ByteCursor(bytes, at, end))
    else if (tag === 0x12) name = utf8Text(bytes, at, end)
    else if (tag === 0x1a) value = utf8Text(bytes, at, end)
  })
  const op = OPS[type]
  return isWhole && op !== undefined ? { name, op, value } : undefined
}

/** Calls `take` with tag and content of each field. @returns false where the message is malformed */
function eachField(
  bytes: Uint8Array,
  from: number,
  to: number,
  take: (tag: number, from: number, to: number) => void,
): boolean {
  const cursor = new ByteCursor(bytes, from, to)
  while (cursor.at < to) {
    const tag = readVarint(cursor)
    let at = cursor.at
    const wireType = tag % 8
    if (wireType === 0) readVarint(cursor)
    else if (wireType === 1) cursor.at += 8
    else if (wireType === 5) cursor.at += 4
    else if (wireType === 2) {
      const length = readVarint(cursor)
      at = cursor.at
      cursor.at += length
    } else return false
    if (cursor.isBad || cursor.at > to) return false
    take(tag, at, cursor.at)
  }
  return true
}

function badFault(message: string): Fault {
  return fault('bad_request', `remote read: ${message}`, { reason: 'bad_data' })
}

function bad(message: string): { readonly ok: false; readonly error: Fault } {
  return err(badFault(message))
}
