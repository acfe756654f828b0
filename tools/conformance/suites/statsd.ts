import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  ALL_TAG_STYLES,
  DEFAULT_BUCKETS,
  escapeName,
  type Mapping,
  readStatsdLine,
  type StatsdEvent,
  StatsdMapper,
  type TagStyles,
} from '../../../packages/decode/src/statsd/index.ts'
import type { CaseResult, FileResult, Suite } from '../suite.ts'

/** An event as statsd_exporter's test tables write it: C counter, G gauge, O observer. Absent members are zero. */
type WantedEvent = Readonly<Record<string, unknown>>

interface LineCase {
  readonly test: string
  readonly name: string
  readonly in?: string | { readonly base64: string }
  readonly out?: readonly WantedEvent[]
}

interface WantedMapping {
  readonly statsdMetric: string
  readonly name?: string
  readonly labels?: Readonly<Record<string, string>> | readonly []
  readonly quantiles?: readonly { readonly Quantile: number; readonly Error: number }[]
  readonly buckets?: readonly number[] | { readonly id: string }
  readonly maxAge?: { readonly seconds: number }
  readonly ageBuckets?: number
  readonly bufCap?: number
  readonly ttl?: { readonly seconds?: number; readonly expr?: string }
  readonly scale?: { readonly Val: number }
}

interface MapperCase {
  readonly test: string
  readonly testName: string
  readonly config?: string
  readonly configBad?: boolean
  readonly mappings?: readonly WantedMapping[]
  readonly expectedAction?: { readonly id: string }
}

/** The tables of statsd_exporter: lines to events, and names through mapping files. */
export const statsdSuite: Suite = { folder: 'statsd', run }

async function* run(dir: string): AsyncIterable<FileResult> {
  yield { name: 'line_cases.json', cases: await runFile(join(dir, 'line_cases.json'), runLine) }
  yield { name: 'mapper_cases.json', cases: await runFile(join(dir, 'mapper_cases.json'), runMapper) }
}

async function runFile<T>(path: string, problemOf: (one: T) => string): Promise<CaseResult[]> {
  try {
    const cases = JSON.parse(await readFile(path, 'utf8')) as (T & { test: string; name?: string; testName?: string })[]
    return cases.map((one, i) => {
      const reason = problemOf(one)
      return { id: `${i}:${one.test}:${one.name ?? one.testName}`, verdict: reason === '' ? 'pass' : 'fail', reason }
    })
  } catch (error) {
    return [{ id: path, verdict: 'fail', reason: String(error) }]
  }
}

function stylesOf(test: string): TagStyles {
  const [, name] = /^TestDisableParsing(\w*)LineToEvents$/.exec(test) ?? []
  if (name === undefined) return ALL_TAG_STYLES
  if (name === '') return { dogstatsd: false, influxdb: false, librato: false, signalfx: false }
  return { ...ALL_TAG_STYLES, [name.toLowerCase()]: false }
}

function runLine({ test, in: line = '', out = [] }: LineCase): string {
  const events: StatsdEvent[] = []
  const bytes = typeof line === 'string' ? Buffer.from(line) : Buffer.from(line.base64, 'base64')
  const text = decodeUtf8(bytes)
  if (text !== undefined)
    readStatsdLine(text, { event: (event) => events.push(event), problem: () => {} }, stylesOf(test))
  // Judged as its source does: a case that states no events asks only that nothing breaks, as the reference reads
  // sixteen of those lines itself. Where events are stated, these and no others.
  if (out.length === 0) return ''
  const got = events.flatMap(eventTexts).join('\n')
  const want = out.map(wantedText).join('\n')
  return got === want ? '' : `want ${want}, got ${got}`
}

/** As the listener does it: a line that is not UTF-8 is no line. */
function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function eventTexts(event: StatsdEvent): string[] {
  if (event.kind === 'set') return ['set']
  const isRelative = event.kind === 'gauge' && event.isRelative
  const text = eventText((event.kind[0] as string).toUpperCase(), event.name, event.value, isRelative, event.tags)
  return event.kind === 'observer' ? new Array(event.repeats).fill(text) : [text]
}

