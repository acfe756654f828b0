import { acceptedMedia } from '@vantage/model'
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
  const wanted = acceptedMedia(accept)
  const openMetrics = wanted.find(
    // Versions that are not ours are not meant.
    ({ media, parameters }) => media === OPENMETRICS && (parameters['version'] ?? '1.0.0') === '1.0.0',
  )
  const text = wanted.find(({ media }) => media === 'text/plain')
  if (openMetrics !== undefined && openMetrics.weight > 0 && openMetrics.weight >= (text?.weight ?? 0)) {
    return { contentType: OPENMETRICS_CONTENT_TYPE, text: openMetricsText(families) }
  }
  return { contentType: TEXT_CONTENT_TYPE, text: expositionText(families) }
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
