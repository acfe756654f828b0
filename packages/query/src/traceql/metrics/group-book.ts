import { isBytes, type Origin } from '@vantage/model'
import type { SpanView } from '../evaluate/span-view.ts'
import type { Field } from '../language/syntax.ts'

/** Spans that are told apart by nothing but these have one group for each origin, name, kind and status. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['name', 'kind', 'status'])

interface Known<Group> {
  readonly name: Uint8Array
  readonly state: number
  readonly group: Group
}

/** Whatever else is remembered; names may be many. */
const KNOWN_MAX = 100_000
/** Bytes of names that are few: those of a dictionary, where equal names lie at one place. */
const FEW_BYTES = 16_384
/** Kinds are below 8 and states below 4. */
const STATES = 32

/** Finds the group of a span by bytes, without making values of its fields. */
export class GroupBook<Group> {
  #byOrigin = new Map<Origin, Map<number, Known<Group>[]>>()
  readonly #usesName: boolean
  readonly #usesState: boolean
  #count = 0
  /** Fast path: groups by origin, state and place of the name, as long as the bytes of names are these. */
  #names: Uint8Array = new Uint8Array(0)
  #origins: readonly Origin[] = []
  #byPlace: (Group | undefined)[][] = []

  private constructor(fields: readonly Field[]) {
    this.#usesName = fields.some((field) => field.kind === 'intrinsic' && field.name === 'name')
    this.#usesState = fields.some((field) => field.kind === 'intrinsic' && field.name !== 'name')
  }

  /** @returns undefined where other fields tell groups apart */
  static for<Group>(fields: readonly Field[]): GroupBook<Group> | undefined {
    const isPlain = fields.every((field) => {
      if (field.isParent) return false
      if (field.kind === 'intrinsic') return OWN_FIELDS.has(field.name)
      return field.scope === 'resource' || field.scope === 'instrumentation'
    })
    return isPlain ? new GroupBook(fields) : undefined
  }

  /** @param make called for the first span of a group */
  of(span: SpanView, make: (span: SpanView) => Group): Group {
    const { origins, columns, row } = span
    const { names } = columns
    const state = this.#usesState ? (columns.kinds[row] as number) * 4 + (columns.statusCodes[row] as number) : 0
    if (names.bytes.length > FEW_BYTES || state >= STATES) return this.#byBytes(span, state, make)
    if (names.bytes !== this.#names || origins !== this.#origins) {
      this.#names = names.bytes
      this.#origins = origins
      this.#byPlace = []
    }
    const origin = (columns.origins[row] as number) * STATES + state
    const byPlace = this.#byPlace[origin] ?? []
    this.#byPlace[origin] = byPlace
    const place = this.#usesName ? (names.from[row] as number) : 0
    // Names of no bytes may lie anywhere.
    if (this.#usesName && names.to[row] === place) return this.#byBytes(span, state, make)
    const group = byPlace[place] ?? this.#byBytes(span, state, make)
    byPlace[place] = group
    return group
  }

  #byBytes(span: SpanView, state: number, make: (span: SpanView) => Group): Group {
    const { origin, columns, row } = span
    const { bytes, from, to } = columns.names
    const start = this.#usesName ? (from[row] as number) : 0
    const end = this.#usesName ? (to[row] as number) : 0
    let hash = state
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
    const byHash = this.#ofOrigin(origin)
    const known = byHash.get(hash)
    if (known !== undefined) {
      for (let i = 0; i < known.length; i++) {
        const one = known[i] as Known<Group>
        if (one.state === state && isBytes(bytes, start, end, one.name)) return one.group
      }
    }
    const group = make(span)
    byHash.set(hash, [...(known ?? []), { name: bytes.slice(start, end), state, group }])
    if (++this.#count > KNOWN_MAX) this.#forget()
    return group
  }

  #ofOrigin(origin: Origin): Map<number, Known<Group>[]> {
    let byHash = this.#byOrigin.get(origin)
    if (byHash === undefined) {
      byHash = new Map()
      this.#byOrigin.set(origin, byHash)
    }
    return byHash
  }

  #forget(): void {
    this.#byOrigin = new Map()
    this.#count = 0
  }
}