function wantedText(wanted: WantedEvent): string {
  const kind = Object.hasOwn(wanted, 'CMetricName') ? 'C' : Object.hasOwn(wanted, 'GMetricName') ? 'G' : 'O'
  const name = String(wanted[`${kind}MetricName`])
  return eventText(
    kind,
    name,
    Number(wanted[`${kind}Value`] ?? 0),
    wanted['GRelative'] === true,
    (wanted[`${kind}Labels`] ?? {}) as Readonly<Record<string, string>>,
  )
}

function eventText(
  kind: string,
  name: string,
  value: number,
  isRelative: boolean,
  tags: Readonly<Record<string, string>>,
): string {
  const labels = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([kind, name, value, isRelative, labels])
}

function runMapper({ config = '', configBad = false, mappings = [], expectedAction }: MapperCase): string {
  const mapper = StatsdMapper.parse(config)
  if (!mapper.ok) return configBad ? '' : `refused: ${mapper.error.message}`
  if (configBad) return 'the file was taken'
  if (expectedAction !== undefined) {
    const action = mapper.value.mappings[0]?.action
    return expectedAction.id === (action === 'drop' ? 'ActionTypeDrop' : 'ActionTypeMap') ? '' : `got action ${action}`
  }
  return mappings
    .map((wanted) => mappingProblem(mapper.value, wanted))
    .filter((problem) => problem !== '')
    .join('; ')
}

/** A name without a mapping is kept, escaped. */
function mappingProblem(mapper: StatsdMapper, wanted: WantedMapping): string {
  const found = mapper.find(wanted.statsdMetric, 'counter')
  if (found === undefined || found.mapping.action === 'drop') {
    const kept = found === undefined ? escapeName(wanted.statsdMetric) : ''
    return wanted.name === undefined || wanted.name === kept ? '' : `want ${wanted.name}, got ${kept}`
  }
  const got = JSON.stringify(describe(found.name, Object.fromEntries(found.labels), found.mapping, wanted))
  const want = JSON.stringify(wantedDescription(wanted))
  return got === want ? '' : `want ${want}, got ${got}`
}

/** The members that the case states, of what was found. */
function describe(name: string, labels: Record<string, string>, mapping: Mapping, wanted: WantedMapping) {
  const { observer } = mapping
  const summary = observer?.type === 'summary' ? observer : undefined
  return {
    name,
    labels: Object.entries(labels).sort(),
    quantiles: wanted.quantiles && summary?.quantiles.map(({ quantile, error }) => [quantile, error]),
    buckets: wanted.buckets && observer?.type === 'histogram' ? observer.buckets : undefined,
    maxAgeMs: wanted.maxAge && summary?.maxAgeMs,
    ageBuckets: wanted.ageBuckets && summary?.ageBuckets,
    bufCap: wanted.bufCap && summary?.bufferSize,
    ttlMs: wanted.ttl === undefined ? undefined : mapping.ttlMs,
    scale: wanted.scale && mapping.scale,
  }
}

function wantedDescription(wanted: WantedMapping) {
  return {
    name: wanted.name,
    labels: Object.entries(wanted.labels ?? {}).sort(),
    quantiles: wanted.quantiles?.map((one) => [one.Quantile, one.Error]),
    buckets: wanted.buckets === undefined || Array.isArray(wanted.buckets) ? wanted.buckets : DEFAULT_BUCKETS,
    maxAgeMs: wanted.maxAge && wanted.maxAge.seconds * 1_000,
    ageBuckets: wanted.ageBuckets,
    bufCap: wanted.bufCap,
    ttlMs: wanted.ttl === undefined ? undefined : ttlMs(wanted.ttl),
    scale: wanted.scale?.Val,
  }
}

/** `time.Minute + time.Second*2`: the only arithmetic there is. */
function ttlMs({ seconds, expr = '' }: { readonly seconds?: number; readonly expr?: string }): number {
  if (seconds !== undefined) return seconds * 1_000
  const unitsMs: Readonly<Record<string, number>> = { Second: 1_000, Minute: 60_000, Hour: 3_600_000 }
  return expr.split('+').reduce((sum, term) => {
    const [, unit = '', times = '1'] = /time\.(\w+)(?:\*(\d+))?/.exec(term.replaceAll(' ', '')) ?? []
    return sum + (unitsMs[unit] ?? Number.NaN) * Number(times)
  }, 0)
}
