/** A column of a file. Names of files that were written stay as they are. */
export interface ColumnSpec {
  readonly name: string
  readonly type: 'int' | 'long' | 'double' | 'bool' | 'bytes'
  readonly annotation?: 'utf8' | 'timestamp' | 'u8' | 'u32' | 'u64'
  /** Rows may lack a value. */
  readonly isOptional: boolean
  /** Written as they are: values that neither repeat nor follow each other. */
  readonly isPlain?: boolean
}

interface Present {
  /** Of the values. */
  readonly count: number
  /** The row of each value, ascending; undefined: every row has one. */
  readonly rows?: Int32Array | undefined
}

export interface Ranges {
  readonly bytes: Uint8Array
  readonly from: Int32Array
  readonly to: Int32Array
}

/** Different values in the order they were met, and the place of each value among them. */
export interface Dictionary {
  readonly codes: Int32Array
  readonly entries: readonly Uint8Array[]
}

/** Values of one column in one row group, by place; 64-bit values as halves, low at 2 · place. */
export type ColumnValues =
  | (Present & { readonly kind: 'ints'; readonly ints: Int32Array })
  | (Present & { readonly kind: 'longs'; readonly halves: Int32Array })
  | (Present & { readonly kind: 'doubles'; readonly halves: Int32Array })
  | (Present & { readonly kind: 'bools'; readonly flags: Uint8Array })
  | (Present & {
      readonly kind: 'ranges'
      readonly ranges: Ranges
      /** Their dictionary, or that they have none, where it was found on the way. */
      readonly known?: { readonly dictionary: Dictionary | undefined } | undefined
    })
  /** Each value is the place of an entry; entries that nothing names may be among them. */
  | (Present & { readonly kind: 'coded'; readonly codes: Int32Array; readonly entries: readonly Uint8Array[] })

export const NO_VALUES: ColumnValues = { kind: 'ints', count: 0, rows: new Int32Array(0), ints: new Int32Array(0) }

/** The end of the values that rows below `endRow` have. */
export function valuesTo(values: ColumnValues, from: number, endRow: number): number {
  const { rows } = values
  if (rows === undefined) return Math.min(values.count, endRow)
  let low = from
  let high = values.count
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((rows[middle] as number) < endRow) low = middle + 1
    else high = middle
  }
  return low
}
