import { isUtf8Range, utf8Text } from '@vantage/bytes'
import { type ItemReason, type LabelsOutcome, METRIC_NAME, type MetricMetadata, type MetricType } from '@vantage/model'
import { FieldCursor, nextField } from '../field-cursor.ts'
import { canonicalLabels } from '../labels.ts'
import type { LabelLimits } from '../limits.ts'
import { plainNumber } from '../number-text.ts'
import { type AttributeFault, readAttribute } from './any-value.ts'
import * as field from './fields.ts'
import { type NameKind, prometheusLabel, prometheusName, prometheusUnit } from './names.ts'

/** Kinds of metric data; part of interned keys. */
export const KINDS = { none: 0, gauge: 1, sum: 2, histogram: 3, exponentialHistogram: 4, summary: 5 } as const

/** What a row is of its metric. */
export const SUFFIXES = { value: 0, bucket: 1, sum: 2, count: 3, quantile: 4, targetInfo: 5 } as const

/** Where the parts of a metric lie in the body. */
export interface MetricContext {
  resourceFrom: number
  resourceTo: number
  scopeFrom: number
  scopeTo: number
  schemaFrom: number
  schemaTo: number
  nameFrom: number
  nameTo: number
  unitFrom: number
  unitTo: number
  helpFrom: number
  helpTo: number
  kind: number
  temporality: number
  isMonotonic: boolean
}

/** Resource attributes that name the target: they become `job` and `instance`. */
const SERVICE_NAME = 'service.name'
const SERVICE_NAMESPACE = 'service.namespace'
const SERVICE_INSTANCE = 'service.instance.id'

/**
 * Resource attributes that are labels of every series, because service pages, maps and links join by them.
 * Prometheus promotes none by default (`otlp.promote_resource_attributes`).
 */
const PROMOTED = [SERVICE_NAME, SERVICE_NAMESPACE] as const

const MESSAGES: Readonly<Record<AttributeFault, { reason: ItemReason; message: string }>> = {
  malformed: { reason: 'invalid_value', message: 'attribute: malformed protobuf' },
  invalid_utf8: { reason: 'invalid_utf8', message: 'attribute: want UTF-8' },
  nested_too_deep: { reason: 'nested_too_deep', message: 'attribute: want at most 16 levels of values' },
}

/** Attributes as pairs, or why not. */
type Pairs = { readonly ok: true; readonly pairs: readonly string[] } | (LabelsOutcome & { readonly ok: false })

/** Reads the KeyValue fields with `tag` (0 = any tag) in [from, to). */
function attributesIn(bytes: Uint8Array, from: number, to: number, tag: number): Pairs {
  const cursor = new FieldCursor()
  const pairs: string[] = []
  cursor.reset(bytes, from, to)
  while (nextField(cursor)) {
    if (tag !== 0 && cursor.tag !== tag) continue
    const bad = readAttribute(bytes, cursor.from, cursor.to, pairs)
    if (bad !== undefined) return { ok: false, ...MESSAGES[bad] }
  }
  return cursor.isBad ? { ok: false, ...MESSAGES.malformed } : { ok: true, pairs }
}

function attributeOf(pairs: readonly string[], key: string): string {
  for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === key) return pairs[i + 1] as string
  return ''
}

/** Attributes under their label names, keys ascending; of several with one name the values are joined by `;`. */
function labelled(pairs: readonly string[], skip: readonly string[] = []): Map<string, string> {
  const order: number[] = []
  for (let i = 0; i < pairs.length; i += 2) order.push(i)
  order.sort((a, b) =>
    (pairs[a] as string) < (pairs[b] as string) ? -1 : (pairs[a] as string) > (pairs[b] as string) ? 1 : a - b,
  )
  const labels = new Map<string, string>()
  for (const i of order) {
    const key = pairs[i] as string
    if (skip.includes(key)) continue
    const name = prometheusLabel(key)
    if (name === '') continue
    const before = labels.get(name)
    labels.set(name, before === undefined ? (pairs[i + 1] as string) : `${before};${pairs[i + 1]}`)
  }
  return labels
}

function setTarget(labels: Map<string, string>, resource: readonly string[]): void {
  const service = attributeOf(resource, SERVICE_NAME)
  const namespace = attributeOf(resource, SERVICE_NAMESPACE)
  const instance = attributeOf(resource, SERVICE_INSTANCE)
  if (service !== '') labels.set('job', namespace === '' ? service : `${namespace}/${service}`)
  if (instance !== '') labels.set('instance', instance)
}

function nameKind(context: MetricContext): NameKind {
  if (context.kind === KINDS.gauge) return 'gauge'
  return context.kind === KINDS.sum && context.isMonotonic ? 'counter' : 'other'
}

function metricName(body: Uint8Array, context: MetricContext): string {
  const name = utf8Text(body, context.nameFrom, context.nameTo)
  return prometheusName(name, utf8Text(body, context.unitFrom, context.unitTo), nameKind(context))
}

