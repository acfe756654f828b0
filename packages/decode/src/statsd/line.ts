import { escapeName } from './name.ts'

/**
 * StatsD and DogStatsD lines, with the tags of InfluxDB, Librato and SignalFX in the name.
 *
 *     name[tags] ':' value {':' value} '|' type {'|' section}
 *     type      c counter · g gauge (a sign makes it relative) · ms timer · h histogram · d distribution · s set
 *     section   '@' rate · '#' tags · 'c:' container id · 'T' unix seconds
 *     tags      InfluxDB ,a=b · Librato #a=b · SignalFX [a=b] · DogStatsD |#a:b
 *
 * Several samples of one name may share a line (`a:1|c:2|c`) unless DogStatsD tags or several values are used.
 * Sources: statsd/statsd docs/metric_types.md; Datadog docs "DogStatsD datagram format"; prometheus/statsd_exporter.
 */

/** Sections of one sample; statsd_exporter refuses more. */
const SECTIONS_MAX = 8
/** A rate says how many times a value was seen; what claims more than this is noise. */
const REPEATS_MAX = 1_000_000

export interface TagStyles {
  readonly dogstatsd: boolean
  readonly influxdb: boolean
  readonly librato: boolean
  readonly signalfx: boolean
}

export const ALL_TAG_STYLES: TagStyles = { dogstatsd: true, influxdb: true, librato: true, signalfx: true }

/** Label names (already escaped) and values; of a repeated name the last one stays. */
export type StatsdTags = Readonly<Record<string, string>>

export type StatsdEvent =
  | { readonly kind: 'counter'; readonly name: string; readonly tags: StatsdTags; readonly value: number }
  | {
      readonly kind: 'gauge'
      readonly name: string
      readonly tags: StatsdTags
      readonly value: number
      /** True: `value` is added to what is there. */
      readonly isRelative: boolean
    }
  | {
      readonly kind: 'observer'
      readonly name: string
      readonly tags: StatsdTags
      /** Timers in seconds. */
      readonly value: number
      /** How many observations the sample stands for. */
      readonly repeats: number
    }
  | { readonly kind: 'set'; readonly name: string; readonly tags: StatsdTags; readonly member: string }

/** Why a line or one of its samples was left out: a closed list, the label of a counter. */
export type StatsdProblem =
  | 'malformed_line'
  | 'malformed_sample'
  | 'malformed_value'
  | 'malformed_section'
  | 'malformed_tag'
  | 'mixed_tag_styles'
  | 'unknown_type'
  | 'not_a_metric'

/** What a line turns into. */
export interface StatsdSink {
  event(event: StatsdEvent): void
  problem(problem: StatsdProblem): void
}

/**
 * Reads one line without its end. Never throws.
 * @param text valid UTF-16 from valid UTF-8: the caller has refused other bytes
 */
