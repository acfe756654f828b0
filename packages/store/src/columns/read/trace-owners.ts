import { hexText, lokiName, type Origin } from '@vantage/model'
import { allTokens } from '../files/tokens.ts'
import type { RowSource } from './source.ts'

const NO_TRACE = new Uint8Array(16)
const TRACE_LABEL = 'trace_id'

/** Where rows may be that somebody asks for by the label `trace_id`: it is a row's own id, an attribute or of its origin. */
export class TraceOwners {
  readonly #traceId: Uint8Array
  readonly #words: readonly number[]
  readonly #named = new Map<readonly Origin[], boolean>()

  constructor(traceId: Uint8Array) {
    this.#traceId = traceId
    this.#words = allTokens(Buffer.from(hexText(traceId, 0, traceId.length)))
  }

  mayBeIn<Columns>(source: RowSource<Columns>): boolean {
    if (source.mayHoldTrace(this.#traceId) || this.#hasNamed(source.origins)) return true
    return source.mayHoldTrace(NO_TRACE) && source.mayHoldWords(this.#words)
  }

  #hasNamed(origins: readonly Origin[]): boolean {
    const known = this.#named.get(origins)
    if (known !== undefined) return known
    const named = origins.some(namesTrace)
    this.#named.set(origins, named)
    return named
  }
}

/** True where rows of an origin have the label whatever their own id is. */
export function namesTrace({ resource, scope }: Origin): boolean {
  return [...resource, ...scope].some(({ key }) => lokiName(key) === TRACE_LABEL)
}
