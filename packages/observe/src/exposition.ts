import type { ExposedFamily } from './registry.ts'

export const TEXT_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Prometheus text format 0.0.4. Source: prometheus/docs, docs/instrumenting/exposition_formats.md. */
export function expositionText(families: readonly ExposedFamily[]): string {
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
