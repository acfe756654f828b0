import {
  type Clock,
  err,
  type Fault,
  FaultError,
  labelsKey,
  type MetricReader,
  type NameCount,
  ok,
  type QueryBudget,
  type Result,
  type ScanRange,
  type SeriesScan,
  type TenantId,
  unreachable,
} from '@vantage/model'
import {
  type EngineOptions,
  type Explanation,
  evaluatePromql,
  type Grid,
  type Helpers,
  joinSteps,
  type KnownSteps,
  knownStepsOf,
  nativePoints,
  type PointHeads,
  type PromqlResult,
  type QueryRange,
  type RowEncoder,
  type SampleSeries,
  type StepSeries,
  type TimedHistogram,
} from '@vantage/query/promql'
import { AnswerWriter } from './answer-writer.ts'
import { aggregatedAnswer, servicesAnswer, timeseriesAnswer } from './plain/answers.ts'
import { type CardinalityJob, cardinalityAnswer } from './prometheus/cardinality-answer.ts'
import { type FederateJob, federateAnswer } from './prometheus/federate.ts'
import { type SearchJob, searchAnswer } from './prometheus/search-answer.ts'

/** Everything a query worker can be asked; plain data, so that it can be posted to a thread. */
export type QueryJob =
  | {
      readonly kind: 'promql'
      readonly query: string
      readonly range: QueryRange
      readonly lookbackMs?: number
      readonly options: EngineOptions
      readonly explain: boolean
      /** Series of the answer; 0 = all. */
      readonly limit: number
      /** The answer at the first steps of the range, so that only the rest is worked out. */
      readonly known?: KnownSteps
      /** The answer is wanted as `KnownSteps` too, where it can be. */
      readonly isKept?: boolean
      /** Nothing that was kept of earlier answers may be used. */
      readonly isFresh?: boolean
    }
  | { readonly kind: 'series'; readonly scans: readonly SeriesScan[]; readonly limit: number }
  | {
      readonly kind: 'label-names'
      readonly scans: readonly SeriesScan[]
      readonly range: ScanRange
      readonly limit: number
    }
  | {
      readonly kind: 'label-values'
      readonly name: string
      readonly scans: readonly SeriesScan[]
      readonly range: ScanRange
      readonly limit: number
    }
  | { readonly kind: 'exemplars'; readonly scans: readonly SeriesScan[] }
  | { readonly kind: 'metadata'; readonly metric: string | undefined; readonly limit: number }
  | { readonly kind: 'tsdb'; readonly limit: number; readonly senders: readonly NameCount[] }
  | { readonly kind: 'timeseries'; readonly service: string | undefined; readonly range: ScanRange }
  | { readonly kind: 'aggregated'; readonly service: string | undefined; readonly range: ScanRange }
  | { readonly kind: 'services'; readonly range: ScanRange }
  | FederateJob
  | SearchJob
  | CardinalityJob

/**
 * Runs one job to its complete answer: JSON, but text or protobuf for `federate` and lines of JSON for `search`. Synchronous: the caller's thread waits.
 * @param extras threads to share heavy queries with, and who keeps the answers of jobs that ask for it
 */
