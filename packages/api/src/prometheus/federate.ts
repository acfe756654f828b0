import {
  acceptedMedia,
  type Histogram,
  HistogramColumns,
  isStaleAt,
  type Labels,
  METRIC_NAME,
  type MetricReader,
  type QueryBudget,
  SampleColumns,
  type SeriesScan,
  type TenantId,
} from '@vantage/model'
import { usesCustomBuckets } from '@vantage/model/histograms'
import { encodeMetricFamilies, type FamilySample } from '@vantage/query/exposition'
import type { AnswerWriter } from '../answer-writer.ts'

const FAMILY_PROTO = 'io.prometheus.client.MetricFamily'

/** Forms of the answer. The text format cannot say native histograms, nor protobuf those with bounds of their own. */
export const FEDERATE_TYPES = {
  text: 'text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8',
  protobuf: `application/vnd.google.protobuf; proto=${FAMILY_PROTO}; encoding=delimited`,
} as const

/** Protobuf is preferred: named, delimited, and not behind a form of text. */
export function federateForm(accept: string | undefined): FederateJob['form'] {
  const wanted = acceptedMedia(accept)
  const protobuf = wanted.find(({ media, parameters }) => {
    const { proto = FAMILY_PROTO, encoding = 'delimited' } = parameters
    return media === 'application/vnd.google.protobuf' && proto === FAMILY_PROTO && encoding === 'delimited'
  })
  if (protobuf === undefined || protobuf.weight === 0) return 'text'
  const isBehind = wanted.some(({ media, weight }) => media.startsWith('text/') && weight > protobuf.weight)
  return isBehind ? 'text' : 'protobuf'
}

export interface FederateJob {
  readonly kind: 'federate'
  readonly scans: readonly SeriesScan[]
  readonly form: keyof typeof FEDERATE_TYPES
}

/**
 * The newest sample of each series in the scans with its time, families by name. Series that have ended are left out,
 * and what the form cannot say. Source: Prometheus documentation, "Federation".
 */
export function federateAnswer(
  out: AnswerWriter,
  { scans, form }: FederateJob,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): void {
  const families = Map.groupBy(newestSamples(scans, tenant, reader, budget), ({ labels }) => nameOf(labels))
  for (const [name, samples] of [...families].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const type = reader.metadata(tenant, name)[0]?.type
    // A histogram's and a summary's series are families of their own here, whose type the forms do not know.
    const shown = type === 'counter' || type === 'gauge' ? type : 'untyped'
    if (form === 'protobuf') out.bytes(encodeMetricFamilies(name, shown, samples.filter(isSaidInProtobuf)))
    else writeText(out, name, shown, samples)
  }
}

function* newestSamples(
  scans: readonly SeriesScan[],
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): Generator<FamilySample> {
  const floats = new SampleColumns()
  const histograms = new HistogramColumns()
  const seen = new Set<string>()
  for (const scan of scans) {
    const selection = reader.select(tenant, scan, budget)
    for (let i = 0; i < selection.count; i++) {
      selection.read(i, scan.startMs, scan.endMs, floats)
      histograms.reset()
      if (selection.mayHaveHistograms(i)) selection.readHistograms(i, scan.startMs, scan.endMs, histograms)
      budget.chargeSamples(floats.count + histograms.count)
      const newest = newestOf(floats, histograms)
      if (newest === undefined) continue
      const labels = selection.labels(i)
      const series = seriesText(labels)
      if (seen.has(series)) continue
      seen.add(series)
      budget.chargeBytes(series.length * 4)
      yield { labels, ...newest }
    }
  }
}

/** The later of the last number and the last histogram; undefined where the series has none, or has ended. */
function newestOf(floats: SampleColumns, histograms: HistogramColumns): Omit<FamilySample, 'labels'> | undefined {
  const last = floats.count - 1
  const lastMs = last < 0 ? Number.NEGATIVE_INFINITY : (floats.times[last] as number)
  const histogramMs = histograms.times.at(-1) ?? Number.NEGATIVE_INFINITY
  if (histogramMs > lastMs) return { timeMs: histogramMs, value: histograms.histograms.at(-1) as Histogram }
  if (last < 0 || isStaleAt(floats.halves, last)) return undefined
  return { timeMs: lastMs, value: floats.values[last] as number }
}

function isSaidInProtobuf({ value }: FamilySample): boolean {
  return typeof value === 'number' || !usesCustomBuckets(value)
}

function writeText(out: AnswerWriter, name: string, type: string, samples: readonly FamilySample[]): void {
  const lines = samples.flatMap(({ labels, timeMs, value }) => {
    return typeof value === 'number' ? [`${seriesText(labels)} ${numberText(value)} ${timeMs}\n`] : []
  })
  if (lines.length === 0) return
  out.text(`# TYPE ${nameText(name)} ${type}\n`)
  for (const line of lines) out.text(line)
}

function nameOf(labels: Labels): string {
  const at = labels.indexOf(METRIC_NAME)
  return at < 0 ? '' : (labels[at + 1] as string)
}

const PLAIN_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const PLAIN_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

function nameText(name: string): string {
  return PLAIN_NAME.test(name) ? name : quoted(name)
}

function seriesText(labels: Labels): string {
  const name = nameOf(labels)
  const isPlain = PLAIN_NAME.test(name)
  const pairs = isPlain ? [] : [quoted(name)]
  for (let i = 0; i < labels.length; i += 2) {
    const label = labels[i] as string
    if (label === METRIC_NAME) continue
    pairs.push(`${PLAIN_LABEL.test(label) ? label : quoted(label)}=${quoted(labels[i + 1] as string)}`)
  }
  const braces = pairs.length === 0 ? '' : `{${pairs.join(',')}}`
  return isPlain ? name + braces : braces
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')}"`
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