export function readStatsdLine(text: string, sink: StatsdSink, styles: TagStyles = ALL_TAG_STYLES): void {
  if (text === '') return
  const colon = text.indexOf(':')
  // Events and service checks of DogStatsD: well-formed, but nothing to store as a sample.
  if (/^(?:_e\{|_sc\|)/.test(text)) {
    sink.problem('not_a_metric')
    return
  }
  if (colon <= 0) {
    sink.problem('malformed_line')
    return
  }
  const tags: Record<string, string> = Object.create(null)
  const name = readNameTags(text.slice(0, colon), tags, sink, styles)
  if (name === '') {
    sink.problem('malformed_line')
    return
  }
  const rest = text.slice(colon + 1)
  const hasDogTags = rest.includes('|#')
  if (hasDogTags && Object.keys(tags).length > 0) {
    sink.problem('mixed_tag_styles')
    return
  }
  const bar = rest.indexOf('|')
  if (bar < 0) {
    sink.problem('malformed_line')
    return
  }
  const values = rest.slice(0, bar)
  if (values.includes(':')) {
    readPacked(values, rest.slice(bar), name, tags, sink, styles)
    return
  }
  const samples = hasDogTags || CONTAINER.test(rest) ? [rest] : rest.split(':')
  for (const sample of samples) readSample(sample, name, tags, sink, styles)
}

/** A container id behind value and type: its colon parts no samples. */
const CONTAINER = /^[^|:]+\|[^|:]+(?:\|[^|:]+)*\|c:/

/** DogStatsD 1.1: several values of one timer, histogram or distribution. */
function readPacked(
  values: string,
  suffix: string,
  name: string,
  tags: Record<string, string>,
  sink: StatsdSink,
  styles: TagStyles,
): void {
  const type = suffix.split('|', 2)[1] ?? ''
  if (!OBSERVER_TYPES.includes(type)) {
    sink.problem('malformed_sample')
    return
  }
  for (const value of values.split(':')) readSample(value + suffix, name, tags, sink, styles)
}

const OBSERVER_TYPES: readonly string[] = ['ms', 'h', 'd']

function readSample(
  sample: string,
  name: string,
  nameTags: Record<string, string>,
  sink: StatsdSink,
  styles: TagStyles,
): void {
  const [written = '', type = '', ...sections] = sample.split('|')
  if (type === '' || sections.length > SECTIONS_MAX - 2 || sections.includes('')) {
    sink.problem('malformed_sample')
    return
  }
  const tags: Record<string, string> = Object.assign(Object.create(null), nameTags)
  let rate = 1
  for (const section of sections) {
    if (section.startsWith('@')) rate = readRate(section.slice(1), sink)
    else if (section.startsWith('#')) {
      if (styles.dogstatsd) readTags(section.slice(1), ':', tags, sink)
    } else if (section.startsWith('c:') && section.length > 2) tags['container_id'] = section.slice(2)
    else if (!/^T-?\d{1,18}$/.test(section)) {
      sink.problem('malformed_section')
      return
    }
  }
  if (type === 's') {
    sink.event({ kind: 'set', name, tags, member: written })
    return
  }
  const value = readValue(written)
  if (value === undefined) {
    sink.problem('malformed_value')
    return
  }
  if (type === 'c') sink.event({ kind: 'counter', name, tags, value: value / rate })
  else if (type === 'g') sink.event({ kind: 'gauge', name, tags, value, isRelative: /^[+-]/.test(written) })
  else if (OBSERVER_TYPES.includes(type)) {
    const repeats = Math.min(REPEATS_MAX, Math.max(1, Math.trunc(1 / rate)))
    sink.event({ kind: 'observer', name, tags, value: type === 'ms' ? value / 1_000 : value, repeats })
  } else sink.problem('unknown_type')
}

/** A rate that is none counts as 1, and is told. */
function readRate(text: string, sink: StatsdSink): number {
  const rate = readValue(text)
  if (rate !== undefined && rate > 0 && rate <= 1) return rate
  sink.problem('malformed_section')
  return 1
}

const VALUE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

function readValue(text: string): number | undefined {
  if (!VALUE.test(text)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}

/** @returns the name without its tags */
function readNameTags(name: string, tags: Record<string, string>, sink: StatsdSink, styles: TagStyles): string {
  if (styles.signalfx) {
    const open = name.indexOf('[')
    const close = name.indexOf(']')
    if (open >= 0 && close > open) {
      readTags(name.slice(open + 1, close), '=', tags, sink)
      return name.slice(0, open) + name.slice(close + 1)
    }
    if (open >= 0 || close >= 0) {
      sink.problem('malformed_tag')
      return name
    }
  }
  for (let i = 0; i < name.length; i++) {
    if ((name[i] === '#' && styles.librato) || (name[i] === ',' && styles.influxdb)) {
      readTags(name.slice(i + 1), '=', tags, sink)
      return name.slice(0, i)
    }
  }
  return name
}

function readTags(text: string, separator: string, tags: Record<string, string>, sink: StatsdSink): void {
  if (text === '') return
  for (const written of text.split(',')) {
    // Some clients repeat the hash in front of each tag.
    const tag = separator === ':' && written.startsWith('#') ? written.slice(1) : written
    const at = tag.indexOf(separator)
    if (at <= 0 || at === tag.length - 1) sink.problem('malformed_tag')
    else tags[escapeName(tag.slice(0, at))] = tag.slice(at + 1)
  }
}
