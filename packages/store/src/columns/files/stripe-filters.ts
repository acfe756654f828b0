import type { ByteRanges } from '@vantage/model'
import type { ColumnSet } from '../rows/column-set.ts'
import type { AttributeShredder, TakenColumn } from './attribute-shredder.ts'
import { BloomBuilder } from './bloom.ts'
import { traceHash } from './tokens.ts'

/** Memory of a filter while it is built: what it is folded from. */
const TOKEN_BYTES = 256 * 1024
const TRACE_BYTES = 32 * 1024

/** Builds the filters of stripes, one after the other. */
export class StripeFilters {
  readonly #tokens = new BloomBuilder(TOKEN_BYTES)
  readonly #traces = new BloomBuilder(TRACE_BYTES)

  /**
   * Words of lines or names, and of attribute values that are texts, in rows [from, to).
   * @param attributes took the row group apart, whose attributes are `ranges`
   * @param columns of lines or names, and of attributes
   */
  tokens(
    attributes: AttributeShredder,
    ranges: ByteRanges,
    columns: readonly TakenColumn[],
    from: number,
    to: number,
  ): Uint8Array {
    this.#tokens.reset()
    attributes.addTokens(ranges, columns, from, to, this.#tokens)
    return this.#tokens.fold()
  }

  traces({ ids }: ColumnSet, from: number, to: number): Uint8Array {
    this.#traces.reset()
    const traceIds = ids[0] as Uint8Array
    for (let row = from; row < to; row++) {
      if (!isSame(traceIds, row, row - 1) || row === from) this.#traces.add(traceHash(traceIds, row * 16))
    }
    return this.#traces.fold()
  }
}

/** True where two rows have one trace: neighbours mostly do. */
function isSame(ids: Uint8Array, row: number, other: number): boolean {
  if (other < 0) return false
  for (let k = 0; k < 16; k++) if (ids[row * 16 + k] !== ids[other * 16 + k]) return false
  return true
}
