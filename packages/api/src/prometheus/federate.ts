import {
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
import type { AnswerWriter } from '../answer-writer.ts'

export const FEDERATE_TYPE = 'text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8'

/**
 * The newest sample of each series in the scans, in the text format, with its time. Series that have ended and native
 * histograms, which the text format cannot say, are left out. Source: Prometheus documentation, "Federation".
 */
export function federateAnswer(
  out: AnswerWriter,
  scans: readonly SeriesScan[],
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): void {
  const lines = new Map<string, string[]>()
  const samples = new SampleColumns()
  const histograms = new HistogramColumns()
  const seen = new Set<string>()
  for (const scan of scans) {
    const selection = reader.select(tenant, scan, budget)
    for (let i = 0; i < selection.count; i++) {
      selection.read(i, scan.startMs, scan.endMs, samples)
      budget.chargeSamples(samples.count)
      const last = samples.count - 1
      if (last < 0 || isStaleAt(samples.halves, last)) continue
      const timeMs = samples.times[last] as number
      if (selection.mayHaveHistograms(i)) {
        selection.readHistograms(i, timeMs, scan.endMs, histograms)
        if (histograms.count > 0) continue
      }
      const labels = selection.labels(i)
      const series = seriesText(labels)
      if (seen.has(series)) continue
      seen.add(series)
      const line = `${series} ${numberText(samples.values[last] as number)} ${timeMs}\n`
      budget.chargeBytes(line.length * 2)
      const name = nameOf(labels)
      const family = lines.get(name)
      if (family === undefined) lines.set(name, [line])
      else family.push(line)
    }
  }
  for (const [name, family] of [...lines].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const type = reader.metadata(tenant, name)[0]?.type
    // A histogram's and a summary's series are families of their own here, whose type the format does not know.
    const shown = type === 'counter' || type === 'gauge' ? type : 'untyped'
    out.text(`# TYPE ${nameText(name)} ${shown}\n`)
    for (const line of family) out.text(line)
  }
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
