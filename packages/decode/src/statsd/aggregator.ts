import {
  type Labels,
  labelsFrom,
  labelsKey,
  METRIC_NAME,
  type MetricMetadata,
  type MetricType,
  staleNaN,
} from '@vantage/model'
import { canonicalLabels } from '../labels.ts'
import { LABEL_LIMITS, type LabelLimits } from '../limits.ts'
import type { StatsdEvent, StatsdTags } from './line.ts'
import type { StatsdMapper } from './mapper.ts'
import type { ObserverOptions } from './mapping.ts'
import { escapeName } from './name.ts'
import { type Observations, observationsOf } from './observations.ts'

/** `statsd.maxSeries`: names with labels whose state is held. */
export const STATSD_SERIES_MAX = 100_000
/** Members of one set between two flushes. */
const SET_MEMBERS_MAX = 10_000
/** A name that was silent so long ends: its series get a stale marker and its state is given up. */
const TTL_MS = 3_600_000

export type StatsdRefusal =
  | 'series_limit'
  | 'set_members'
  | 'type_conflict'
  | 'negative_counter'
  | 'dropped_by_mapping'
  | 'bad_labels'

/** One series at a flush. */
export interface FlushedSeries {
  readonly labels: Labels
  /** One value; the marker of staleness survives in here. */
  readonly values: Float64Array
}

export interface Flush {
  readonly series: readonly FlushedSeries[]
  /** Of names that are new since the last flush. */
  readonly metadata: readonly MetricMetadata[]
}

export interface AggregatorOptions {
  readonly mapper: StatsdMapper
  readonly seriesMax?: number
  readonly ttlMs?: number
  readonly limits?: LabelLimits
  readonly onRefused?: (reason: StatsdRefusal) => void
}

type Kind = 'counter' | 'gauge' | 'summary' | 'histogram'

/** Spellings of names and tags that are known, for each series that may be held. */
const ALIASES_PER_SERIES = 2

interface Found {
  readonly entry: Entry
  readonly scale: number
}

/** State of one name with its labels. */
interface Entry {
  readonly key: string
  readonly name: string
  readonly labels: Labels
  readonly ttlMs: number
  touchedMs: number
  value: number
  readonly observations: Observations | undefined
  readonly members: Set<string> | undefined
}

/**
 * Holds what StatsD's values add up to, and states all of it at each flush: counters and timers cumulative, as a
 * scrape would find them, gauges as they were set last, sets as the number of members since the flush before.
 * Owner: one listener; not for several tenants. Clocks are passed in.
 */
export class StatsdAggregator {
  readonly #options: AggregatorOptions
  readonly #seriesMax: number
  readonly #ttlMs: number
  readonly #limits: LabelLimits
  readonly #entries = new Map<string, Entry>()
  /** What each name is, and how many entries it has: a name is one thing at a time. */
  readonly #kinds = new Map<string, { readonly kind: Kind; entries: number }>()
  /** What events name, as they spell it. Emptied when an entry ends, so that none is held by its name alone. */
  readonly #aliases = new Map<string, Found>()
  #metadata: MetricMetadata[] = []

  constructor(options: AggregatorOptions) {
    this.#options = options
    this.#seriesMax = options.seriesMax ?? STATSD_SERIES_MAX
    this.#ttlMs = options.ttlMs ?? TTL_MS
    this.#limits = options.limits ?? LABEL_LIMITS
  }

  get entryCount(): number {
    return this.#entries.size
  }

  /** @param nowMs unix ms; never earlier than the call before */
  add(event: StatsdEvent, nowMs: number): void {
    // Fast path: the same name and tags as before, spelled the same.
    const alias = aliasOf(event)
    let found = this.#aliases.get(alias)
    if (found === undefined) {
      found = this.#find(event, nowMs)
      if (found === undefined) return
      if (this.#aliases.size >= this.#seriesMax * ALIASES_PER_SERIES) this.#aliases.clear()
      this.#aliases.set(alias, found)
    }
    found.entry.touchedMs = nowMs
    this.#take(found.entry, event, found.scale, nowMs)
  }

  /**
   * All series as they stand, some `seriesPerPart` at a time, so that others may run between two parts; what comes
   * meanwhile is in the parts that follow, or in the next flush. Series that end are stated as stale, once.
   */
  *flush(nowMs: number, seriesPerPart: number): Generator<Flush> {
    let series: FlushedSeries[] = []
    for (const entry of this.#entries.values()) {
      const isOver = nowMs - entry.touchedMs > entry.ttlMs
      for (const one of partsOf(entry, nowMs)) {
        series.push(isOver ? { labels: one.labels, values: Float64Array.of(staleNaN()) } : one)
      }
      entry.members?.clear()
      if (isOver) this.#end(entry)
      if (series.length < seriesPerPart) continue
      yield { series, metadata: this.#takeMetadata() }
      series = []
    }
    const metadata = this.#takeMetadata()
    if (series.length + metadata.length > 0) yield { series, metadata }
  }

  #takeMetadata(): readonly MetricMetadata[] {
    const metadata = this.#metadata
    this.#metadata = []
    return metadata
  }

  /** Through the mappings to the entry; undefined where the event is refused or dropped. */
  #find(event: StatsdEvent, nowMs: number): Found | undefined {
    const { mapper } = this.#options
    const mapped = mapper.find(event.name, event.kind === 'set' ? 'gauge' : event.kind)
    if (mapped?.mapping.action === 'drop') {
      this.#refuse('dropped_by_mapping')
      return undefined
    }
    const name = mapped === undefined ? escapeName(event.name) : mapped.name
    const observer = event.kind === 'observer' ? (mapped?.mapping.observer ?? mapper.observer) : undefined
    const ttlMs = mapped?.mapping.ttlMs || this.#ttlMs
    const entry = this.#entryOf(event, name, mapped?.labels ?? [], observer, ttlMs, nowMs)
    return entry === undefined ? undefined : { entry, scale: mapped?.mapping.scale ?? 1 }
  }

