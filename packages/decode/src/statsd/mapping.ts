import { err, type Fault, fault, foreign, ok, type Result } from '@vantage/model'
import { parseDocument } from 'yaml'

/**
 * The mapping file of statsd_exporter: how dotted names become a name and labels.
 *
 *     defaults: { match_type, observer_type, ttl, glob_disable_ordering, summary_options, histogram_options }
 *     mappings: [ { match, match_type: glob | regex, match_metric_type: counter | gauge | observer, name, labels,
 *                   action: map | drop, observer_type: summary | histogram, ttl, scale,
 *                   summary_options: { quantiles: [{quantile, error}], max_age, age_buckets, buf_cap },
 *                   histogram_options: { buckets } } ]
 *
 * `timer_type`, `quantiles` and `buckets` beside them are older spellings. Source: prometheus/statsd_exporter README.
 */

/** Mappings of one file. */
export const MAPPINGS_MAX = 10_000

export type EventKind = 'counter' | 'gauge' | 'observer'

export interface Quantile {
  readonly quantile: number
  readonly error: number
}

export type ObserverOptions =
  | {
      readonly type: 'summary'
      readonly quantiles: readonly Quantile[]
      /** How long an observation counts for the quantiles, and in how many steps it is forgotten. */
      readonly maxAgeMs: number
      readonly ageBuckets: number
      /** Read for the sake of the files that have it; nothing here needs it. */
      readonly bufferSize: number
    }
  | { readonly type: 'histogram'; readonly buckets: readonly number[] }

export interface Mapping {
  readonly match: string
  readonly matchType: 'glob' | 'regex'
  /** Undefined: any. */
  readonly eventKind: EventKind | undefined
  /** With `$1`, `${1}` for what was matched. */
  readonly name: string
  readonly labels: readonly (readonly [string, string])[]
  readonly action: 'map' | 'drop'
  /** Undefined: the defaults of the file. */
  readonly observer: ObserverOptions | undefined
  /** 0: that of the aggregator. */
  readonly ttlMs: number
  /** Values are multiplied by it. */
  readonly scale: number | undefined
}

export interface MappingConfig {
  readonly mappings: readonly Mapping[]
  /** Names with a literal at the first difference win, instead of the mapping that comes first. */
  readonly isUnordered: boolean
  readonly observer: ObserverOptions
}

export const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const DEFAULT_QUANTILES: readonly Quantile[] = [
  { quantile: 0.5, error: 0.05 },
  { quantile: 0.9, error: 0.01 },
  { quantile: 0.99, error: 0.001 },
]
const DEFAULT_MAX_AGE_MS = 600_000
const DEFAULT_AGE_BUCKETS = 5
const AGE_BUCKETS_MAX = 60
const BUCKETS_MAX = 320
const QUANTILES_MAX = 64

type Tree = { readonly [key: string]: unknown }

/** A problem of the file, carried out of the readers of its parts; caught at this file's edge. */
class MappingError extends Error {}

/** @returns the mappings, or bad_request that names the entry and the key */
export function parseMappings(text: string): Result<MappingConfig, Fault> {
  const document = parseDocument(text)
  const [problem] = document.errors
  if (problem !== undefined) return err(fault('bad_request', `mappings: ${foreign(problem.message)}`))
  try {
    return ok(readConfig(document.toJS() as unknown))
  } catch (error) {
    // `toJS` throws on anchors that are missing or expand without end.
    if (error instanceof MappingError || error instanceof ReferenceError) {
      return err(fault('bad_request', `mappings: ${foreign(error.message)}`))
    }
    throw error
  }
}

function readConfig(value: unknown): MappingConfig {
  const root = treeOf(value ?? {}, 'the file')
  const defaults = treeOf(root['defaults'] ?? {}, 'defaults')
  const list = root['mappings'] ?? []
  if (!Array.isArray(list)) throw new MappingError('want a list of mappings')
  if (list.length > MAPPINGS_MAX) throw new MappingError(`want at most ${MAPPINGS_MAX} mappings, got ${list.length}`)
  return {
    mappings: list.map((entry: unknown, i) =>
      readMapping(treeOf(entry, `mapping ${i + 1}`), defaults, `mapping ${i + 1}`),
    ),
    isUnordered: defaults['glob_disable_ordering'] === true,
    observer: readObserver({}, defaults, observerType(defaults, {}, 'defaults') ?? 'summary', 'defaults'),
  }
}

const SEGMENT = '(?:\\*|[a-zA-Z0-9_](?:-?[a-zA-Z0-9_])*)'
const GLOB = new RegExp(`^${SEGMENT}(?:\\.${SEGMENT})*$`)
const NAME = /^(?:[a-zA-Z_]|\$\{?\d+\}?)(?:[a-zA-Z0-9_]|\$\{?\d+\}?)*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

function readMapping(entry: Tree, defaults: Tree, where: string): Mapping {
  const name = textOf(entry, 'name', where) ?? ''
  if (name === '') throw new MappingError(`${where}: want a name`)
  if (!NAME.test(name)) throw new MappingError(`${where}: want a metric name, got ${JSON.stringify(name)}`)
  const match = textOf(entry, 'match', where) ?? ''
  const matchType =
    oneOf(entry, 'match_type', ['glob', 'regex'], where) ??
    oneOf(defaults, 'match_type', ['glob', 'regex'], 'defaults') ??
    'glob'
  if (matchType === 'glob' && !GLOB.test(match))
    throw new MappingError(`${where}: want a match, got ${JSON.stringify(match)}`)
  const kind = oneOf(entry, 'match_metric_type', ['counter', 'gauge', 'observer', 'timer'], where)
  const type = observerType(entry, defaults, where)
  return {
    match,
    matchType,
    eventKind: kind === 'timer' ? 'observer' : kind,
    name,
    labels: readLabels(entry['labels'] ?? {}, where),
    action: oneOf(entry, 'action', ['map', 'drop'], where) ?? 'map',
    observer: type === undefined ? undefined : readObserver(entry, defaults, type, where),
    ttlMs: durationOf(entry, 'ttl', where) ?? durationOf(defaults, 'ttl', 'defaults') ?? 0,
    scale: numberOf(entry, 'scale', where),
  }
}

