import type { AnyValue, Attribute } from '@vantage/model'
import type { JaegerParts, JaegerProcess, JaegerReference } from './span.ts'
import { THRIFT, type ThriftReader } from './thrift-reader.ts'

/**
 *     Process  1 serviceName   2 tags list<Tag>
 *     Tag      1 key   2 vType i32   3 vStr   4 vDouble   5 vBool   6 vLong i64   7 vBinary
 *     Span     1 traceIdLow   2 traceIdHigh   3 spanId   4 parentSpanId (i64)   5 operationName
 *              6 references list<SpanRef>   7 flags i32   8 startTime, µs   9 duration, µs
 *              10 tags list<Tag>   11 logs list<Log>
 *     SpanRef  1 refType i32   2 traceIdLow   3 traceIdHigh   4 spanId
 *     Log      1 timestamp i64, µs   2 fields list<Tag>
 *
 * Source: jaegertracing/jaeger-idl thrift/jaeger.thrift. What a reader gives is worth nothing where it `isBad`.
 */
const NS_PER_US = 1_000n
const CHILD_OF = 0
/** The members of a tag for its types 0 to 4 are 3 to 7. */
const FIRST_VALUE = 3

export function readProcess(reader: ThriftReader): JaegerProcess {
  const from = reader.at
  let service = ''
  let tags: Attribute[] = []
  reader.isUtf8 = true
  while (reader.nextField()) {
    if (reader.isField(1, THRIFT.binary)) service = reader.text()
    else if (reader.isField(2, THRIFT.list)) tags = readTags(reader)
    else reader.skipField()
  }
  const key = `t${Buffer.from(reader.bytes.subarray(from, reader.at)).toString('latin1')}`
  return { key, service, tags, isUtf8: reader.isUtf8 }
}

/** Reads a span; `reader.isUtf8` says whether its texts are. */
export function readSpan(reader: ThriftReader): JaegerParts {
  const span = {
    traceId: new Uint8Array(16),
    spanId: new Uint8Array(8),
    parentSpanId: new Uint8Array(8),
    name: '',
    references: [] as JaegerReference[],
    flags: 0,
    startNs: 0n,
    durationNs: 0n,
    tags: [] as Attribute[],
    logs: [] as JaegerParts['logs'][number][],
  }
  reader.isUtf8 = true
  while (reader.nextField()) {
    if (reader.isField(1, THRIFT.i64)) reader.eight(span.traceId, 8)
    else if (reader.isField(2, THRIFT.i64)) reader.eight(span.traceId, 0)
    else if (reader.isField(3, THRIFT.i64)) reader.eight(span.spanId, 0)
    else if (reader.isField(4, THRIFT.i64)) reader.eight(span.parentSpanId, 0)
    else if (reader.isField(5, THRIFT.binary)) span.name = reader.text()
    else if (reader.isField(6, THRIFT.list)) span.references = readAll(reader, readReference)
    else if (reader.isField(7, THRIFT.i32)) span.flags = reader.i32()
    else if (reader.isField(8, THRIFT.i64)) span.startNs = reader.i64() * NS_PER_US
    else if (reader.isField(9, THRIFT.i64)) span.durationNs = reader.i64() * NS_PER_US
    else if (reader.isField(10, THRIFT.list)) span.tags = readTags(reader)
    else if (reader.isField(11, THRIFT.list)) span.logs = readAll(reader, readLog)
    else reader.skipField()
  }
  return span
}

function readAll<One>(reader: ThriftReader, read: (reader: ThriftReader) => One): One[] {
  const out: One[] = []
  for (let left = reader.list(THRIFT.struct); left > 0 && !reader.isBad; left--) out.push(read(reader))
  return out
}

function readTags(reader: ThriftReader): Attribute[] {
  return readAll(reader, readTag)
}

function readReference(reader: ThriftReader): JaegerReference {
  const traceId = new Uint8Array(16)
  const spanId = new Uint8Array(8)
  let isChild = true
  while (reader.nextField()) {
    if (reader.isField(1, THRIFT.i32)) isChild = reader.i32() === CHILD_OF
    else if (reader.isField(2, THRIFT.i64)) reader.eight(traceId, 8)
    else if (reader.isField(3, THRIFT.i64)) reader.eight(traceId, 0)
    else if (reader.isField(4, THRIFT.i64)) reader.eight(spanId, 0)
    else reader.skipField()
  }
  return { isChild, traceId, spanId }
}

function readLog(reader: ThriftReader): JaegerParts['logs'][number] {
  let timeNs = 0n
  let fields: Attribute[] = []
  while (reader.nextField()) {
    if (reader.isField(1, THRIFT.i64)) timeNs = reader.i64() * NS_PER_US
    else if (reader.isField(2, THRIFT.list)) fields = readTags(reader)
    else reader.skipField()
  }
  return { timeNs, fields }
}

/** The members are of types of their own. Some clients write them all: `vType`, which comes first, says which one is meant. */
function readTag(reader: ThriftReader): Attribute {
  let key = ''
  let type = -1
  let value: AnyValue = { kind: 'empty' }
  while (reader.nextField()) {
    const isMeant = reader.id === type + FIRST_VALUE
    if (reader.isField(1, THRIFT.binary)) key = reader.text()
    else if (reader.isField(2, THRIFT.i32)) type = reader.i32()
    else {
      const read = readValue(reader)
      if (read !== undefined && (isMeant || value.kind === 'empty')) value = read
    }
  }
  return { key, value }
}

/** @returns nothing where the field is none of the values, which is passed over */
function readValue(reader: ThriftReader): AnyValue | undefined {
  if (reader.isField(3, THRIFT.binary)) return { kind: 'string', value: reader.text() }
  if (reader.isField(4, THRIFT.double)) return { kind: 'double', value: reader.double() }
  if (reader.isField(5, THRIFT.bool)) return { kind: 'bool', value: reader.bool() }
  if (reader.isField(6, THRIFT.i64)) return { kind: 'int', value: reader.i64() }
  if (reader.isField(7, THRIFT.binary)) return { kind: 'bytes', value: reader.binary() }
  reader.skipField()
  return undefined
}
