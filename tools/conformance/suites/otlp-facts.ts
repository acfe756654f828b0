/** What bodies of OTLP/JSON say, in the words of the query languages. */

// biome-ignore lint/suspicious/noExplicitAny: bodies of others, read as they are.
type Json = any

export interface LogFact {
  readonly timeNs: string
  readonly line: string
  readonly fields: Readonly<Record<string, string>>
}

/** One number of a series; `name` may lack what a unit or a type adds to it. */
export interface SeriesFact {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export function nameOf(key: string): string {
  return key.replaceAll(/[^a-zA-Z0-9_]/g, '_')
}

/** Attributes as labels: maps one below the other, lists as JSON. */
export function flatten(attributes: readonly Json[]): Record<string, string> {
  const out: Record<string, string> = {}
  for (const { key, value } of attributes) {
    if (value.kvlistValue === undefined) out[nameOf(key)] = textOf(value)
    else {
      const inner = value.kvlistValue.values.map((one: Json) => ({ key: `${key}_${one.key}`, value: one.value }))
      Object.assign(out, flatten(inner))
    }
  }
  return out
}

export function bodyText(body: Json): string {
  return body === undefined ? '' : textOf(body)
}

function textOf(value: Json): string {
  if (value.arrayValue !== undefined || value.kvlistValue !== undefined) return JSON.stringify(plain(value))
  return String(plain(value))
}

function plain(value: Json): unknown {
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(plain)
  if (value.kvlistValue !== undefined)
    return Object.fromEntries(value.kvlistValue.values.map((one: Json) => [one.key, plain(one.value)]))
  if (value.intValue !== undefined) return Number(value.intValue)
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? ''
}

/** Every number that data points say. */
export function metricFacts(body: Json): SeriesFact[] {
  const metrics = body.resourceMetrics.flatMap((resource: Json) =>
    resource.scopeMetrics.flatMap((one: Json) => one.metrics),
  )
  return metrics.flatMap((metric: Json): SeriesFact[] => {
    const { name } = metric
    const kind = metric.gauge ?? metric.sum ?? metric.histogram ?? metric.exponentialHistogram
    return kind.dataPoints.flatMap((point: Json) => pointFacts(name, point))
  })
}

function pointFacts(name: string, point: Json): SeriesFact[] {
  const labels = flatten(point.attributes ?? [])
  if (point.count === undefined) return [{ name, labels, value: Number(point.asDouble ?? point.asInt) }]
  const whole: SeriesFact[] = [
    { name: `${name} count`, labels, value: Number(point.count) },
    { name: `${name} sum`, labels, value: point.sum },
  ]
  let sum = 0
  const buckets = (point.bucketCounts ?? []).map((count: string, i: number): SeriesFact => {
    sum += Number(count)
    const le = i < point.explicitBounds.length ? String(point.explicitBounds[i]) : '+Inf'
    return { name: `${name} bucket`, labels: { ...labels, le }, value: sum }
  })
  return [...whole, ...buckets]
}
