import type { ExposedFamily } from './registry.ts'

const TEXT_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Source: OpenMetrics 1.0, "Exposition across HTTP". */
const OPENMETRICS = 'application/openmetrics-text'
const OPENMETRICS_CONTENT_TYPE = `${OPENMETRICS}; version=1.0.0; charset=utf-8`

export interface Exposition {
  readonly contentType: string
  readonly text: string
}

/** The form that the header `Accept` prefers: OpenMetrics 1.0 where it is named and not behind the text format. */
export function exposition(families: readonly ExposedFamily[], accept: string | undefined): Exposition {
  const wanted = (accept ?? '').split(',').map(readWanted)
  const weightOf = (media: string): number => wanted.find((one) => one.media === media)?.weight ?? 0
  const weight = weightOf(OPENMETRICS)
  if (weight > 0 && weight >= weightOf('text/plain')) {
    return { contentType: OPENMETRICS_CONTENT_TYPE, text: openMetricsText(families) }
  }
  return { contentType: TEXT_CONTENT_TYPE, text: expositionText(families) }
}

/** One media type of `Accept` with its weight; versions that are not ours weigh nothing. */
function readWanted(text: string): { readonly media: string; readonly weight: number } {
  const [media = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const parameter = (name: string): string | undefined =>
    parameters.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1)
  if (media === OPENMETRICS && (parameter('version') ?? '1.0.0') !== '1.0.0') return { media: '', weight: 0 }
  const weight = Number(parameter('q') ?? 1)
  return { media, weight: Number.isNaN(weight) ? 0 : weight }
}

/** Counters are families without `_total`, bounds are canonical numbers, and the end is said. */
function openMetricsText(families: readonly ExposedFamily[]): string {
  let text = ''
  for (const { name, help, type, samples } of families) {
    const family = type === 'counter' ? name.replace(/_total$/, '') : name
    text += `# HELP ${family} ${escaped(help)}\n# TYPE ${family} ${type}\n`
    for (const sample of samples) {
      text += `${sample.name}${labelText(sample.labels.map(canonicalBound))} ${numberText(sample.value)}\n`
    }
  }
  return `${text}# EOF\n`
}

/** The value behind `le` with a fraction, as OpenMetrics wants bounds. */
function canonicalBound(text: string, at: number, labels: readonly string[]): string {
  return at % 2 === 1 && labels[at - 1] === 'le' && /^\d+$/.test(text) ? `${text}.0` : text
}

/** Prometheus text format 0.0.4. Source: prometheus/docs, docs/instrumenting/exposition_formats.md. */
function expositionText(families: readonly ExposedFamily[]): string {
  let text = ''
  for (const family of families) {
    text += `# HELP ${family.name} ${family.help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}\n`
    text += `# TYPE ${family.name} ${family.type}\n`
    for (const sample of family.samples)
      text += `${sample.name}${labelText(sample.labels)} ${numberText(sample.value)}\n`
  }
  return text
}

function labelText(labels: readonly string[]): string {
  if (labels.length === 0) return ''
  const parts: string[] = []
  for (let i = 0; i < labels.length; i += 2) parts.push(`${labels[i]}="${escaped(labels[i + 1] as string)}"`)
  return `{${parts.join(',')}}`
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"')
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}
