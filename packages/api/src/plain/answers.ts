import {
  labelsKey,
  labelValue,
  type Matcher,
  METRIC_NAME,
  type MetricReader,
  type QueryBudget,
  SampleColumns,
  type ScanRange,
  type TenantId,
} from '@vantage/model'
import type { AnswerWriter } from '../answer-writer.ts'

/** Labels that name a service: of the JSON batch, and of OTLP resources (promoted). */
const SERVICE_LABEL = 'service_name'

/** Points of one series in `/api/metrics/timeseries`; longer ones keep the newest. */
const POINTS_MAX = 11_000

interface PlainJob {
  readonly service: string | undefined
  readonly range: ScanRange
}

function matchersOf(service: string | undefined): Matcher[] {
  if (service === undefined) return [{ name: SERVICE_LABEL, op: '!=', value: '' }]
  return [{ name: SERVICE_LABEL, op: '=', value: service }]
}

/** `GET /api/metrics/timeseries`: every series of the services with its points, as sent. */
export function timeseriesAnswer(
  out: AnswerWriter,
  job: PlainJob,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): void {
  const selection = reader.select(tenant, { matchers: matchersOf(job.service), ...job.range }, budget)
  const columns = new SampleColumns()
  out.raw(`{"start":${job.range.startMs},"end":${job.range.endMs},"series":[`)
  for (let i = 0; i < selection.count; i++) {
    selection.read(i, job.range.startMs, job.range.endMs, columns)
    budget.chargeSamples(columns.count)
    if (i > 0) out.raw(',')
    const labels = selection.labels(i)
    out.raw('{"metric_name":')
    out.string(labelValue(labels, METRIC_NAME))
    out.raw(',"service_name":')
    out.string(labelValue(labels, SERVICE_LABEL))
    out.raw(',"labels":')
    out.labels(withoutNames(labels))
    out.raw(',"points":[')
    const from = Math.max(0, columns.count - POINTS_MAX)
    for (let at = from; at < columns.count; at++) {
      if (at > from) out.raw(',')
      out.raw(`{"timestamp":${columns.times[at]},"value":${jsonNumber(columns.values[at] as number)}}`)
    }
    out.raw(from > 0 ? '],"truncated":true}' : ']}')
  }
  out.raw(']}')
}

interface Tally {
  readonly metric: string
  readonly service: string
  count: number
  sum: number
  min: number
  max: number
  lastMs: number
  last: number
}

/** `GET /api/metrics/aggregated`: count, min, max, avg, sum and last of each metric of each service. */
export function aggregatedAnswer(
  out: AnswerWriter,
  job: PlainJob,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): void {
  const selection = reader.select(tenant, { matchers: matchersOf(job.service), ...job.range }, budget)
  const columns = new SampleColumns()
  const tallies = new Map<string, Tally>()
  for (let i = 0; i < selection.count; i++) {
    selection.read(i, job.range.startMs, job.range.endMs, columns)
    budget.chargeSamples(columns.count)
    addTo(
      tallies,
      labelValue(selection.labels(i), METRIC_NAME),
      labelValue(selection.labels(i), SERVICE_LABEL),
      columns,
    )
  }
  out.raw(`{"start":${job.range.startMs},"end":${job.range.endMs},"metrics":[`)
  let isFirst = true
  for (const tally of tallies.values()) {
    if (!isFirst) out.raw(',')
    isFirst = false
    out.raw('{"metric_name":')
    out.string(tally.metric)
    out.raw(',"service_name":')
    out.string(tally.service)
    out.raw(`,"count":${tally.count},"sum":${jsonNumber(tally.sum)},"avg":${jsonNumber(tally.sum / tally.count)}`)
    out.raw(`,"min":${jsonNumber(tally.min)},"max":${jsonNumber(tally.max)},"last":${jsonNumber(tally.last)}}`)
  }
  out.raw(']}')
}

function addTo(tallies: Map<string, Tally>, metric: string, service: string, columns: SampleColumns): void {
  for (let at = 0; at < columns.count; at++) {
    const value = columns.values[at] as number
    if (Number.isNaN(value)) continue
    const key = labelsKey([metric, service])
    let tally = tallies.get(key)
    if (tally === undefined) {
      tally = {
        metric,
        service,
        count: 0,
        sum: 0,
        min: value,
        max: value,
        lastMs: Number.NEGATIVE_INFINITY,
        last: value,
      }
      tallies.set(key, tally)
    }
    tally.count++
    tally.sum += value
    tally.min = Math.min(tally.min, value)
    tally.max = Math.max(tally.max, value)
    const timeMs = columns.times[at] as number
    if (timeMs >= tally.lastMs) {
      tally.lastMs = timeMs
      tally.last = value
    }
  }
}

/** `GET /api/services`: names of the services that sent metrics in the range. */
export function servicesAnswer(
  out: AnswerWriter,
  range: ScanRange,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): void {
  out.raw('{"services":')
  out.strings(reader.labelValues(tenant, SERVICE_LABEL, [], range, budget))
  out.raw('}')
}

function withoutNames(labels: readonly string[]): string[] {
  const out: string[] = []
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] === METRIC_NAME || labels[i] === SERVICE_LABEL) continue
    out.push(labels[i] as string, labels[i + 1] as string)
  }
  return out
}

/** JSON has no NaN and no infinities: they are null here; the Prometheus API tells them apart. */
function jsonNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : 'null'
}
