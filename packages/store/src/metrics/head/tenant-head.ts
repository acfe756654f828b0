import type { MetricMetadata, TenantId } from '@vantage/model'
import { HELP_CHARS_MAX, METADATA_PER_TENANT_MAX } from '../limits.ts'
import type { Tombstone } from '../tombstones.ts'
import { AliasTable } from './alias-table.ts'
import { Arrivals } from './arrivals.ts'
import { type DeltaState, DeltaSums } from './delta-sums.ts'
import { Generation, type PinEpochs } from './generation.ts'
import { HeadIndex } from './head-index.ts'
import { HeadIndexReader, indexDelta } from './head-index-reader.ts'
import type { TailPacker } from './tail-packer.ts'
import { SeriesTap } from './tap.ts'

/** A generation that waits for its part, and what the part needs beyond the samples. */
export interface FrozenGeneration {
  readonly generation: Generation
  /** The index its series ids belong to. */
  readonly index: HeadIndex
  readonly deltas: readonly DeltaState[]
  /** Log offset after its newest record: deletions from there on cover all of it. */
  readonly toOffset: number
}

/** Generations frozen together: one transaction makes all their parts visible. */
export interface SealBatch {
  readonly fromOffset: number
  readonly toOffset: number
  readonly items: readonly { readonly tenant: TenantId; readonly frozen: FrozenGeneration }[]
}

/** Below this an index is not worth rebuilding. */
const REBUILD_SERIES_MIN = 4096

/** Everything one tenant has in memory: an index that outlives generations, and the generations. */
export class TenantHead {
  readonly seed: number
  readonly pins: PinEpochs
  readonly packer: TailPacker
  readonly tap = new SeriesTap()
  readonly arrivals = new Arrivals()
  index: HeadIndex
  aliases: AliasTable
  current: Generation
  deltaSums = new DeltaSums()
  /** Oldest first; still answered from until their part is in the catalogue. */
  readonly frozen: FrozenGeneration[] = []
  /** Deletions in force, oldest first; replaced as a whole when they change. */
  tombstones: readonly Tombstone[] = []
  /** In the order they came; a changed entry is appended again, so that readers take only the tail. */
  readonly metadata: MetricMetadata[] = []
  /** Grows when `metadata` was shortened to its newest entries: readers take all of it again. */
  metadataEpoch = 0
  readonly #newestMetadata = new Map<string, MetricMetadata>()
  /** Largest time of each series over all generations, for the out-of-order window. */
  maxTimes = new Float64Array(1024).fill(Number.NEGATIVE_INFINITY)
  #reader: HeadIndexReader | undefined

  constructor(seed: number, generation: number, packer: TailPacker, pins: PinEpochs) {
    this.seed = seed
    this.pins = pins
    this.packer = packer
    this.index = new HeadIndex(seed, 1)
    this.aliases = new AliasTable(seed)
    this.current = new Generation(generation, packer, pins)
  }

  /** The index as readers see it, up to now; on the writer's thread only. */
  reader(): HeadIndexReader {
    this.#reader ??= new HeadIndexReader(this.index)
    this.#reader.update(
      indexDelta(
        this.index,
        this.index.slabs.all().map((one) => one.buffers.length),
      ),
    )
    return this.#reader
  }

  /** True where the index is worth rebuilding for the series that live. */
  isMostlyDead(liveSeries: number): boolean {
    return this.index.seriesCount >= REBUILD_SERIES_MIN && liveSeries * 2 < this.index.seriesCount
  }

  /**
   * Starts an empty index where most of this one is dead: series that are still sent come back by their labels with
   * their next sample, so nothing stops the writer. Only delta series move at once, because their sums must stay.
   * Frozen generations keep the old index until their parts are written.
   */
  rebuildIndex(): void {
    const before = this.reader()
    const next = new HeadIndex(this.seed, this.index.epoch + 1)
    this.deltaSums.renumber((series) => {
      const labels = before.labels(series)
      const known = next.findSeries(labels)
      return known >= 0 ? known : next.addSeries(labels)
    })
    this.index = next
    this.aliases.clear()
    this.maxTimes = new Float64Array(1024).fill(Number.NEGATIVE_INFINITY)
    this.#reader = undefined
    this.tap.flags.fill(0)
    this.tap.cover(next.seriesCount)
    this.tap.onRenumber?.()
  }

  /**
   * Ends the current generation at a log offset and begins `next`.
   * @returns what was frozen, or undefined where it held nothing
   */
  freeze(next: number, toOffset: number): FrozenGeneration | undefined {
    const { current } = this
    if (current.sampleCount === 0 && current.exemplarCount === 0) return undefined
    const frozen = { generation: current, index: this.index, deltas: this.deltaSums.takeTouched(), toOffset }
    this.frozen.push(frozen)
    this.current = new Generation(next, this.packer, this.pins)
    return frozen
  }

  setMetadata(entry: MetricMetadata): void {
    const known = this.#newestMetadata.get(entry.metric)
    if (known === undefined && this.#newestMetadata.size >= METADATA_PER_TENANT_MAX) return
    const help = entry.help.slice(0, HELP_CHARS_MAX)
    if (known !== undefined && known.type === entry.type && known.unit === entry.unit && known.help === help) return
    const kept = { metric: entry.metric, type: entry.type, unit: entry.unit, help }
    this.#newestMetadata.set(kept.metric, kept)
    this.metadata.push(kept)
    // Senders that disagree about a text change it with every request.
    if (this.metadata.length > 1000 + this.#newestMetadata.size * 2) {
      this.metadata.splice(0, this.metadata.length, ...this.#newestMetadata.values())
      this.metadataEpoch++
    }
  }

  newestMetadata(): MetricMetadata[] {
    return [...this.#newestMetadata.values()]
  }

  noteMaxTime(series: number, timeMs: number): void {
    if (series >= this.maxTimes.length) {
      const next = new Float64Array(Math.max(series + 1, this.maxTimes.length * 2)).fill(Number.NEGATIVE_INFINITY)
      next.set(this.maxTimes)
      this.maxTimes = next
    }
    if (timeMs > (this.maxTimes[series] as number)) this.maxTimes[series] = timeMs
  }
}
