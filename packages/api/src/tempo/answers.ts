import {
  type FoundSet,
  INTRINSICS,
  type MetricSeries,
  type MetricsResult,
  type NamedValue,
  type Progress,
  plainText,
  type SearchResult,
  stepTimeMs,
  type Value,
} from '@vantage/query/traceql'
import { anyValueJson } from '../traces/otlp-json.ts'

/** Bodies of Tempo's API. Source: grafana/tempo docs/sources/tempo/api_docs. */

/** As it ends. */
const DONE = { done: 1, total: 1 }

/** @param progress of one that goes on */
export function searchAnswer(
  { traces, inspectedSpans, inspectedTraces }: SearchResult,
  { done, total }: Pick<Progress, 'done' | 'total'> = DONE,
): unknown {
  return {
    traces: traces.map((trace) => {
      const spanSets = trace.sets.map(spanSetJson)
      return {
        traceID: trace.traceId,
        rootServiceName: trace.rootServiceName,
        rootTraceName: trace.rootTraceName,
        startTimeUnixNano: String(trace.startNs),
        durationMs: Math.floor(trace.durationNs / 1e6),
        spanSet: spanSets[0],
        spanSets,
        serviceStats: Object.fromEntries(trace.services),
      }
    }),
    metrics: { inspectedTraces, inspectedSpans: String(inspectedSpans), completedJobs: done, totalJobs: total },
  }
}

function spanSetJson({ spans, matched, attributes }: FoundSet): unknown {
  return {
    spans: spans.map((span) => ({
      spanID: span.spanId,
      name: span.name,
      startTimeUnixNano: String(span.startNs),
      durationNanos: String(span.durationNs),
      attributes: span.attributes.map(attributeJson),
    })),
    matched,
    ...(attributes.length === 0 ? {} : { attributes: attributes.map(attributeJson) }),
  }
}

/** Attributes go by their bare names, as they were sent. */
function attributeJson({ name, value }: NamedValue): unknown {
  return { key: bareName(name), value: valueJson(value) }
}

function bareName(field: string): string {
  const [, rest] = /^(?:parent\.)?(?:span|resource|event|link|instrumentation)?\.(.+)$/.exec(field) ?? []
  if (rest === undefined) return field
  return rest.startsWith('"') ? rest.slice(1, -1).replaceAll(/\\(["\\])/g, '$1') : rest
}

function valueJson(value: Value): unknown {
  switch (value.kind) {
    case 'duration':
      return { intValue: String(Math.round(value.value)) }
    case 'status':
    case 'spanKind':
    case 'empty':
      return { stringValue: plainText(value) }
    default:
      return anyValueJson(value)
  }
}

type Scope = 'span' | 'resource' | 'instrumentation' | 'event' | 'link'

export function tagNamesAnswer(
  names: readonly { readonly scope: Scope; readonly name: string }[],
  scope: string | undefined,
  form: 'flat' | 'scoped',
): unknown {
  const isWanted = (one: string): boolean => scope === undefined || scope === one
  const inScope = names.filter((one) => isWanted(one.scope))
  if (form === 'flat') {
    const tags = scope === 'intrinsic' ? INTRINSICS : inScope.map(({ name }) => name)
    return { tagNames: [...new Set(tags)], metrics: {} }
  }
  const scopes = (['resource', 'span', 'event', 'link', 'instrumentation'] as const)
    .filter(isWanted)
    .map((name) => ({ name, tags: inScope.filter((one) => one.scope === name).map((one) => one.name) }))
    .filter(({ tags }) => tags.length > 0)
  const intrinsic = isWanted('intrinsic') ? [{ name: 'intrinsic', tags: INTRINSICS }] : []
  return { scopes: [...scopes, ...intrinsic], metrics: {} }
}

export function tagValuesAnswer(values: readonly Value[], form: 'flat' | 'typed'): unknown {
  const texts = values.map((value) => ({ type: tagType(value), value: plainText(value) }))
  texts.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0))
  return { tagValues: form === 'flat' ? texts.map(({ value }) => value) : texts, metrics: {} }
}

/** `keyword`: a word of the language, to be written without quotes. */
function tagType(value: Value): string {
  switch (value.kind) {
    case 'status':
    case 'spanKind':
      return 'keyword'
    case 'double':
      return 'float'
    default:
      return value.kind
  }
}

export function metricsAnswer(
  result: MetricsResult,
  form: 'range' | 'instant',
  { done, total }: Pick<Progress, 'done' | 'total'> = DONE,
): unknown {
  const { grid, series, inspectedSpans } = result
  const metrics = { inspectedSpans: String(inspectedSpans), completedJobs: done, totalJobs: total }
  const times = Array.from({ length: grid.steps }, (_, step) => String(stepTimeMs(grid, step)))
  return {
    series: series.map((one) => ({
      labels: one.labels.map(labelJson),
      promLabels: promLabels(one),
      ...(form === 'instant' ? { value: finite(one.values[0] as number) } : { samples: samplesOf(one, times) }),
      ...(one.exemplars.length === 0 ? {} : { exemplars: exemplarsOf(one) }),
    })),
    metrics,
  }
}

function labelJson({ name, value }: NamedValue): unknown {
  return { key: name, value: valueJson(value) }
}

function samplesOf({ values }: MetricSeries, times: readonly string[]): unknown[] {
  const samples: unknown[] = []
  for (const [step, value] of values.entries()) {
    if (!Number.isNaN(value)) samples.push({ timestampMs: times[step], value: finite(value) })
  }
  return samples
}

/** JSON has no infinities: protobuf writes their names. */
function finite(value: number): number | string {
  if (Number.isFinite(value)) return value
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
}

function exemplarsOf({ exemplars, values }: MetricSeries): unknown[] {
  return exemplars.map(({ traceId, step, timeMs, value }) => ({
    labels: [{ key: 'trace:id', value: { stringValue: traceId } }],
    value: finite(Number.isNaN(value) ? (values[step] as number) : value),
    timestampMs: String(timeMs),
  }))
}

function promLabels({ labels }: MetricSeries): string {
  const parts = labels.map(({ name, value }) => {
    const key = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : JSON.stringify(name)
    return `${key}=${JSON.stringify(plainText(value))}`
  })
  return `{${parts.join(', ')}}`
}
