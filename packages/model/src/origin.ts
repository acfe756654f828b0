import { type Attributes, attribute, NO_ATTRIBUTES, valueText } from './attributes.ts'
import { type Labels, labelsFrom } from './labels.ts'

/** Who sent a row: resource and instrumentation scope. Many rows share one. */
export interface Origin {
  readonly resource: Attributes
  readonly resourceDroppedCount: number
  readonly resourceSchemaUrl: string
  readonly scopeName: string
  readonly scopeVersion: string
  readonly scope: Attributes
  readonly scopeDroppedCount: number
  readonly scopeSchemaUrl: string
  /**
   * `labels`: the resource's attributes are the labels of a Loki stream, all of them, under the names they have.
   * `resource`: attributes of an OpenTelemetry resource.
   */
  readonly kind: 'resource' | 'labels'
}

export const NO_ORIGIN: Origin = {
  resource: NO_ATTRIBUTES,
  resourceDroppedCount: 0,
  resourceSchemaUrl: '',
  scopeName: '',
  scopeVersion: '',
  scope: NO_ATTRIBUTES,
  scopeDroppedCount: 0,
  scopeSchemaUrl: '',
  kind: 'resource',
}

export const UNKNOWN_SERVICE = 'unknown_service'

/** The service that a row belongs to, as every signal names it. */
export function serviceOf(origin: Origin): string {
  const names = origin.kind === 'labels' ? ['service_name', 'service.name'] : ['service.name']
  for (const name of names) {
    const value = attribute(origin.resource, name)
    const text = value === undefined ? '' : valueText(value)
    if (text !== '') return text
  }
  return UNKNOWN_SERVICE
}

/**
 * Attributes of a resource that are labels of its log streams; the others are structured metadata of its rows.
 * Source: grafana/loki docs, `default_resource_attributes_as_index_labels`.
 */
const STREAM_ATTRIBUTES: ReadonlySet<string> = new Set([
  'cloud.availability_zone',
  'cloud.region',
  'container.name',
  'deployment.environment',
  'deployment.environment.name',
  'k8s.cluster.name',
  'k8s.container.name',
  'k8s.cronjob.name',
  'k8s.daemonset.name',
  'k8s.deployment.name',
  'k8s.job.name',
  'k8s.namespace.name',
  'k8s.pod.name',
  'k8s.replicaset.name',
  'k8s.statefulset.name',
  'service.instance.id',
  'service.name',
  'service.namespace',
])

/** Name of a label or of structured metadata: what is no letter, digit or underscore becomes an underscore. */
export function lokiName(key: string): string {
  const name = key.replace(/[^a-zA-Z0-9_]/g, '_')
  return /^[0-9]/.test(name) ? `_${name}` : name
}

/** Labels of the log stream that rows of an origin belong to. */
export function streamLabels(origin: Origin): Labels {
  if (origin.kind === 'labels') return labelsFrom(pairs(origin.resource, (key) => key))
  const indexed = origin.resource.filter((one) => STREAM_ATTRIBUTES.has(one.key))
  return labelsFrom([['service_name', UNKNOWN_SERVICE], ...pairs(indexed, lokiName)])
}

/** Structured metadata that all rows of an origin have, before their own. */
export function originMetadata(origin: Origin): [string, string][] {
  if (origin.kind === 'labels') return []
  const others = origin.resource.filter((one) => !STREAM_ATTRIBUTES.has(one.key))
  const out = pairs(others, lokiName)
  if (origin.scopeName !== '') out.push(['scope_name', origin.scopeName])
  if (origin.scopeVersion !== '') out.push(['scope_version', origin.scopeVersion])
  out.push(...pairs(origin.scope, lokiName))
  return out
}

/** Name and text of each attribute; maps are flattened with underscores. */
export function pairs(attributes: Attributes, nameOf: (key: string) => string): [string, string][] {
  return attributes.flatMap(({ key, value }): [string, string][] =>
    value.kind === 'map'
      ? pairs(
          value.entries.map((entry) => ({ key: `${key}_${entry.key}`, value: entry.value })),
          nameOf,
        )
      : [[nameOf(key), valueText(value)]],
  )
}
