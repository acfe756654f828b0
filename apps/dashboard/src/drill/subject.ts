import type { LabelRecord } from '@vantage/api/client'
import { parseDurationMs } from '@vantage/model'
import { LOGQL, PROMQL } from '../builder/lexicons.ts'
import { type Matcher, readBraces, textOf } from '../builder/matchers.ts'
import { readQuery, type TokenReader } from '../builder/tokens.ts'
import { quoted, streamSelector, withFilter } from '../logs/log-model.ts'
import { fieldText, hasValue, quotedText } from '../traces/traceql.ts'

/** Where a series comes from: its query, as it was asked, and its own labels. */
export interface SeriesSource {
  readonly language: 'promql' | 'logql'
  readonly query: string
  readonly labels: LabelRecord
}

/** By the keys of series. */
export type SeriesSources = ReadonlyMap<string, SeriesSource>

/** What a chart shows, as the other signals name it; undefined where its labels do not say. */
export interface Subject {
  readonly service: string | undefined
  /** LogQL of its lines. */
  readonly lines: string | undefined
  /** TraceQL of its spans. */
  readonly spans: string | undefined
  /** A value looks back so far, ms; 0 where it is of its moment alone. */
  readonly reachMs: number
}

const ALL_LINES = '{service_name=~".+"}'
/** Labels that name a service, those that say it best first. */
const SERVICE_LABELS: readonly string[] = ['service_name', 'service', 'server', 'client']
/** Resource attributes as metrics and lines name them: `k8s_pod_name` is `k8s.pod.name`. */
const RESOURCE_LABEL = /^(service|host|k8s|cloud|container|deployment)_[a-z_]+$/
/** One kind of spans, or a pattern of several: `SPAN_KIND_(SERVER|CONSUMER)`. */
const KINDS = /^SPAN_KIND_\(?([A-Z]+(?:\|[A-Z]+)*)\)?$/
const KIND_LABEL = 'span_kind'

/** What several series have in common; of one, all that it says. */
export function subjectOf(sources: readonly SeriesSource[]): Subject {
  const labels = commonLabels(sources.map(knownLabels))
  const service = SERVICE_LABELS.map((name) => labels[name]).find((value) => value !== undefined)
  const resource = resourceLabels(labels)
  return {
    service,
    lines: linesOf(sources, labels, service, resource),
    spans: spansOf(labels, service, resource),
    reachMs: Math.max(0, ...sources.map(({ query }) => reachMsOf(query))),
  }
}

/** Labels of a series, and what its selectors want all of them to be. */
function knownLabels({ language, query, labels }: SeriesSource): LabelRecord {
  const own = Object.entries(labels).filter(([, value]) => value !== '')
  return { ...selectedLabels(language, query), ...Object.fromEntries(own) }
}

function commonLabels(all: readonly LabelRecord[]): LabelRecord {
  const [first = {}, ...others] = all
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((labels) => labels[name] === value)),
  )
}

function selectedLabels(language: SeriesSource['language'], query: string): LabelRecord {
  const read = readQuery(query, language === 'promql' ? PROMQL : LOGQL, allMatchers)
  if (!read.ok) return {}
  const wanted = read.value.map((matchers) =>
    Object.fromEntries(
      matchers.flatMap(({ label, op, value }): [string, string][] => {
        const isPattern = op === '=~' && !(label === KIND_LABEL && KINDS.test(textOf(value)))
        const text = op[0] !== '=' ? undefined : isPattern ? plainText(textOf(value)) : textOf(value)
        return text === undefined || text === '' ? [] : [[label, text]]
      }),
    ),
  )
  return commonLabels(wanted)
}

function allMatchers(reader: TokenReader): readonly (readonly Matcher[])[] {
  const found: (readonly Matcher[])[] = []
  while (reader.kind() !== 'end') {
    if (reader.kind() === 'sign' && reader.text() === '{') found.push(readBraces(reader).matchers)
    else reader.take()
  }
  return found
}

