import { type Halves, JSON_TOKENS, JsonReader, type JsonToken, ProtobufWriter, parseInt64 } from '@vantage/bytes'
import { assert, type Clock, type Fault, fault, foreign } from '@vantage/model'
import { FIELDS_PER_CLOCK_READ } from '../limits.ts'
import { ENUM_NAMES, type JsonField, type JsonMessage } from './json-schema.ts'

/** A message or an array of one field that is open. */
interface Frame {
  readonly message: JsonMessage
  /** In an array: the field of its elements. */
  readonly field: JsonField | undefined
  /** Of the message in the writer; −1 for the root and for arrays. */
  readonly mark: number
}

/**
 * Rewrites OTLP/JSON as OTLP protobuf, token by token, so that one decoder serves both and both give the same rows.
 * Integers keep all 64 bits; `NaN`, `Infinity` and `-Infinity` are read as strings.
 */
export class OtlpJsonTranscoder {
  readonly writer = new ProtobufWriter()
  readonly #reader = new JsonReader()
  readonly #root: JsonMessage
  readonly #halves: Halves = { low: 0, high: 0 }
  #frames: Frame[] = []
  #field: JsonField | undefined
  /** Depth of the container around a value that is being ignored; −1 = none. */
  #ignoreDepth = -1
  #isUtf8 = true

  constructor(root: JsonMessage) {
    this.#root = root
  }

  start(body: Uint8Array, length: number): void {
    this.writer.reset()
    this.#frames = []
    this.#field = undefined
    this.#ignoreDepth = -1
    this.#isUtf8 = this.#reader.start(body, 0, length)
  }

