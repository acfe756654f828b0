import { ProtobufWriter, varintLength } from '@vantage/bytes'

/** Fields of every row that change from send to send, at the same places behind the begin of each row's message. */
export interface RowPlaces {
  /** fixed64 ns. */
  readonly time: number
  /** fixed64 ns: the time and what `laterNs` of the row adds. */
  readonly laterTime: number
  /** Ids whose first four bytes are made anew; the last only where `hasLastId` of the row says so. */
  readonly ids: readonly number[]
}

export interface EncodedRow {
  readonly message: Uint8Array
  /** Behind the row's own time. */
  readonly laterNs: number
  readonly hasLastId: boolean
}

/** Rows of one sender, in a request: the field `resource` of it, and `scope` of what lies in it, tags included. */
export interface RowGroup {
  readonly resource: Uint8Array
  readonly scope: Uint8Array
  readonly rows: readonly EncodedRow[]
}

const RESOURCE_ROWS = 0x0a
const SCOPE_ROWS = 0x12
const ROWS = 0x12
const TWO_TO_32 = 2 ** 32
/** An odd number with its bits all over: passes give ids far apart. */
const ID_STRIDE = 0x9e3779b1

/**
 * An OTLP request of logs or spans, made once and patched for each send, so that the sender costs little beside what it
 * measures: new times, and ids that no other pass has. Ids that are equal within a pass stay so: traces hang together.
 */
export class RecordTemplate {
  readonly rows: number
  /** Patched in place: one send at a time. */
  readonly body: Buffer
  readonly #places: RowPlaces
  readonly #rowsAt: Int32Array
  readonly #laterNs: Float64Array
  readonly #jitter: Float64Array
  readonly #firstBytes: Uint32Array
  readonly #hasLastId: Uint8Array

  /** @param random in [0, 1): how far into its step each row's time lies */
  constructor(groups: readonly RowGroup[], places: RowPlaces, random: () => number) {
    const rows = groups.flatMap((group) => group.rows)
    this.rows = rows.length
    this.#places = places
    this.#rowsAt = new Int32Array(rows.length)
    this.#laterNs = Float64Array.from(rows, ({ laterNs }) => laterNs)
    this.#hasLastId = Uint8Array.from(rows, ({ hasLastId }) => Number(hasLastId))
    this.#jitter = Float64Array.from(rows, random)
    this.body = this.#assemble(groups)
    this.#firstBytes = new Uint32Array(rows.length * places.ids.length)
    for (let row = 0; row < rows.length; row++) {
      for (const [i, place] of places.ids.entries()) {
        if (!this.#hasId(row, i)) continue
        this.#firstBytes[row * places.ids.length + i] = this.body.readUInt32LE((this.#rowsAt[row] as number) + place)
      }
    }
  }

  #assemble(groups: readonly RowGroup[]): Buffer {
    const out = new ProtobufWriter()
    let row = 0
    for (const { resource, scope, rows } of groups) {
      const rowsBytes = rows.reduce((sum, { message }) => sum + fieldBytes(message.length), 0)
      const scopeBytes = scope.length + rowsBytes
      out.varint(RESOURCE_ROWS, resource.length + fieldBytes(scopeBytes))
      out.append(resource)
      out.varint(SCOPE_ROWS, scopeBytes)
      out.append(scope)
      for (const { message } of rows) {
        out.varint(ROWS, message.length)
        this.#rowsAt[row++] = out.length
        out.append(message)
      }
    }
    return Buffer.from(out.finish())
  }

  #hasId(row: number, id: number): boolean {
    return id < this.#places.ids.length - 1 || this.#hasLastId[row] === 1
  }

  /** Row `i` gets a time within `stepNs` from `startNs + i * stepNs` on. @param pass another one gives other ids */
  patch(startNs: bigint, stepNs: number, pass: number): Buffer {
    const { time, laterTime, ids } = this.#places
    const high = Number(startNs >> 32n)
    const low = Number(startNs & 0xffffffffn)
    const key = Math.imul(pass, ID_STRIDE)
    for (let row = 0; row < this.rows; row++) {
      const at = this.#rowsAt[row] as number
      const lowNs = low + Math.floor((row + (this.#jitter[row] as number)) * stepNs)
      this.#putTime(at + time, high, lowNs)
      this.#putTime(at + laterTime, high, lowNs + (this.#laterNs[row] as number))
      for (let i = 0; i < ids.length; i++) {
        if (!this.#hasId(row, i)) continue
        const first = (this.#firstBytes[row * ids.length + i] as number) ^ key
        this.body.writeUInt32LE(first >>> 0, at + (ids[i] as number))
      }
    }
    return this.body
  }

  #putTime(at: number, high: number, lowNs: number): void {
    this.body.writeUInt32LE(lowNs % TWO_TO_32, at)
    this.body.writeUInt32LE(high + Math.floor(lowNs / TWO_TO_32), at + 4)
  }

  /** Hex of the first id of a row, 16 bytes, as it was sent last. */
  firstId(row: number): string {
    const at = (this.#rowsAt[row] as number) + (this.#places.ids[0] as number)
    return this.body.toString('hex', at, at + 16)
  }
}

/** Of a field with a tag of one byte. */
function fieldBytes(length: number): number {
  return 1 + varintLength(length) + length
}