/** The only text that a regular expression matches, where there is only one. */
function plainText(pattern: string): string | undefined {
  const bare = pattern.replace(/\\[\\^$.*+?()[\]{}|-]/g, '')
  return /[\\^$.*+?()[\]{}|]/.test(bare) ? undefined : pattern.replace(/\\(.)/g, '$1')
}

/** Without the service's name, which has a place of its own. A host may be known as `instance`, with its port. */
function resourceLabels(labels: LabelRecord): readonly (readonly [string, string])[] {
  const named = Object.entries(labels).filter(([name]) => RESOURCE_LABEL.test(name) && name !== 'service_name')
  const isNamed = SERVICE_LABELS.some((name) => labels[name] !== undefined)
  const instance = labels['instance']
  if (named.length > 0 || isNamed || instance === undefined) return named
  return [['host_name', instance.replace(/:\d+$/, '')]]
}

function linesOf(
  sources: readonly SeriesSource[],
  labels: LabelRecord,
  service: string | undefined,
  resource: readonly (readonly [string, string])[],
): string | undefined {
  const [first, ...others] = sources
  if (first?.language === 'logql') {
    const isSame = others.every(({ query }) => query === first.query)
    const own = isSame ? countedLines(first.query) : streamSelector(first.query.slice(first.query.indexOf('{')))
    const shared = commonLabels(sources.map((one) => one.labels))
    return Object.entries(shared).reduce((query, [name, value]) => withFilter(query, name, value, true), own)
  }
  if (service === undefined && resource.length === 0) return undefined
  const of = service === undefined ? ALL_LINES : `{service_name=${quoted(service)}}`
  const level = labels['detected_level']
  const filters = level === undefined ? resource : [...resource, ['detected_level', level] as const]
  return filters.reduce((query, [name, value]) => withFilter(query, name, value, true), of)
}

/** The lines that a metric of LogQL counts first: its selector with the stages behind it. */
function countedLines(query: string): string {
  const read = readQuery(query, LOGQL, (reader) => {
    while (reader.kind() !== 'end' && reader.text() !== '{') reader.take()
    const mark = reader.mark()
    while (reader.kind() !== 'end' && reader.text() !== '[') reader.take()
    const lines = reader.since(mark)
    while (reader.kind() !== 'end') reader.take()
    return lines
  })
  return read.ok && read.value !== '' ? read.value : streamSelector(query.slice(query.indexOf('{')))
}

function spansOf(
  labels: LabelRecord,
  service: string | undefined,
  resource: readonly (readonly [string, string])[],
): string | undefined {
  if (service === undefined && resource.length === 0) return undefined
  const name = labels['span_name']
  const kinds = KINDS.exec(labels[KIND_LABEL] ?? '')?.[1]?.split('|') ?? []
  const kind = kinds.map((one) => `kind = ${one.toLowerCase()}`).join(' || ')
  const conditions = [
    ...(service === undefined ? [] : [`resource.service.name = ${quotedText(service)}`]),
    ...resource.map(([label, value]) => hasValue(fieldText('resource', label.replaceAll('_', '.')), value)),
    ...(name === undefined ? [] : [`name = ${quotedText(name)}`]),
    ...(kinds.length === 0 ? [] : [kinds.length === 1 ? kind : `(${kind})`]),
    ...(labels['status_code'] === 'STATUS_CODE_ERROR' ? ['status = error'] : []),
  ]
  return `{ ${conditions.join(' && ')} }`
}

/** The longest window of a query: `[5m]`, `[1h:1m]`. */
function reachMsOf(query: string): number {
  const windows = [...query.matchAll(/\[\s*([0-9][0-9a-z]*)\s*[\]:]/g)]
  return Math.max(0, ...windows.map(([, text]) => parseDurationMs(text as string) ?? 0))
}