export function runQueryJob(
  job: QueryJob,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
  clock: Clock,
  extras: { readonly helpers?: Helpers; readonly onKnown?: (known: KnownSteps) => void } = {},
): Result<Uint8Array<ArrayBuffer>, Fault> {
  try {
    const out = new AnswerWriter((bytes) => budget.chargeBytes(bytes))
    if (job.kind === 'promql') {
      const result = evaluate(job, tenant, reader, budget, clock, extras.helpers)
      if (!result.ok) return result
      writePromql(out, result.value, job.range, job.limit)
      const known = job.isKept === true ? knownStepsOf(result.value) : undefined
      if (known !== undefined) extras.onKnown?.(known)
    } else {
      writeOther(out, job, tenant, reader, budget)
    }
    return ok(out.finish())
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

type PromqlJob = Extract<QueryJob, { kind: 'promql' }>

function evaluate(
  job: PromqlJob,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
  clock: Clock,
  helpers: Helpers | undefined,
): Result<PromqlResult, Fault> {
  const { query, known, lookbackMs, options, explain } = job
  const range = known === undefined ? job.range : { ...job.range, startMs: known.startMs + known.steps * known.stepMs }
  const request = {
    query,
    range,
    ...(lookbackMs === undefined ? {} : { lookbackMs }),
    options,
    explain,
    ...(helpers === undefined ? {} : { helpers }),
  }
  const result = evaluatePromql(request, tenant, reader, budget, clock)
  return known === undefined || !result.ok ? result : ok(joinSteps(known, result.value))
}

function writeOther(
  out: AnswerWriter,
  job: Exclude<QueryJob, PromqlJob>,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): void {
  switch (job.kind) {
    case 'series':
      writeSeries(out, job.scans, job.limit, tenant, reader, budget)
      break
    case 'label-names':
      writeList(out, reader.labelNames(tenant, job.scans, job.range, budget), job.limit)
      break
    case 'label-values':
      writeList(out, reader.labelValues(tenant, job.name, job.scans, job.range, budget), job.limit)
      break
    case 'exemplars':
      writeExemplars(out, job.scans, tenant, reader, budget)
      break
    case 'metadata':
      writeMetadata(out, job, tenant, reader)
      break
    case 'tsdb':
      writeTsdb(out, tenant, reader, job)
      break
    case 'timeseries':
      timeseriesAnswer(out, job, tenant, reader, budget)
      break
    case 'aggregated':
      aggregatedAnswer(out, job, tenant, reader, budget)
      break
    case 'federate':
      federateAnswer(out, job, tenant, reader, budget)
      break
    case 'search':
      searchAnswer(out, job, tenant, reader, budget)
      break
    case 'cardinality':
      cardinalityAnswer(out, job, tenant, reader, budget)
      break
    case 'services':
      servicesAnswer(out, job.range, tenant, reader, budget)
      break
    default:
      unreachable(job)
  }
}

function writePromql(out: AnswerWriter, result: PromqlResult, range: QueryRange, limit: number): void {
  const isRange = range.stepMs > 0
  const warnings = [...result.warnings]
  const { data, grid } = result
  out.raw('{"status":"success","data":{"resultType":"')
  if (data.kind === 'string') {
    out.raw('string","result":[')
    out.seconds(grid.startMs)
    out.raw(',')
    out.string(data.text)
    out.raw(']')
  } else if (data.kind === 'scalar' && !isRange) {
    out.raw('scalar","result":')
    out.point(grid.startMs, data.values[0] as number)
  } else {
    out.raw(data.kind === 'vector' ? 'vector","result":[' : 'matrix","result":[')
    const cut = writeRows(out, result, limit)
    if (cut) warnings.push('results truncated due to limit')
    out.raw(']')
  }
  if (result.explain !== undefined) {
    out.raw(',"explain":')
    writeExplanation(out, result.explain)
  }
  out.raw('}')
  writeNotes(out, 'warnings', warnings)
  writeNotes(out, 'infos', result.infos)
  out.raw('}')
}

/** @returns true where the limit cut the answer */
function writeRows(out: AnswerWriter, result: PromqlResult, limit: number): boolean {
  const { data, grid } = result
  if (data.kind === 'scalar') {
    out.raw('{"metric":{},"values":[')
    for (let i = 0; i < data.values.length; i++) {
      if (i > 0) out.raw(',')
      out.point(grid.startMs + i * grid.stepMs, data.values[i] as number)
    }
    out.raw(']}')
    return false
  }
  if (data.kind === 'string') return false
  const count = limit > 0 ? Math.min(limit, data.series.length) : data.series.length
  const heads = data.kind === 'matrix' && count > 0 ? pointHeads(grid) : NO_HEADS
  for (let row = 0; row < count; row++) {
    if (row > 0) out.raw(',')
    out.raw('{"metric":')
    out.labels((data.series[row] as { labels: readonly string[] }).labels)
    if (data.kind === 'vector') writeSample(out, data.series[row] as StepSeries, grid.startMs)
    else if (data.kind === 'matrix') writeSteps(out, data.series[row] as StepSeries, grid, heads)
    else writeSamples(out, data.series[row] as SampleSeries)
    out.raw('}')
  }
  return count < data.series.length
}

function writeSample(out: AnswerWriter, { values, histograms }: StepSeries, timeMs: number): void {
  const histogram = histograms?.[0]
  if (histogram !== undefined) {
    out.raw(',"histogram":')
    out.histogramPoint(timeMs, histogram)
    return
  }
  out.raw(',"value":')
  out.point(timeMs, values[0] as number)
}

const VALUES = ',"values":['
const NO_HEADS: PointHeads = { bytes: new Uint8Array(0), offsets: new Int32Array(1) }

function pointHeads(grid: Grid): PointHeads {
  const out = new AnswerWriter()
  const offsets = new Int32Array(grid.steps + 1)
  for (let i = 0; i < grid.steps; i++) {
    out.raw('[')
    out.seconds(grid.startMs + i * grid.stepMs)
    out.raw(',"')
    offsets[i + 1] = out.length
  }
  return { bytes: out.finish(), offsets }
}

/** For threads that help: writes the points of one series as `runQueryJob` writes them. Belongs to one answer. */
export function rowEncoder(): RowEncoder {
  let heads: PointHeads | undefined
  return ({ values, present }, grid) => {
    heads ??= pointHeads(grid)
    const out = new AnswerWriter()
    writeSteps(out, { labels: [], values, present, histograms: undefined }, grid, heads)
    return out.finish()
  }
}

/** `values` for floats and `histograms` for histograms; either is there only where it has points. */
function writeSteps(
  out: AnswerWriter,
  { values, present, histograms, encoded }: StepSeries,
  grid: Grid,
  heads: PointHeads,
): void {
  if (encoded !== undefined) {
    out.bytes(encoded)
    return
  }
  if (histograms === undefined && writePoints(out, values, present, heads)) return
  let isFirst = true
  for (let i = 0; i < values.length; i++) {
    if (present[i] === 0 || histograms?.[i] !== undefined) continue
    out.raw(isFirst ? VALUES : ',')
    isFirst = false
    out.part(heads.bytes, heads.offsets[i] as number, heads.offsets[i + 1] as number)
    out.value(values[i] as number)
    out.raw('"]')
  }
  if (!isFirst) out.raw(']')
  if (histograms === undefined) return
  isFirst = true
  for (let i = 0; i < histograms.length; i++) {
    const histogram = histograms[i]
    if (present[i] === 0 || histogram === undefined) continue
    out.raw(isFirst ? ',"histograms":[' : ',')
    isFirst = false
    out.histogramPoint(grid.startMs + i * grid.stepMs, histogram)
  }
  if (!isFirst) out.raw(']')
}

/** Fast path: all points of a series at once. @returns false where the others have to write them */
function writePoints(out: AnswerWriter, values: Float64Array, present: Uint8Array, heads: PointHeads): boolean {
  const points = nativePoints()?.of(values, present, heads, out.length + VALUES.length)
  if (points === undefined) return false
  if (points.length === 0) return true
  out.raw(VALUES)
  out.bytes(points)
  out.raw(']')
  return true
}

function writeSamples(out: AnswerWriter, { times, values, histograms }: SampleSeries): void {
  for (let i = 0; i < times.length; i++) {
    out.raw(i === 0 ? VALUES : ',')
    out.point(times[i] as number, values[i] as number)
  }
  if (times.length > 0) out.raw(']')
  for (let i = 0; i < histograms.length; i++) {
    const { timeMs, histogram } = histograms[i] as TimedHistogram
    out.raw(i === 0 ? ',"histograms":[' : ',')
    out.histogramPoint(timeMs, histogram)
  }
  if (histograms.length > 0) out.raw(']')
}

function writeExplanation(out: AnswerWriter, node: Explanation): void {
  out.raw('{"node":')
  out.string(node.node)
  out.raw(`,"kind":"${node.kind}","isFused":${node.isFused},"series":${node.series},"samples":${node.samples}`)
  out.raw(`,"points":${node.points},"elapsedMs":${Math.round(node.elapsedMs * 1000) / 1000},"children":[`)
  for (let i = 0; i < node.children.length; i++) {
    if (i > 0) out.raw(',')
    writeExplanation(out, node.children[i] as Explanation)
  }
  out.raw(']}')
}

function writeNotes(out: AnswerWriter, name: 'warnings' | 'infos', notes: readonly string[]): void {
  if (notes.length === 0) return
  out.raw(`,"${name}":`)
  out.strings(notes)
}

function writeList(out: AnswerWriter, list: readonly string[], limit: number): void {
  const isCut = limit > 0 && list.length > limit
  out.raw('{"status":"success","data":')
  out.strings(isCut ? list.slice(0, limit) : list)
  if (isCut) writeNotes(out, 'warnings', ['results truncated due to limit'])
  out.raw('}')
}

function writeSeries(
  out: AnswerWriter,
  scans: readonly SeriesScan[],
  limit: number,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): void {
  const seen = new Set<string>()
  let isCut = false
  out.raw('{"status":"success","data":[')
  for (const scan of scans) {
    const selection = reader.select(tenant, scan, budget)
    for (let i = 0; i < selection.count && !isCut; i++) {
      budget.check()
      const labels = selection.labels(i)
      const key = scans.length > 1 ? labelsKey(labels) : ''
      if (scans.length > 1 && seen.has(key)) continue
      if (limit > 0 && seen.size >= limit) {
        isCut = true
        break
      }
      if (seen.size > 0) out.raw(',')
      seen.add(scans.length > 1 ? key : String(i))
      out.labels(labels)
    }
  }
  out.raw(']')
  if (isCut) writeNotes(out, 'warnings', ['results truncated due to limit'])
  out.raw('}')
}

function writeExemplars(
  out: AnswerWriter,
  scans: readonly SeriesScan[],
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): void {
  const seen = new Set<string>()
  out.raw('{"status":"success","data":[')
  for (const scan of scans) {
    for (const { labels, exemplars } of reader.exemplars(tenant, scan, budget)) {
      const key = labelsKey(labels)
      if (seen.has(key)) continue
      if (seen.size > 0) out.raw(',')
      seen.add(key)
      out.raw('{"seriesLabels":')
      out.labels(labels)
      out.raw(',"exemplars":[')
      for (let i = 0; i < exemplars.length; i++) {
        const exemplar = exemplars[i] as (typeof exemplars)[number]
        out.raw(i > 0 ? ',{"labels":' : '{"labels":')
        out.labels(exemplar.labels)
        out.raw(',"value":')
        out.string(String(exemplar.value))
        out.raw(',"timestamp":')
        out.seconds(exemplar.timeMs)
        out.raw('}')
      }
      out.raw(']}')
    }
  }
  out.raw(']}')
}

function writeMetadata(
  out: AnswerWriter,
  job: Extract<QueryJob, { kind: 'metadata' }>,
  tenant: TenantId,
  reader: MetricReader,
): void {
  const all = reader.metadata(tenant, job.metric)
  const count = job.limit > 0 ? Math.min(job.limit, all.length) : all.length
  out.raw('{"status":"success","data":{')
  for (let i = 0; i < count; i++) {
    const entry = all[i] as (typeof all)[number]
    if (i > 0) out.raw(',')
    out.string(entry.metric)
    out.raw(`:[{"type":"${entry.type}","help":`)
    out.string(entry.help)
    out.raw(',"unit":')
    out.string(entry.unit)
    out.raw('}]')
  }
  out.raw('}}')
}

function writeTsdb(
  out: AnswerWriter,
  tenant: TenantId,
  reader: MetricReader,
  { limit, senders }: Extract<QueryJob, { kind: 'tsdb' }>,
): void {
  const { numSeries, numLabelPairs, chunkCount, minTimeMs, maxTimeMs, ...tops } = reader.cardinality(tenant, limit)
  const headStats = { numSeries, numLabelPairs, chunkCount, minTime: minTimeMs, maxTime: maxTimeMs }
  out.text(JSON.stringify({ status: 'success', data: { headStats, ...tops, seriesCountBySender: senders } }))
}