function readLabels(value: unknown, where: string): [string, string][] {
  return Object.entries(treeOf(value, `${where}: labels`)).map(([label, template]) => {
    if (!LABEL.test(label)) throw new MappingError(`${where}: want a label name, got ${JSON.stringify(label)}`)
    return [label, String(template ?? '')]
  })
}

function observerType(entry: Tree, defaults: Tree, where: string): 'summary' | 'histogram' | undefined {
  const types = ['summary', 'histogram'] as const
  for (const [tree, place] of [
    [entry, where],
    [defaults, 'defaults'],
  ] as const) {
    const type = oneOf(tree, 'observer_type', types, place) ?? oneOf(tree, 'timer_type', types, place)
    if (type !== undefined) return type
  }
  return undefined
}

function readObserver(entry: Tree, defaults: Tree, type: 'summary' | 'histogram', where: string): ObserverOptions {
  const other = type === 'summary' ? 'histogram_options' : 'summary_options'
  if (entry[other] !== undefined) throw new MappingError(`${where}: want no ${other} for a ${type}`)
  const key = type === 'summary' ? 'summary_options' : 'histogram_options'
  const own = treeOf(entry[key] ?? {}, `${where}: ${key}`)
  const general = treeOf(defaults[key] ?? {}, `defaults: ${key}`)
  if (type === 'histogram')
    return {
      type,
      buckets: readBuckets([own['buckets'], entry['buckets'], general['buckets'], defaults['buckets']], where),
    }
  return {
    type,
    quantiles: readQuantiles(
      [own['quantiles'], entry['quantiles'], general['quantiles'], defaults['quantiles']],
      where,
    ),
    maxAgeMs: durationOf(own, 'max_age', where) || durationOf(general, 'max_age', 'defaults') || DEFAULT_MAX_AGE_MS,
    ageBuckets: Math.min(
      AGE_BUCKETS_MAX,
      numberOf(own, 'age_buckets', where) || numberOf(general, 'age_buckets', 'defaults') || DEFAULT_AGE_BUCKETS,
    ),
    bufferSize: numberOf(own, 'buf_cap', where) || numberOf(general, 'buf_cap', 'defaults') || 0,
  }
}

/** The first list that has anything in it. */
function firstList(lists: readonly unknown[]): readonly unknown[] | undefined {
  return lists.find((list): list is readonly unknown[] => Array.isArray(list) && list.length > 0)
}

function readBuckets(lists: readonly unknown[], where: string): readonly number[] {
  const list = firstList(lists)
  if (list === undefined) return DEFAULT_BUCKETS
  const buckets = list.map(Number).filter((bound) => bound !== Number.POSITIVE_INFINITY)
  const isAscending = buckets.every((bound, i) => i === 0 || bound > (buckets[i - 1] as number))
  if (!isAscending || buckets.some(Number.isNaN)) throw new MappingError(`${where}: want buckets in ascending order`)
  if (buckets.length > BUCKETS_MAX) throw new MappingError(`${where}: want at most ${BUCKETS_MAX} buckets`)
  return buckets
}

function readQuantiles(lists: readonly unknown[], where: string): readonly Quantile[] {
  const list = firstList(lists)
  if (list === undefined) return DEFAULT_QUANTILES
  if (list.length > QUANTILES_MAX) throw new MappingError(`${where}: want at most ${QUANTILES_MAX} quantiles`)
  return list.map((entry) => {
    const tree = treeOf(entry, `${where}: quantiles`)
    const quantile = numberOf(tree, 'quantile', where)
    if (quantile === undefined || quantile < 0 || quantile > 1)
      throw new MappingError(`${where}: want a quantile from 0 to 1`)
    return { quantile, error: numberOf(tree, 'error', where) ?? 0 }
  })
}

function treeOf(value: unknown, where: string): Tree {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MappingError(`${where}: want keys and values`)
  return value as Tree
}

function textOf(tree: Tree, key: string, where: string): string | undefined {
  const value = tree[key]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw new MappingError(`${where}: ${key}: want text`)
  return value
}

function oneOf<T extends string>(tree: Tree, key: string, words: readonly T[], where: string): T | undefined {
  const value = textOf(tree, key, where)
  if (value === undefined || value === '') return undefined
  const word = words.find((one) => one === value)
  if (word === undefined)
    throw new MappingError(`${where}: ${key}: want ${words.join(' or ')}, got ${JSON.stringify(value)}`)
  return word
}

function numberOf(tree: Tree, key: string, where: string): number | undefined {
  const value = tree[key]
  if (value === undefined || value === null) return undefined
  const number = Number(value)
  if (!Number.isFinite(number)) throw new MappingError(`${where}: ${key}: want a number`)
  return number
}

const UNITS_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 36e5 }

/** `1m2s`, `1.5h`, `0`: durations as Go writes them. */
function durationOf(tree: Tree, key: string, where: string): number | undefined {
  const value = tree[key]
  if (value === undefined || value === null) return undefined
  const text = String(value)
  if (text === '0') return 0
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text))
    throw new MappingError(`${where}: ${key}: want a duration such as 30s`)
  let totalMs = 0
  for (const [, digits = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    totalMs += Number(digits) * (UNITS_MS[unit] as number)
  }
  return totalMs
}