  /** As `OtlpMetricsDecoder.step`; when done, `writer` holds the protobuf message. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    if (!this.#isUtf8) return this.#malformed()
    while (true) {
      for (let tokens = 0; tokens < FIELDS_PER_CLOCK_READ; tokens++) {
        const token = this.#reader.next()
        if (token === JSON_TOKENS.bad) return this.#malformed()
        if (token === JSON_TOKENS.end) return 'done'
        const bad = this.#ignoreDepth >= 0 ? this.#ignore() : this.#take(token)
        if (bad !== undefined) return bad
      }
      if (clock.monotonicMs() >= deadlineMs) return 'more'
    }
  }

  #ignore(): undefined {
    if (this.#reader.depth <= this.#ignoreDepth) this.#ignoreDepth = -1
    return undefined
  }

  #take(token: JsonToken): Fault | undefined {
    const top = this.#frames.at(-1)
    if (top === undefined) {
      if (token !== JSON_TOKENS.objectStart) return this.#wrong('an object')
      this.#frames.push({ message: this.#root, field: undefined, mark: -1 })
      return undefined
    }
    if (token === JSON_TOKENS.objectEnd || token === JSON_TOKENS.arrayEnd) {
      this.#frames.pop()
      if (top.mark >= 0) this.writer.close(top.mark)
      return undefined
    }
    if (token === JSON_TOKENS.key) {
      this.#field = fieldOf(top.message, this.#reader)
      return undefined
    }
    const field = top.field ?? this.#field
    if (field === undefined || token === JSON_TOKENS.none) {
      const isOpen = token === JSON_TOKENS.objectStart || token === JSON_TOKENS.arrayStart
      if (isOpen) this.#ignoreDepth = this.#reader.depth - 1
      return undefined
    }
    if (token === JSON_TOKENS.arrayStart) {
      if (field.isRepeated !== true || top.field !== undefined) return this.#wrong('no array')
      this.#frames.push({ message: top.message, field, mark: -1 })
      return undefined
    }
    if (field.isRepeated === true && top.field === undefined) return this.#wrong('an array')
    return this.#value(token, field)
  }

  #value(token: JsonToken, field: JsonField): Fault | undefined {
    if (field.form === 'message') {
      if (token !== JSON_TOKENS.objectStart) return this.#wrong('an object')
      assert(field.message !== undefined, 'message fields have a table')
      this.#frames.push({ message: field.message(), field: undefined, mark: this.writer.open(field.tag) })
      return undefined
    }
    if (token === JSON_TOKENS.objectStart) return this.#wrong(`a ${field.form}`)
    if (field.form === 'bool') {
      if (token !== JSON_TOKENS.yes && token !== JSON_TOKENS.no) return this.#wrong('true or false')
      this.writer.varint(field.tag, token === JSON_TOKENS.yes ? 1 : 0)
      return undefined
    }
    if (token !== JSON_TOKENS.string && token !== JSON_TOKENS.number) return this.#wrong(`a ${field.form}`)
    if (field.form === 'double') return this.#double(token, field.tag)
    if (
      field.form === 'fixed64' ||
      field.form === 'sfixed64' ||
      field.form === 'fixed32' ||
      field.form === 'varint' ||
      field.form === 'zigzag'
    )
      return this.#integer(field)
    if (token === JSON_TOKENS.number && field.form !== 'enum') return this.#wrong('a string')
    if (field.form === 'enum') return this.#enumeration(token, field)
    return this.#text(field)
  }

  #double(token: JsonToken, tag: number): Fault | undefined {
    let value = this.#reader.number()
    if (token === JSON_TOKENS.string && Number.isNaN(value)) {
      if (this.#reader.is('Infinity')) value = Number.POSITIVE_INFINITY
      else if (this.#reader.is('-Infinity')) value = Number.NEGATIVE_INFINITY
      else if (!this.#reader.is('NaN')) return this.#wrong('a number')
    }
    this.writer.double(tag, value)
    return undefined
  }

  #integer(field: JsonField): Fault | undefined {
    const { bytes, from, to } = this.#reader
    if (!parseInt64(bytes, from, to, this.#halves)) {
      // ProtoJSON allows 1e3 and 1.0 for integers.
      const value = this.#reader.number()
      if (!Number.isSafeInteger(value)) return this.#wrong('a 64-bit integer')
      this.#halves.low = value >>> 0
      this.#halves.high = Math.floor(value / 4294967296) >>> 0
    }
    const { low, high } = this.#halves
    if (field.form === 'zigzag')
      this.writer.varint64(field.tag, (low << 1) ^ (high >> 31), ((high << 1) | (low >>> 31)) ^ (high >> 31))
    else if (field.form === 'fixed32') this.writer.fixed32(field.tag, low)
    else if (field.form === 'varint') this.writer.varint64(field.tag, low, high)
    else this.writer.fixed64(field.tag, low, high)
    return undefined
  }

  #enumeration(token: JsonToken, field: JsonField): Fault | undefined {
    const value = token === JSON_TOKENS.number ? this.#reader.number() : ENUM_NAMES[this.#reader.text()]
    if (value === undefined || !Number.isInteger(value) || value < 0) return this.#wrong('an enum number or name')
    this.writer.varint(field.tag, value)
    return undefined
  }

  #text(field: JsonField): Fault | undefined {
    const { from, to, bytes, hasEscapes } = this.#reader
    if (field.form === 'string') {
      if (hasEscapes) this.writer.text(field.tag, this.#reader.text())
      else this.writer.bytes(field.tag, bytes, from, to)
      return undefined
    }
    const text = this.#reader.text()
    if (field.form === 'hex' && !/^([0-9a-fA-F]{2})*$/.test(text)) return this.#wrong('hex digits')
    if (field.form === 'base64' && !/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return this.#wrong('base64')
    this.writer.bytes(field.tag, Buffer.from(text, field.form === 'hex' ? 'hex' : 'base64'))
    return undefined
  }

  #wrong(wanted: string): Fault {
    return fault('bad_request', `OTLP JSON: want ${wanted} before offset ${this.#reader.offsetBytes}`)
  }

  #malformed(): Fault {
    return fault('bad_request', `OTLP JSON: ${foreign(this.#reader.error)} at offset ${this.#reader.errorAt}`)
  }
}

/** Fast path: the name's bytes against the few names of the message. Slow path: original names (snake_case). */
function fieldOf(message: JsonMessage, reader: JsonReader): JsonField | undefined {
  for (const field of message.fields) if (reader.is(field.name)) return field
  const name = reader.text()
  if (!name.includes('_')) return undefined
  const camel = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  return message.fields.find((field) => field.name === camel)
}

/** A decoder of OTLP protobuf. */
interface ProtobufDecoder<Batch> {
  start(body: Uint8Array, length: number, batch: Batch): void
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault
}

/** Decodes OTLP/JSON of one signal with the protobuf decoder, whose contract it has. */
export class OtlpJsonDecoder<Batch> {
  readonly #transcoder: OtlpJsonTranscoder
  readonly #decoder: ProtobufDecoder<Batch>
  #batch: Batch | undefined
  #isTranscoded = false

  constructor(root: JsonMessage, decoder: ProtobufDecoder<Batch>) {
    this.#transcoder = new OtlpJsonTranscoder(root)
    this.#decoder = decoder
  }

  start(body: Uint8Array, length: number, batch: Batch): void {
    this.#transcoder.start(body, length)
    this.#batch = batch
    this.#isTranscoded = false
  }

  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    if (!this.#isTranscoded) {
      const outcome = this.#transcoder.step(deadlineMs, clock)
      if (outcome !== 'done') return outcome
      assert(this.#batch !== undefined, 'start before step')
      const { buffer, length } = this.#transcoder.writer
      this.#decoder.start(buffer.bytes, length, this.#batch)
      this.#isTranscoded = true
    }
    return this.#decoder.step(deadlineMs, clock)
  }
}
