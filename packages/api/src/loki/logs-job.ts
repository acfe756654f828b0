import {
  type Clock,
  compareLabels,
  err,
  type Fault,
  FaultError,
  type Labels,
  type LogReader,
  labelsKey,
  labelValue,
  type Matcher,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  type TenantId,
  unreachable,
} from '@vantage/model'
import {
  detectFields,
  evaluateLogql,
  type LogqlHelpers,
  type LogqlRequest,
  minePatterns,
  parseMatchers,
} from '@vantage/query/logql'
import { AnswerWriter } from '../answer-writer.ts'
import { writeDetectedFields, writeFieldValues, writeLogqlAnswer, writePatterns, writeVolumes } from './answers.ts'

/** Times of a job: unix ns, [startNs, endNs). */
interface JobRange {
  readonly startNs: bigint
  readonly endNs: bigint
}

/** Rows of which a query's fields and patterns are made. */
interface SampleJob extends JobRange {
  readonly query: string
  readonly rowsMax: number
}

/** Everything that a query thread can be asked about logs; plain data, so that it can be posted. */
export type LogsJob =
  | ({ readonly kind: 'logql'; readonly isCategorized: boolean } & LogqlRequest)
  | ({ readonly kind: 'label-names'; readonly query: string } & JobRange)
  | ({ readonly kind: 'label-values'; readonly name: string; readonly query: string } & JobRange)
  | ({ readonly kind: 'series'; readonly queries: readonly string[] } & JobRange)
  | ({ readonly kind: 'index-stats'; readonly query: string } & JobRange)
  | ({
      readonly kind: 'volume'
      readonly query: string
      /** 0 = one number for the whole range. */
      readonly stepNs: bigint
      readonly limit: number
      /** Empty = those that the query names. */
      readonly targetLabels: readonly string[]
      readonly aggregateBy: 'series' | 'labels'
    } & JobRange)
  | ({ readonly kind: 'patterns'; readonly stepNs: bigint } & SampleJob)
  | ({ readonly kind: 'detected-fields'; readonly limit: number } & SampleJob)
  | ({ readonly kind: 'detected-field-values'; readonly name: string; readonly limit: number } & SampleJob)
  | ({ readonly kind: 'detected-labels'; readonly query: string } & JobRange)

