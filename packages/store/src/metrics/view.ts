import {
  assert,
  type Fault,
  FaultError,
  type FileSystem,
  fault,
  type MetricMetadata,
  type TenantId,
} from '@vantage/model'
import type { Generation } from './head/generation.ts'
import { type GenerationDelta, GenerationReader } from './head/generation-reader.ts'
import type { HeadIndex } from './head/head-index.ts'
import { HeadIndexReader, type IndexDelta } from './head/head-index-reader.ts'
import { DeletedSeries, maskSource } from './masked-source.ts'
import { emptyIndex } from './part/empty-index.ts'
import { PageCache } from './part/page-cache.ts'
import { PartReader } from './part/part-reader.ts'
import {
  ageFromMs,
  type ExpiredSeries,
  expiredSeries,
  type Retention,
  SeriesKeeps,
  TenantRetention,
} from './retention.ts'
import { MatchCache } from './select.ts'
import { type IndexGroup, KnownTwins, type SampleSource, type SeriesIndex } from './series-index.ts'
import { type OpenTier, TenantTiers } from './tier/tenant-tiers.ts'
import { TierReader } from './tier/tier-reader.ts'
import type { TierRef } from './tier/tier-view.ts'
import type { Tombstone } from './tombstones.ts'

/** Messages a view keeps until someone reports them. */
const PROBLEMS_MAX = 100

/** A part as a reader needs it to open the file. */
export interface PartRef {
  readonly id: number
  readonly fileName: string
  readonly minTimeMs: number
  readonly maxTimeMs: number
  /** Deletions below this log offset are made final in it, or came before its data. */
  readonly deletedTo: number
  /** The age of what it holds does not count from before this, unix ms. */
  readonly ageFromMs: number
  /** CRC-32C of the footer. */
  readonly checksum: number
  readonly sampleCount: number
}

/** What of one tenant lies in files, as of one version of the catalogue. */
export interface StoredView {
  /** Lowest log offset first. */
  readonly parts: readonly PartRef[]
  /** Lowest log offset first. */
  readonly tiers: readonly TierRef[]
  /** Another one wherever anything else is. */
  readonly version: number
}

/** A part file as a view holds it: open, or refused with the reason. */
interface OpenPart {
  readonly id: number
  readonly group: IndexGroup
  close(): void
}

/**
 * What one reading thread lacks of one tenant: messages build on each other and must arrive in order.
 * All of it belongs to one catalogue version: data is in a generation or in a part, never in both.
 */
export interface TenantViewMessage {
  readonly tenant: TenantId
  /** What is over is judged as of now, unix ms. */
  readonly nowMs: number
  /** Indexes in use, oldest first; more than one only after a rebuild. */
  readonly indexes: readonly { readonly epoch: number; readonly delta: IndexDelta }[]
  /** Generations in use, oldest first. */
  readonly generations: readonly {
    readonly indexEpoch: number
    /** Deletions from this log offset on cover all of it. */
    readonly toOffset: number
    readonly delta: GenerationDelta
  }[]
  /** Absent where unchanged since the last message. */
  readonly stored?: StoredView
  /** All deletions in force, oldest first; absent where unchanged. */
  readonly tombstones?: readonly Tombstone[]
  /** Entries that are new or changed for this reader. */
  readonly metadata: readonly MetricMetadata[]
  /** Ranked figures of the head that only its writer knows. */
  readonly head: HeadFigures
}

export interface HeadFigures {
  readonly chunkCount: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
}

/** On the writer's own thread readers lend its memory instead of attaching it. */
export interface LocalSource {
  index(tenant: TenantId, epoch: number): HeadIndex | undefined
  generation(tenant: TenantId, id: number): Generation | undefined
}

/** One tenant as one thread sees it. */
export class TenantView {
  readonly #tenant: TenantId
  readonly #local: LocalSource | undefined
  readonly #indexes = new Map<number, { reader: HeadIndexReader; matches: MatchCache; known: KnownTwins }>()
  #generations: { readonly indexEpoch: number; readonly toOffset: number; readonly reader: GenerationReader }[] = []
  #parts: { readonly open: OpenPart; readonly ref: PartRef }[] = []
  #retired: OpenPart[] = []
  readonly #tiers: TenantTiers
  #tombstones: readonly Tombstone[] = []
  readonly #deleted = new WeakMap<SeriesIndex, DeletedSeries>()
  readonly #retention: TenantRetention
  readonly #keeps = new WeakMap<SeriesIndex, SeriesKeeps>()
  #nowMs = Number.NEGATIVE_INFINITY
  readonly metadata = new Map<string, MetricMetadata>()
  head: HeadFigures = { chunkCount: 0, minTimeMs: 0, maxTimeMs: 0 }
  /** Newest first. */
  groups: readonly IndexGroup[] = []

