import { ByteCursor, readVarint, utf8Text } from '@vantage/bytes'
import { err, type Fault, fault, foreign, ok, type Result } from '@vantage/model'
import { CompactRewriter } from './thrift-compact.ts'
import { THRIFT, ThriftReader } from './thrift-reader.ts'

const COMPACT_ID = 0x82
const COMPACT_VERSION = 1
const BINARY_VERSION = 0x8001
const METHOD = 'emitBatch'
const NAME_BYTES_MAX = 64
const SEQUENCE_BYTES = 4
const TYPE_BYTES = 1

/**
 * What Jaeger's clients send to an agent by UDP: a one-way call in Thrift's compact protocol (port 6831) or in its
 * binary protocol (6832), told apart by the first byte.
 *
 *     Agent.emitBatch(1 batch)
 *
 * Source: jaegertracing/jaeger-idl thrift/agent.thrift; apache/thrift doc/specs. Owner: one door.
 */
export class JaegerAgentReader {
  readonly #compact = new CompactRewriter()
  readonly #cursor = new ByteCursor()
  readonly #reader = new ThriftReader()

  /** @returns the batch in the binary protocol, valid until the next call and while `datagram` is */
  batchOf(datagram: Uint8Array): Result<Uint8Array, Fault> {
    const found = datagram[0] === COMPACT_ID ? this.#compactCall(datagram) : this.#binaryCall(datagram)
    if (!found.ok) return found
    const { bytes, at } = found.value
    const reader = this.#reader
    reader.reset(bytes, at, bytes.length)
    while (reader.nextField()) {
      const from = reader.at
      const isBatch = reader.isField(1, THRIFT.struct)
      reader.skipField()
      if (isBatch && !reader.isBad) return ok(bytes.subarray(from, reader.at))
    }
    return reader.isBad ? malformed(reader.at) : err(fault('bad_request', 'Jaeger: want a batch in the call, got none'))
  }

  #compactCall(datagram: Uint8Array): Result<Arguments, Fault> {
    const cursor = this.#cursor
    cursor.reset(datagram, 2, datagram.length)
    const version = (datagram[1] ?? 0) & 0x1f
    if (version !== COMPACT_VERSION) {
      return err(
        fault('bad_request', `Jaeger: want version ${COMPACT_VERSION} of the compact protocol, got ${version}`),
      )
    }
    readVarint(cursor)
    const length = readVarint(cursor)
    const wrong = cursor.isBad ? malformed(cursor.at) : wrongName(datagram, cursor.at, length)
    if (wrong !== undefined) return wrong
    const bytes = this.#compact.rewrite(datagram, cursor.at + length)
    return bytes === undefined ? malformed(cursor.at + length) : ok({ bytes, at: 0 })
  }

  /** With a version in front of the name, or as it was before there were versions. */
  #binaryCall(datagram: Uint8Array): Result<Arguments, Fault> {
    const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
    if (datagram.length < 2 * SEQUENCE_BYTES) return malformed(0)
    const isVersioned = view.getUint16(0) === BINARY_VERSION
    const lengthAt = isVersioned ? SEQUENCE_BYTES : 0
    const length = view.getUint32(lengthAt)
    const wrong = wrongName(datagram, lengthAt + 4, length)
    if (wrong !== undefined) return wrong
    const at = lengthAt + 4 + length + (isVersioned ? 0 : TYPE_BYTES) + SEQUENCE_BYTES
    return at > datagram.length ? malformed(datagram.length) : ok({ bytes: datagram, at })
  }
}

/** The struct of a call's arguments. */
interface Arguments {
  readonly bytes: Uint8Array
  readonly at: number
}

function wrongName(datagram: Uint8Array, at: number, length: number): Result<never, Fault> | undefined {
  if (length > NAME_BYTES_MAX || at + length > datagram.length) return malformed(at)
  const name = utf8Text(datagram, at, at + length)
  if (name === METHOD) return undefined
  return err(fault('bad_request', `Jaeger: want a call of ${METHOD}, got ${JSON.stringify(foreign(name))}`))
}

function malformed(at: number): Result<never, Fault> {
  return err(fault('bad_request', `Jaeger: malformed Thrift call at offset ${at}`))
}