/** Runs one job to its complete answer in JSON. Synchronous: the caller's thread waits. */
export function runLogsJob(
  job: LogsJob,
  tenant: TenantId,
  reader: LogReader,
  budget: QueryBudget,
  clock: Clock,
  helpers?: LogqlHelpers,
): Result<Uint8Array<ArrayBuffer>, Fault> {
  try {
    const out = new AnswerWriter((bytes) => budget.chargeBytes(bytes))
    const store: Store = { tenant, reader, budget }
    const failed = job.kind === 'logql' ? writeLogql(out, job, store, clock, helpers) : writeOther(out, job, store)
    return failed === undefined ? ok(out.finish()) : err(failed)
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

interface Store {
  readonly tenant: TenantId
  readonly reader: LogReader
  readonly budget: QueryBudget
}

type JobOf<Kind extends LogsJob['kind']> = Extract<LogsJob, { kind: Kind }>

function writeLogql(
  out: AnswerWriter,
  job: JobOf<'logql'>,
  store: Store,
  clock: Clock,
  helpers: LogqlHelpers | undefined,
): Fault | undefined {
  const startedMs = clock.monotonicMs()
  const result = evaluateLogql(job, store.tenant, store.reader, store.budget, clock, helpers)
  if (!result.ok) return result.error
  writeLogqlAnswer(out, result.value, job.isCategorized, clock.monotonicMs() - startedMs)
  return undefined
}

/** @returns what is wrong with the job's query */
function writeOther(out: AnswerWriter, job: Exclude<LogsJob, JobOf<'logql'>>, store: Store): Fault | undefined {
  const { tenant, reader, budget } = store
  switch (job.kind) {
    case 'label-names':
      writeList(out, labelNames(streamsOf(job.query, job, store)))
      return undefined
    case 'label-values':
      writeList(out, [...valuesOf(streamsOf(job.query, job, store), job.name)].sort())
      return undefined
    case 'series':
      writeSeries(out, job, store)
      return undefined
    case 'index-stats':
      writeIndexStats(out, job, store)
      return undefined
    case 'volume':
      writeVolume(out, job, store)
      return undefined
    case 'detected-labels':
      writeDetectedLabels(out, streamsOf(job.query, job, store))
      return undefined
    case 'patterns': {
      const mined = minePatterns(job, job.stepNs, tenant, reader, budget)
      if (!mined.ok) return mined.error
      writePatterns(out, mined.value)
      return undefined
    }
    case 'detected-fields':
    case 'detected-field-values': {
      const fields = detectFields(job, tenant, reader, budget)
      if (!fields.ok) return fields.error
      if (job.kind === 'detected-fields') writeDetectedFields(out, fields.value, job.limit)
      else writeFieldValues(out, fields.value, job.name, job.limit)
      return undefined
    }
    default:
      return unreachable(job)
  }
}

/** Empty or `{}` selects everything. */
function matchersOf(query: string): readonly Matcher[] {
  if (query.trim() === '') return []
  const parsed = parseMatchers(query)
  if (!parsed.ok) throw new FaultError(parsed.error)
  return parsed.value.matchers
}

function streamsOf(query: string, range: NsRange, { tenant, reader, budget }: Store): Labels[] {
  return reader.streams(tenant, [matchersOf(query)], range, budget)
}

function labelNames(streams: readonly Labels[]): string[] {
  const names = new Set<string>()
  for (const labels of streams) for (let i = 0; i < labels.length; i += 2) names.add(labels[i] as string)
  return [...names].sort()
}

function valuesOf(streams: readonly Labels[], name: string): Set<string> {
  return new Set(streams.map((labels) => labelValue(labels, name)).filter((value) => value !== ''))
}

function writeList(out: AnswerWriter, list: readonly string[]): void {
  out.raw('{"status":"success","data":')
  out.strings(list)
  out.raw('}')
}

function writeSeries(out: AnswerWriter, job: JobOf<'series'>, { tenant, reader, budget }: Store): void {
  const sets = job.queries.map(matchersOf)
  out.raw('{"status":"success","data":[')
  for (const [i, labels] of reader.streams(tenant, sets, job, budget).entries()) {
    if (i > 0) out.raw(',')
    out.labels(labels)
  }
  out.raw(']}')
}

/** One cell over the whole range, its first moment included. */
function wholeRange({ startNs, endNs }: NsRange): { startNs: bigint; stepNs: bigint; steps: number } {
  return { startNs: endNs, stepNs: endNs - startNs + 1n, steps: 1 }
}

function writeIndexStats(out: AnswerWriter, job: JobOf<'index-stats'>, store: Store): void {
  const { tenant, reader, budget } = store
  const matchers = matchersOf(job.query)
  const scan = { startNs: job.startNs, endNs: job.endNs, matchers, lineFilters: [], direction: 'forward' } as const
  const total = (what: 'rows' | 'bytes'): number => {
    const counts = reader.count(tenant, scan, what, [], wholeRange(job), budget)
    return counts.reduce((sum, { values }) => sum + (values[0] as number), 0)
  }
  const streams = reader.streams(tenant, [matchers], job, budget).length
  // What we keep has no chunks: streams are the next that compares.
  out.raw(`{"streams":${streams},"chunks":${streams},"bytes":${total('bytes')},"entries":${total('rows')}}`)
}

/** Bytes of lines of one group of streams, for each cell of the grid. */
export interface Volume {
  readonly labels: Labels
  readonly bytes: Float64Array
  readonly total: number
}

function writeVolume(out: AnswerWriter, job: JobOf<'volume'>, store: Store): void {
  const matchers = matchersOf(job.query)
  const steps = job.stepNs === 0n ? 1 : Math.max(1, Number((job.endNs - job.startNs + job.stepNs - 1n) / job.stepNs))
  const grid = job.stepNs === 0n ? wholeRange(job) : { startNs: job.startNs + job.stepNs, stepNs: job.stepNs, steps }
  const named = job.targetLabels.length > 0 ? job.targetLabels : [...new Set(matchers.map(({ name }) => name))]
  const names = named.length > 0 ? named : labelNames(store.reader.streams(store.tenant, [matchers], job, store.budget))
  // To the store `severity` means the severity of rows, not a label.
  const labels = names.filter((name) => name !== 'severity')
  const groups = job.aggregateBy === 'series' ? [labels] : labels.map((name) => [name])
  const scan = { startNs: job.startNs, endNs: job.endNs, matchers, lineFilters: [], direction: 'forward' } as const
  const volumes = new Map<string, Volume>()
  for (const by of groups) {
    for (const { labels: group, values } of store.reader.count(store.tenant, scan, 'bytes', by, grid, store.budget)) {
      if (group.length === 0) continue
      addVolume(volumes, job.aggregateBy === 'labels' ? [by[0] as string, ''] : group, values)
    }
  }
  const largest = [...volumes.values()]
    .sort((a, b) => b.total - a.total || compareLabels(a.labels, b.labels))
    .slice(0, job.limit)
  writeVolumes(out, largest, job.stepNs === 0n ? undefined : grid, job.endNs)
}

function addVolume(volumes: Map<string, Volume>, labels: Labels, values: Float64Array): void {
  const key = labelsKey(labels)
  const known = volumes.get(key)
  const bytes =
    known === undefined ? Float64Array.from(values) : known.bytes.map((one, i) => one + (values[i] as number))
  volumes.set(key, { labels, bytes, total: bytes.reduce((sum, one) => sum + one, 0) })
}

/** Labels whose values tell rows apart but say nothing: not offered. */
const ID_VALUE = /^(?:[0-9a-f]{16,}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\d+)$/i

function writeDetectedLabels(out: AnswerWriter, streams: readonly Labels[]): void {
  out.raw('{"detectedLabels":[')
  let isFirst = true
  for (const label of labelNames(streams)) {
    const values = valuesOf(streams, label)
    if ([...values].every((value) => ID_VALUE.test(value))) continue
    out.raw(isFirst ? '{"label":' : ',{"label":')
    isFirst = false
    out.string(label)
    out.raw(`,"cardinality":${values.size}}`)
  }
  out.raw(']}')
}