/** Type, unit and help of a metric, under its translated name. */
export function metadataOf(body: Uint8Array, context: MetricContext): MetricMetadata {
  let type: MetricType = 'gauge'
  if (context.kind === KINDS.histogram || context.kind === KINDS.exponentialHistogram) type = 'histogram'
  else if (context.kind === KINDS.summary) type = 'summary'
  else if (context.kind === KINDS.sum && context.isMonotonic) type = 'counter'
  const unit = prometheusUnit(utf8Text(body, context.unitFrom, context.unitTo))
  return { metric: metricName(body, context), type, unit, help: utf8Text(body, context.helpFrom, context.helpTo) }
}

/** Labels of a row: its own attributes first, then promoted and scope labels, then job, instance and the name. */
export function rowLabels(
  body: Uint8Array,
  context: MetricContext,
  suffix: number,
  extra: number,
  attributes: Uint8Array,
  from: number,
  to: number,
  limits: LabelLimits,
): LabelsOutcome {
  if (!isUtf8Range(body, context.nameFrom, context.nameTo)) {
    return { ok: false, reason: 'invalid_utf8', message: 'metric name: want UTF-8' }
  }
  const own = attributesIn(attributes, from, to, 0)
  if (!own.ok) return own
  const resource = attributesIn(body, context.resourceFrom, context.resourceTo, field.RESOURCE_ATTRIBUTES)
  if (!resource.ok) return resource
  const labels = labelled(own.pairs)
  for (const key of PROMOTED) {
    const value = attributeOf(resource.pairs, key)
    const name = prometheusLabel(key)
    if (value !== '' && !labels.has(name)) labels.set(name, value)
  }
  const bad = addScope(labels, body, context)
  if (bad !== undefined) return bad
  setTarget(labels, resource.pairs)
  const name = metricName(body, context)
  labels.set(METRIC_NAME, name === '' ? '' : name + nameSuffix(suffix))
  if (suffix === SUFFIXES.bucket) labels.set('le', plainNumber(extra))
  if (suffix === SUFFIXES.quantile) labels.set('quantile', plainNumber(extra))
  return canonicalLabels([...labels].flat(), limits)
}

function nameSuffix(suffix: number): string {
  if (suffix === SUFFIXES.bucket) return '_bucket'
  if (suffix === SUFFIXES.sum) return '_sum'
  return suffix === SUFFIXES.count ? '_count' : ''
}

/** `otel_scope_name`, `otel_scope_version`, `otel_scope_schema_url`, `otel_scope_<attribute>`. */
function addScope(
  labels: Map<string, string>,
  body: Uint8Array,
  context: MetricContext,
): (LabelsOutcome & { ok: false }) | undefined {
  const cursor = new FieldCursor()
  cursor.reset(body, context.scopeFrom, context.scopeTo)
  let name = ''
  let version = ''
  while (nextField(cursor)) {
    const isText = cursor.tag === field.SCOPE_NAME || cursor.tag === field.SCOPE_VERSION
    if (!isText) continue
    if (!isUtf8Range(body, cursor.from, cursor.to)) return { ok: false, ...MESSAGES.invalid_utf8 }
    if (cursor.tag === field.SCOPE_NAME) name = utf8Text(body, cursor.from, cursor.to)
    else version = utf8Text(body, cursor.from, cursor.to)
  }
  const attributes = attributesIn(body, context.scopeFrom, context.scopeTo, field.SCOPE_ATTRIBUTES)
  if (!attributes.ok) return attributes
  for (const [key, value] of labelled(attributes.pairs)) labels.set(`otel_scope_${key}`, value)
  if (name !== '') labels.set('otel_scope_name', name)
  if (version !== '') labels.set('otel_scope_version', version)
  if (context.schemaTo > context.schemaFrom && isUtf8Range(body, context.schemaFrom, context.schemaTo)) {
    labels.set('otel_scope_schema_url', utf8Text(body, context.schemaFrom, context.schemaTo))
  }
  return undefined
}

/**
 * Labels of `target_info`: what the resource has beside the identifying attributes, with job and instance.
 * @param isProbe true: answer an empty set where no target_info is due (no identity, or nothing else to say)
 */
export function targetInfoLabels(
  body: Uint8Array,
  context: MetricContext,
  limits: LabelLimits,
  isProbe = false,
): LabelsOutcome {
  const resource = attributesIn(body, context.resourceFrom, context.resourceTo, field.RESOURCE_ATTRIBUTES)
  if (!resource.ok) return resource
  const labels = labelled(resource.pairs, [SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_INSTANCE])
  const attributeCount = labels.size
  setTarget(labels, resource.pairs)
  if (isProbe && (attributeCount === 0 || !(labels.has('job') || labels.has('instance'))))
    return { ok: true, labels: [] }
  labels.set(METRIC_NAME, 'target_info')
  return canonicalLabels([...labels].flat(), limits)
}
