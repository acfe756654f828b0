import { type Fault, FaultError, labelsEqual } from '@vantage/model'
import type { IndexGroup, SeriesIndex } from '../series-index.ts'
import type { TierReader } from './tier-reader.ts'

/** A tier as a reader needs it to open the file. */
export interface TierRef {
  readonly id: number
  readonly fileName: string
  /** Place in `TIER_BUCKETS_MS`. */
  readonly tier: number
  /** The part whose samples these are; 0 once it is gone. */
  readonly partId: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly fromOffset: number
  readonly toOffset: number
  /** Deletions below this log offset are made final in it, or came before its data. */
  readonly deletedTo: number
  readonly ageFromMs: number
  readonly bucketCount: number
  /** False once deletions took buckets out: those that are left do not tell that there is nothing beside them. */
  readonly isWhole: boolean
}

/** A tier file of a view, opened when it is first needed: most queries need none. */
export class ViewedTier {
  /** The newest row of the file; which part it lies beside may change. */
  ref: TierRef
  readonly #open: () => TierReader | Fault
  #opened: TierReader | Fault | undefined

  /** @param open returns the fault of a file that is refused */
  constructor(ref: TierRef, open: () => TierReader | Fault) {
    this.ref = ref
    this.#open = open
  }

  /** Undefined where the file is refused. */
  get reader(): TierReader | undefined {
    this.#opened ??= this.#open()
    return 'code' in this.#opened ? undefined : this.#opened
  }

  get refusal(): Fault | undefined {
    return this.reader === undefined ? (this.#opened as Fault) : undefined
  }

  /** @throws FaultError where the file is refused */
  require(): TierReader {
    const { reader } = this
    if (reader === undefined) throw new FaultError(this.#opened as Fault)
    return reader
  }

  close(): void {
    if (this.#opened !== undefined) this.reader?.close()
  }
}

/** The buckets of a part beside it: where they are exact, they stand in for its samples. */
export class PartTier {
  readonly bucketMs: number
  readonly #tier: ViewedTier
  readonly #index: SeriesIndex
  readonly #checksum: number
  #series: Int32Array | undefined

  /**
   * @param index of the part
   * @param checksum of the part's footer
   */
  constructor(bucketMs: number, tier: ViewedTier, index: SeriesIndex, checksum: number) {
    this.bucketMs = bucketMs
    this.#tier = tier
    this.#index = index
    this.#checksum = checksum
  }

  /** Undefined where the file is refused. */
  get reader(): TierReader | undefined {
    return this.#tier.reader
  }

  /** The tier's id of a series of the part, or -1. */
  seriesOf(reader: TierReader, series: number): number {
    // Fast path: the tier was built from this very file.
    if (reader.sourceChecksum >>> 0 === this.#checksum >>> 0) return series
    this.#series ??= mapSeries(this.#index, reader.index)
    return this.#series[series] as number
  }
}

/** Both in the order of their labels; every series of `from` that is in `to` by its id there, else -1. */
function mapSeries(from: SeriesIndex, to: SeriesIndex): Int32Array {
  const ids = new Int32Array(from.seriesCount).fill(-1)
  const byHash = new Map<number, number>()
  for (let i = 0; i < to.seriesCount; i++) byHash.set(to.hashLow(i), i)
  for (let i = 0; i < ids.length; i++) {
    const twin = byHash.get(from.hashLow(i))
    if (twin !== undefined && labelsEqual(from.labels(i), to.labels(twin))) ids[i] = twin
  }
  return ids
}

/** Groups of places in a selection, by what they are good for when buckets are asked for. */
export function bucketWidths(groups: readonly IndexGroup[], startMs: number, endMs: number): number[] {
  const widths = new Set<number>()
  for (const { tiers, sources } of groups) {
    if (tiers === undefined) continue
    if (!sources.some((one) => one.minTimeMs <= endMs && one.maxTimeMs >= startMs)) continue
    for (const { bucketMs } of tiers) widths.add(bucketMs)
  }
  return [...widths].sort((a, b) => b - a)
}
