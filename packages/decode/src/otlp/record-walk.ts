import { ReusableBuffer } from '@vantage/bytes'
import { type Attribute, type Attributes, decodeAttributes, type Fault, fault, type Origin } from '@vantage/model'
import { FieldCursor, fieldVarint, nextField } from '../field-cursor.ts'
import { FIELDS_PER_CLOCK_READ } from '../limits.ts'

/**
 * The three levels that logs and traces share (`ResourceLogs`, `ResourceSpans`): request → resource → scope → record.
 *
 *     Request   1 resource_*     Resource*  1 resource Resource, 2 scope_*, 3 schema_url
 *     Scope*    1 scope InstrumentationScope, 2 record*, 3 schema_url
 *     Resource  1 attributes*, 2 dropped_attributes_count
 *     InstrumentationScope  1 name, 2 version, 3 attributes*, 4 dropped_attributes_count
 *
 * Source: opentelemetry-proto logs/v1, trace/v1, resource/v1, common/v1.
 */
const FIRST = 0x0a
const RECORDS = 0x12
const SCHEMA_URL = 0x1a

/** Origin bytes: four lengths (u32), then resource, its schema URL, scope, its schema URL as sent. */
const ORIGIN_HEAD_BYTES = 16

/** Who gets the records: adds origins and reads each record. @returns undefined, or where the record is malformed */
export interface RecordReader {
  readRecord(from: number, to: number, originFrom: number, originTo: number): number | undefined
}

/** Walks one body in slices. Owner: one request at a time. */
export class RecordWalk {
  readonly #request = new FieldCursor()
  readonly #resource = new FieldCursor()
  readonly #scope = new FieldCursor()
  readonly #ahead = new FieldCursor()
  /** Origin bytes of the request. */
  readonly arena = new ReusableBuffer()
  #arenaLength = 0
  #originFrom = 0
  #body: Uint8Array = new Uint8Array(0)
  #resourceRange = [0, 0]
  #resourceSchema = [0, 0]

  start(body: Uint8Array, length: number): void {
    this.#body = body
    this.#arenaLength = 0
    this.#request.reset(body, 0, length)
    this.#resource.reset(body, 0, 0)
    this.#scope.reset(body, 0, 0)
  }

  /** Reads records until `budget` fields are spent. @returns true when the body is done, or why it cannot be read */
  step(reader: RecordReader): boolean | Fault {
    for (let cost = 0; cost < FIELDS_PER_CLOCK_READ; cost += 12) {
      if (nextField(this.#scope)) {
        if (this.#scope.tag !== RECORDS) continue
        const bad = reader.readRecord(this.#scope.from, this.#scope.to, this.#originFrom, this.#arenaLength)
        if (bad !== undefined) return malformed('record', bad)
      } else if (this.#scope.isBad) return malformed('scope', this.#scope.at)
      else if (nextField(this.#resource)) {
        if (this.#resource.tag === RECORDS && !this.#openScope()) return malformed('scope', this.#ahead.at)
      } else if (this.#resource.isBad) return malformed('resource', this.#resource.at)
      else if (nextField(this.#request)) {
        if (this.#request.tag === FIRST && !this.#openResource()) return malformed('resource', this.#ahead.at)
      } else return this.#request.isBad ? malformed('request', this.#request.at) : true
    }
    return false
  }

  #openResource(): boolean {
    const { from, to } = this.#request
    this.#resourceRange = [0, 0]
    this.#resourceSchema = [0, 0]
    const ahead = this.#ahead
    ahead.reset(this.#body, from, to)
    while (nextField(ahead)) {
      if (ahead.tag === FIRST) this.#resourceRange = [ahead.from, ahead.to]
      else if (ahead.tag === SCHEMA_URL) this.#resourceSchema = [ahead.from, ahead.to]
    }
    this.#resource.reset(this.#body, from, to)
    return !ahead.isBad
  }

  #openScope(): boolean {
    const { from, to } = this.#resource
    let scope = [0, 0]
    let schema = [0, 0]
    const ahead = this.#ahead
    ahead.reset(this.#body, from, to)
    while (nextField(ahead)) {
      if (ahead.tag === FIRST) scope = [ahead.from, ahead.to]
      else if (ahead.tag === SCHEMA_URL) schema = [ahead.from, ahead.to]
    }
    this.#scope.reset(this.#body, from, to)
    this.#putOrigin([this.#resourceRange, this.#resourceSchema, scope, schema])
    return !ahead.isBad
  }

  #putOrigin(ranges: readonly number[][]): void {
    const from = this.#arenaLength
    const size = ranges.reduce((sum, [at = 0, to = 0]) => sum + to - at, ORIGIN_HEAD_BYTES)
    this.arena.reserve(from + size, Math.max(1, from))
    let at = from + ORIGIN_HEAD_BYTES
    ranges.forEach(([start = 0, end = 0], i) => {
      this.arena.view.setUint32(from + i * 4, end - start, true)
      this.arena.bytes.set(this.#body.subarray(start, end), at)
      at += end - start
    })
    this.#originFrom = from
    this.#arenaLength = at
  }
}

/** Reads origin bytes [from, to) as `RecordWalk` wrote them. */
export function readOrigin(bytes: Uint8Array, from: number): Origin {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = from + ORIGIN_HEAD_BYTES
  const next = (i: number): [number, number] => {
    const start = at
    at += view.getUint32(from + i * 4, true)
    return [start, at]
  }
  const [resourceFrom, resourceTo] = next(0)
  const [resourceSchemaFrom, resourceSchemaTo] = next(1)
  const [scopeFrom, scopeTo] = next(2)
  const [scopeSchemaFrom, scopeSchemaTo] = next(3)
  const resource = readMessage(bytes, resourceFrom, resourceTo, 0x0a, 0x10)
  const scope = readMessage(bytes, scopeFrom, scopeTo, 0x1a, 0x20)
  return {
    resource: resource.attributes,
    resourceDroppedCount: resource.droppedCount,
    resourceSchemaUrl: text(bytes, resourceSchemaFrom, resourceSchemaTo),
    scopeName: scope.name,
    scopeVersion: scope.version,
    scope: scope.attributes,
    scopeDroppedCount: scope.droppedCount,
    scopeSchemaUrl: text(bytes, scopeSchemaFrom, scopeSchemaTo),
    kind: 'resource',
  }
}

function readMessage(
  bytes: Uint8Array,
  from: number,
  to: number,
  attributesTag: number,
  droppedTag: number,
): { attributes: Attributes; droppedCount: number; name: string; version: string } {
  const out = { attributes: [] as Attribute[], droppedCount: 0, name: '', version: '' }
  const cursor = new FieldCursor()
  cursor.reset(bytes, from, to)
  for (let fieldFrom = from; nextField(cursor); fieldFrom = cursor.at) {
    if (cursor.tag === attributesTag) out.attributes.push(...decodeAttributes(bytes, fieldFrom, cursor.to))
    else if (cursor.tag === droppedTag) out.droppedCount = fieldVarint(cursor)
    else if (cursor.tag === 0x0a) out.name = text(bytes, cursor.from, cursor.to)
    else if (cursor.tag === 0x12) out.version = text(bytes, cursor.from, cursor.to)
  }
  return out
}

function text(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8')
}

function malformed(what: string, at: number): Fault {
  return fault('bad_request', `OTLP: malformed ${what} at offset ${at}`)
}