  #take(entry: Entry, event: StatsdEvent, scale: number, nowMs: number): void {
    switch (event.kind) {
      case 'counter':
        // A counter that falls would be taken for a restart.
        if (event.value * scale < 0) {
          this.#refuse('negative_counter')
          return
        }
        entry.value += event.value * scale
        return
      case 'gauge':
        entry.value = (event.isRelative ? entry.value : 0) + event.value * scale
        return
      case 'observer':
        entry.observations?.add(event.value * scale, event.repeats, nowMs)
        return
      case 'set':
        if ((entry.members?.size ?? 0) >= SET_MEMBERS_MAX) {
          this.#refuse('set_members')
          return
        }
        entry.members?.add(event.member)
    }
  }

  #entryOf(
    event: StatsdEvent,
    name: string,
    mapped: readonly (readonly [string, string])[],
    observer: ObserverOptions | undefined,
    ttlMs: number,
    nowMs: number,
  ): Entry | undefined {
    const kind: Kind = event.kind === 'set' ? 'gauge' : (observer?.type ?? (event.kind as Kind))
    const labels = this.#labelsOf(name, event.tags, mapped)
    if (labels === undefined) return undefined
    const key = labelsKey(labels)
    const known = this.#kinds.get(name)
    const found = this.#entries.get(key)
    if (
      (known !== undefined && known.kind !== kind) ||
      (found !== undefined && (found.members !== undefined) !== (event.kind === 'set'))
    ) {
      this.#refuse('type_conflict')
      return undefined
    }
    if (found !== undefined) return found
    if (this.#entries.size >= this.#seriesMax) {
      this.#refuse('series_limit')
      return undefined
    }
    const entry: Entry = {
      key,
      name,
      labels,
      ttlMs,
      touchedMs: nowMs,
      value: 0,
      observations: observer === undefined ? undefined : observationsOf(observer),
      members: event.kind === 'set' ? new Set() : undefined,
    }
    this.#entries.set(key, entry)
    if (known === undefined) this.#open(name, kind)
    else known.entries++
    return entry
  }

  #labelsOf(name: string, tags: StatsdTags, mapped: readonly (readonly [string, string])[]): Labels | undefined {
    const labels = labelsFrom([[METRIC_NAME, name], ...Object.entries(tags), ...mapped, [METRIC_NAME, name]])
    const checked = canonicalLabels(labels, this.#limits)
    if (checked.ok) return checked.labels
    this.#refuse('bad_labels')
    return undefined
  }

  #open(name: string, kind: Kind): void {
    this.#kinds.set(name, { kind, entries: 1 })
    this.#metadata.push({ metric: name, type: kind satisfies MetricType, unit: '', help: 'Received by StatsD.' })
  }

  #end(entry: Entry): void {
    this.#entries.delete(entry.key)
    this.#aliases.clear()
    const kind = this.#kinds.get(entry.name)
    if (kind !== undefined && --kind.entries === 0) this.#kinds.delete(entry.name)
  }

  #refuse(reason: StatsdRefusal): void {
    this.#options.onRefused?.(reason)
  }
}

function partsOf(entry: Entry, nowMs: number): FlushedSeries[] {
  if (entry.observations === undefined) {
    return [{ labels: entry.labels, values: Float64Array.of(entry.members?.size ?? entry.value) }]
  }
  const own = pairsOf(entry.labels)
  return entry.observations.parts(nowMs).map(({ suffix, label, labelValue, value }) => {
    const more: [string, string][] = label === '' ? [] : [[label, labelValue]]
    return { labels: labelsFrom([...own, ...more, [METRIC_NAME, entry.name + suffix]]), values: Float64Array.of(value) }
  })
}

function pairsOf(labels: Labels): [string, string][] {
  const pairs: [string, string][] = []
  for (let i = 0; i < labels.length; i += 2) pairs.push([labels[i] as string, labels[i + 1] as string])
  return pairs
}

/** Kind, name and tags in the order of the line: no part can hold the separator and still be a label. */
function aliasOf(event: StatsdEvent): string {
  let alias = `${event.kind}\n${event.name}`
  for (const label in event.tags) alias += `\n${label}\n${event.tags[label]}`
  return alias
}
