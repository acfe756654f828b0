import {
  ByteCursor,
  ProtobufWriter,
  ReusableBuffer,
  readVarint,
  readVarintSigned,
  snappyCompress,
  snappyDecompress,
  utf8Text,
} from '@vantage/bytes'
import {
  compileMatcher,
  err,
  type Fault,
  fault,
  type Labels,
  type Matcher,
  type MetricReader,
  ok,
  type QueryBudget,
  type Result,
  SampleColumns,
  type SeriesScan,
  type TenantId,
} from '@vantage/model'

/**
 * Remote read 1.0 with sampled answers. Source: prometheus/prometheus prompb/remote.proto.
 *
 *     ReadRequest   1 queries*     Query           2 accepted_response_types* enum
 *     Query         1 start_timestamp_ms int64     2 end_timestamp_ms int64     3 matchers* LabelMatcher
 *     LabelMatcher  1 type enum (EQ, NEQ, RE, NRE) 2 name                       3 value
 *     ReadResponse  1 results*     QueryResult     QueryResult 1 timeseries*    TimeSeries 1 labels* 2 samples*
 *
 * A client that accepts streamed chunks accepts samples too: every answer is sampled.
 */

export const REMOTE_READ_TYPE = 'application/x-protobuf'

const REQUEST_BYTES_MAX = 1024 * 1024
const QUERIES_MAX = 64
const MATCHERS_MAX = 256
const OPS: readonly Matcher['op'][] = ['=', '!=', '=~', '!~']

/** Reads a ReadRequest packed by snappy. @param regexCharsMax `query.maxRegexBytes` */
export function readReadRequest(body: Uint8Array, regexCharsMax: number): Result<SeriesScan[]> {
  const room = new ReusableBuffer()
  const unpacked = snappyDecompress(body, 0, body.length, room, REQUEST_BYTES_MAX)
  if (!unpacked.ok) return bad(`snappy: ${unpacked.error.message}`)
  const scans: SeriesScan[] = []
  let problem: Fault | undefined
  const isWhole = eachField(room.bytes, 0, unpacked.value, (tag, from, to) => {
    if (tag !== 0x0a || problem !== undefined) return
    const query = readQuery(room.bytes, from, to, regexCharsMax)
    if (!query.ok) problem = query.error
    else if (scans.length === QUERIES_MAX) problem = badFault(`want at most ${QUERIES_MAX} queries, got more`)
    else scans.push(query.value)
  })
  if (problem !== undefined) return err(problem)
  return isWhole ? ok(scans) : bad('protobuf: malformed ReadRequest')
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

/** Every sample of the scans, staleness markers included. @returns a ReadResponse packed by snappy */
export function remoteReadAnswer(
  scans: readonly SeriesScan[],
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): Uint8Array<ArrayBuffer> {
  const out = new ProtobufWriter()
  const samples = new SampleColumns()
  for (const scan of scans) {
    const result = out.open(0x0a)
    const selection = reader.select(tenant, scan, budget)
    for (let i = 0; i < selection.count; i++) {
      selection.read(i, scan.startMs, scan.endMs, samples)
      if (samples.count === 0) continue
      budget.chargeSamples(samples.count)
      const before = out.length
      const series = out.open(0x0a)
      writeLabels(out, selection.labels(i))
      for (let k = 0; k < samples.count; k++) {
        const sample = out.open(0x12)
        out.fixed64(0x09, samples.halves[k * 2] as number, samples.halves[k * 2 + 1] as number)
        out.signed(0x10, samples.times[k] as number)
        out.close(sample)
      }
      out.close(series)
      budget.chargeBytes(out.length - before)
    }
    out.close(result)
  }
  return new Uint8Array(snappyCompress(out.finish()))
}

function writeLabels(out: ProtobufWriter, labels: Labels): void {
  for (let i = 0; i < labels.length; i += 2) {
    const label = out.open(0x0a)
    out.text(0x0a, labels[i] as string)
    out.text(0x12, labels[i + 1] as string)
    out.close(label)
  }
}

function badFault(message: string): Fault {
  return fault('bad_request', `remote read: ${message}`, { reason: 'bad_data' })
}

function bad(message: string): { readonly ok: false; readonly error: Fault } {
  return err(badFault(message))
}
