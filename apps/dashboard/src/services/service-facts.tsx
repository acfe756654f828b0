import type { TraceFigure } from '@vantage/api/client'
import { client } from '../app/client.ts'
import { useAsked } from '../explore/use-asked.ts'
import { quoted } from './service-queries.ts'
import type { ServicePartProps } from './service-tabs.ts'

/** What is said of a service in its head, as its newest spans say it. */
const FIELDS = {
  namespace: 'resource.service.namespace',
  language: 'resource.telemetry.sdk.language',
  version: 'resource.service.version',
  instance: 'resource.service.instance.id',
} as const
/** Of the end of the range, so much is read, and no more often: it changes rarely. */
const LOOKED_AT_MS = 60_000
/** Versions that are named; during a deploy there are two. */
const VERSIONS_MAX = 3

export function ServiceFacts({ service, range }: ServicePartProps) {
  const endMs = Math.ceil(range.endMs / LOOKED_AT_MS) * LOOKED_AT_MS
  const asked = useAsked(JSON.stringify([service, endMs]), (signal) => {
    const query = `{ resource.service.name = ${quoted(service)} } | rate() by (${Object.values(FIELDS).join(', ')})`
    return client.traceMetric(query, { startMs: endMs - 2 * LOOKED_AT_MS, endMs }, signal)
  })
  const facts = serviceFacts(asked.answer ?? [])
  if (facts.length === 0) return null
  return (
    <ul className="service-facts" aria-label={`About ${service}`}>
      {facts.map((fact) => (
        <li key={fact} dir="auto">
          {fact}
        </li>
      ))}
    </ul>
  )
}

/** `shop`, `nodejs`, `24 instances`, `2.41.0`: what the spans of a service have in common, and how many send them. */
export function serviceFacts(figures: readonly TraceFigure[]): readonly string[] {
  const valuesOf = (field: string) => [...new Set(figures.map(({ labels }) => labels[field] ?? ''))].filter(isTold)
  const instances = valuesOf(FIELDS.instance).length
  const versions = valuesOf(FIELDS.version).sort()
  const more = versions.length > VERSIONS_MAX ? ` and ${versions.length - VERSIONS_MAX} more` : ''
  return [
    valuesOf(FIELDS.namespace).join(', '),
    valuesOf(FIELDS.language).join(', '),
    instances === 0 ? '' : `${instances} ${instances === 1 ? 'instance' : 'instances'}`,
    versions.length === 0 ? '' : `version ${versions.slice(0, VERSIONS_MAX).join(', ')}${more}`,
  ].filter((fact) => fact !== '')
}

/** Spans without an attribute are a group of their own, called `nil`. */
function isTold(value: string): boolean {
  return value !== '' && value !== 'nil'
}