  constructor(tenant: TenantId, retention: TenantRetention, local: LocalSource | undefined) {
    this.#tenant = tenant
    this.#retention = retention
    this.#tiers = new TenantTiers(retention)
    this.#local = local
  }

  /** The index that the head writes now. */
  headIndex(): HeadIndexReader | undefined {
    const newest = [...this.#indexes.keys()].pop()
    return newest === undefined ? undefined : this.#indexes.get(newest)?.reader
  }

  /** One generation with the index that its series ids belong to; `source` is what deletions left of it. */
  generation(
    id: number,
    indexEpoch: number,
  ): { index: HeadIndexReader; reader: GenerationReader; source: SampleSource } | undefined {
    const index = this.#indexes.get(indexEpoch)?.reader
    const found = this.#generations.find((one) => one.reader.id === id)
    if (index === undefined || found === undefined) return undefined
    return { index, reader: found.reader, source: this.#masked(found.reader, index, found.toOffset, undefined) }
  }

  /** @param from of its age; undefined: retention hides nothing */
  #masked(source: SampleSource, index: SeriesIndex, deletedTo: number, from: number | undefined): SampleSource {
    const expired = from === undefined ? undefined : this.#expired(source, index, from)
    if (this.#tombstones.length === 0 && expired === undefined) return source
    let deleted = this.#deleted.get(index)
    if (deleted === undefined) {
      deleted = new DeletedSeries(index)
      this.#deleted.set(index, deleted)
    }
    deleted.keep(this.#tombstones)
    return maskSource(source, deletedTo, this.#tombstones, deleted, expired)
  }

  #expired(source: SampleSource, index: SeriesIndex, from: number): ExpiredSeries | undefined {
    let keeps = this.#keeps.get(index)
    if (keeps === undefined) {
      keeps = new SeriesKeeps(index, this.#retention)
      this.#keeps.set(index, keeps)
    }
    return expiredSeries(keeps, this.#retention, this.#nowMs, { minTimeMs: source.minTimeMs, ageFromMs: from })
  }

  update(message: TenantViewMessage, openPart: (ref: PartRef) => OpenPart, openTier: OpenTier): void {
    this.#updateIndexes(message)
    this.#updateGenerations(message)
    if (message.stored !== undefined) {
      this.#updateParts(message.stored.parts, openPart)
      this.#tiers.update(message.stored.tiers, openTier)
    }
    this.#nowMs = message.nowMs
    if (message.tombstones !== undefined) this.#tombstones = message.tombstones
    for (const entry of message.metadata) this.metadata.set(entry.metric, entry)
    this.head = message.head
    this.groups = this.#group()
  }

  #updateIndexes(message: TenantViewMessage): void {
    const live = new Set(message.indexes.map((one) => one.epoch))
    for (const epoch of this.#indexes.keys()) if (!live.has(epoch)) this.#indexes.delete(epoch)
    for (const { epoch, delta } of message.indexes) {
      let index = this.#indexes.get(epoch)
      if (index === undefined) {
        const reader = new HeadIndexReader(this.#local?.index(this.#tenant, epoch))
        index = { reader, matches: new MatchCache(), known: new KnownTwins() }
        this.#indexes.set(epoch, index)
      }
      index.reader.update(delta)
    }
  }

  #updateGenerations(message: TenantViewMessage): void {
    const before = new Map(this.#generations.map((one) => [one.reader.id, one.reader]))
    this.#generations = message.generations.map(({ indexEpoch, toOffset, delta }) => {
      const reader =
        before.get(delta.id) ?? new GenerationReader(delta.id, this.#local?.generation(this.#tenant, delta.id))
      reader.update(delta)
      return { indexEpoch, toOffset, reader }
    })
  }

  #updateParts(refs: readonly PartRef[], openPart: (ref: PartRef) => OpenPart): void {
    const before = new Map(this.#parts.map(({ open }) => [open.id, open]))
    this.#parts = refs.map((ref) => {
      const open = before.get(ref.id) ?? openPart(ref)
      before.delete(ref.id)
      return { open, ref }
    })
    // One version of grace: a selection that began before this message may still read.
    for (const part of this.#retired) part.close()
    this.#retired = [...before.values()]
  }

  #group(): IndexGroup[] {
    const groups: IndexGroup[] = []
    for (const [epoch, { reader, matches, known }] of [...this.#indexes].reverse()) {
      const sources: SampleSource[] = []
      for (const one of this.#generations) {
        if (one.indexEpoch === epoch)
          sources.push(this.#masked(one.reader, reader, one.toOffset, ageFromMs(one.reader.maxTimeMs, this.#nowMs)))
      }
      groups.push({ id: `head ${epoch}`, index: reader, matches, sources, known })
    }
    for (const { open, ref } of [...this.#parts].reverse()) {
      const { group } = open
      const sources = group.sources.map((one) => this.#masked(one, group.index, ref.deletedTo, ref.ageFromMs))
      const tiers = this.#tiers.beside(ref, group.index, this.#tombstones)
      const isAsOpened = tiers === undefined && sources[0] === group.sources[0]
      groups.push(isAsOpened ? group : { ...group, sources, ...(tiers === undefined ? {} : { tiers }) })
    }
    return [...groups, ...this.#tiers.groups(this.#nowMs, this.#tombstones)]
  }

  close(): void {
    for (const part of [...this.#parts.map(({ open }) => open), ...this.#retired]) part.close()
    this.#tiers.close()
    this.#parts = []
    this.#retired = []
    this.groups = []
  }
}

/** What every view of one store has in common. Plain data. */
export interface ViewOptions {
  /** Of the parts. */
  readonly directory: string
  /** Of the content hashes. */
  readonly seed: number
  readonly retention: Retention
}

/** All tenants as one thread sees them; parts and their pages are opened and cached here. */
export class StoreView {
  readonly #tenants = new Map<TenantId, TenantView>()
  readonly #files: FileSystem
  readonly #directory: string
  readonly #seed: number
  readonly #retention: Retention
  readonly #local: LocalSource | undefined
  readonly #pages: PageCache
  /** Refused pages and files, newest last; read and cleared by whoever reports them. */
  readonly problems: string[] = []

  constructor(files: FileSystem, options: ViewOptions, cacheBytes: number, local?: LocalSource) {
    this.#files = files
    this.#directory = options.directory
    this.#seed = options.seed
    this.#retention = options.retention
    this.#local = local
    this.#pages = new PageCache(cacheBytes, true)
  }

  update(message: TenantViewMessage): void {
    let view = this.#tenants.get(message.tenant)
    if (view === undefined) {
      view = new TenantView(message.tenant, new TenantRetention(this.#retention, message.tenant), this.#local)
      this.#tenants.set(message.tenant, view)
    }
    view.update(
      message,
      (ref) => this.#openPart(ref),
      (ref) => this.#openTier(ref),
    )
  }

  tenant(tenant: TenantId): TenantView | undefined {
    return this.#tenants.get(tenant)
  }

  #openPart(ref: PartRef): OpenPart {
    assert(!ref.fileName.includes('/'), 'part file names are names, not paths')
    try {
      return PartReader.open(this.#files, `${this.#directory}/${ref.fileName}`, ref.id, this.#seed, this.#pages)
    } catch (error) {
      const refusal = refusalOf(ref, error)
      if (this.problems.length < PROBLEMS_MAX) this.problems.push(refusal.message)
      return { id: ref.id, group: refusedGroup(ref, refusal), close: () => {} }
    }
  }

  #openTier(ref: TierRef): TierReader | Fault {
    assert(!ref.fileName.includes('/'), 'tier file names are names, not paths')
    try {
      return TierReader.open(this.#files, `${this.#directory}/${ref.fileName}`, ref.id, this.#seed, this.#pages)
    } catch (error) {
      const refusal = refusalOf(ref, error)
      if (this.problems.length < PROBLEMS_MAX) this.problems.push(refusal.message)
      return refusal
    }
  }

  close(): void {
    for (const view of this.#tenants.values()) view.close()
    this.#tenants.clear()
  }
}

function refusalOf(ref: { readonly fileName: string }, error: unknown): Fault {
  if (error instanceof FaultError) return error.fault
  const code = (error as { code?: string }).code
  if (code === undefined) throw error
  return fault('internal', `part ${ref.fileName} cannot be opened (${code})`, { reason: 'corrupt_part' })
}

/** Keeps the time range of a refused part, so that a query that needs it fails instead of answering without it. */
function refusedGroup(ref: PartRef, refusal: Fault): IndexGroup {
  const source: SampleSource = {
    minTimeMs: ref.minTimeMs,
    maxTimeMs: ref.maxTimeMs,
    hasHistograms: true,
    hasStartTimes: true,
    mayHold: () => true,
    read: () => {},
    mayHoldHistograms: () => true,
    histogramTimes: () => {},
    readHistograms: () => {},
    mayHoldStartTimes: () => true,
    readStartTimes: () => {},
    exemplars: () => [],
  }
  return {
    id: `part ${ref.id}`,
    refusal,
    index: emptyIndex(),
    matches: new MatchCache(),
    sources: [source],
    known: new KnownTwins(),
  }
}
