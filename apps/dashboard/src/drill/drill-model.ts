import type { Exemplar } from '@vantage/api/client'
import { formatExact, formatInstant, formatValue, type TimeSeriesFrame, type TimeSpan } from '@vantage/charts'
import type { Jump } from '../app/jump.ts'
import type { SearchChange } from '../app/router.ts'
import type { Explained } from './explain-url.ts'
import { type SeriesSource, type SeriesSources, type Subject, subjectOf } from './subject.ts'

/** A point or a region of a chart, as it was when it was chosen: newer data changes nothing of it. */
export interface DrillSpot {
  /** Of the series, or of the region. */
  readonly title: string
  /** The time that is drawn. */
  readonly span: TimeSpan
  /** One step of the chart, ms. */
  readonly stepMs: number
  readonly isRegion: boolean
  /** The whole time of the chart. */
  readonly range: TimeSpan
  readonly subject: Subject
  readonly language: SeriesSource['language']
  /** With all digits; undefined where there is none. */
  readonly exactValue: string | undefined
  readonly exemplar: { readonly traceId: string; readonly spanId: string; readonly text: string } | undefined
  /** Why it names no single request, where it names none. */
  readonly noTrace: string
  /** What to ask about it, where that is more than its time. */
  readonly explained?: Explained | undefined
}

export type DrillAction = { readonly explain: Explained } | { readonly zoom: TimeSpan } | { readonly copy: string }

/** One line of the menu: it leads somewhere, does something, or says why it cannot. */
export type DrillEntry = { readonly id: DrillId; readonly label: string } & (
  | { readonly jump: Jump; readonly hint: string }
  | { readonly act: DrillAction; readonly hint: string }
  | { readonly reason: string }
)
export type DrillId = 'trace' | 'logs' | 'traces' | 'metrics' | 'different' | 'zoom' | 'copy'

/** A zoom into a point shows so many steps to either side. */
const ZOOM_STEPS = 5
/** The least that is worth a zoom, ms. */
const ZOOM_MIN_MS = 1_000
const NO_EXEMPLARS = 'This series keeps no single requests: histograms of durations do'
const NO_SUBJECT = 'The labels of this series name no service and no host'

/** The spot of one series at one step. */
export function pointSpot(
  frame: TimeSeriesFrame,
  sources: SeriesSources,
  exemplars: readonly Exemplar[],
  at: { readonly index: number; readonly key: string },
): DrillSpot | undefined {
  const one = frame.series.find(({ key }) => key === at.key)
  const seconds = frame.timesSeconds[at.index]
  const source = sources.get(at.key)
  if (one === undefined || seconds === undefined) return undefined
  const value = one.values[at.index] ?? undefined
  const endMs = seconds * 1_000
  const span = { startMs: endMs - frame.stepMs, endMs }
  const shown = value === undefined ? 'no value' : formatValue(value, frame.unit)
  const base = spotBase(frame, source === undefined ? [] : [source], span, false, exemplars)
  return {
    ...base,
    title: `${one.label}: ${shown} at ${clock(endMs, frame)}`,
    exactValue: value === undefined ? undefined : formatExact(value),
    exemplar: exemplarNear(frame, exemplars, meantTime(base), value),
  }
}

/** The spot of a region: of one series, or of what all visible ones have in common. */
export function regionSpot(
  frame: TimeSeriesFrame,
  sources: SeriesSources,
  exemplars: readonly Exemplar[],
  region: TimeSpan,
  key?: string,
): DrillSpot {
  const wanted = frame.series.filter((one) => (key === undefined ? !frame.hidden.has(one.key) : one.key === key))
  const label = wanted.length === 1 ? `${wanted[0]?.label}: ` : ''
  return {
    ...spotBase(
      frame,
      wanted.flatMap((one) => sources.get(one.key) ?? []),
      region,
      true,
      exemplars,
    ),
    title: `${label}${clock(region.startMs, frame)} – ${clock(region.endMs, frame)}`,
    exactValue: undefined,
    exemplar: exemplarNear(frame, exemplars, region, Number.POSITIVE_INFINITY),
  }
}

interface Bar extends TimeSpan {
  /** Its time and count in words. */
  readonly text: string
  readonly total: number
  /** LogQL of the lines that it counts. */
  readonly query: string
  /** Of the histogram. */
  readonly range: TimeSpan
}

/** The spot of a bar of counted lines. */
export function barSpot({ text, total, query, startMs, endMs, range }: Bar): DrillSpot {
  const source: SeriesSource = { language: 'logql', query, labels: {} }
  return {
    title: text,
    span: { startMs, endMs },
    // What lies around a bar are other bars: nothing more is carried along.
    stepMs: 0,
    isRegion: true,
    range,
    subject: subjectOf([source]),
    language: 'logql',
    exactValue: formatExact(total),
    exemplar: undefined,
    noTrace: NO_EXEMPLARS,
  }
}

function spotBase(
  frame: TimeSeriesFrame,
  sources: readonly SeriesSource[],
  span: TimeSpan,
  isRegion: boolean,
  exemplars: readonly Exemplar[],
) {
  const { startMs, endMs, stepMs } = frame
  return {
    span,
    isRegion,
    stepMs,
    range: { startMs, endMs },
    subject: subjectOf(sources),
    language: sources[0]?.language ?? 'promql',
    noTrace: exemplars.length > 0 ? 'No single request is known at this time' : NO_EXEMPLARS,
  } as const
}

/** The time between two steps, unix seconds, with the steps themselves: a value counts what ends with it. */
export function stepsSpan({ stepMs }: TimeSeriesFrame, a: number, b: number): TimeSpan {
  return { startMs: Math.min(a, b) * 1_000 - stepMs, endMs: Math.max(a, b) * 1_000 }
}

/** Of those of a time and a step around it, the one whose value is nearest. */
function exemplarNear(
  frame: TimeSeriesFrame,
  exemplars: readonly Exemplar[],
  { startMs, endMs }: TimeSpan,
  value: number | undefined,
): DrillSpot['exemplar'] {
  const { stepMs, unit } = frame
  const far = value ?? Number.POSITIVE_INFINITY
  const distance = (one: Exemplar) => (Number.isFinite(far) ? Math.abs(one.value - far) : -one.value)
  const found = exemplars
    .filter(({ atMs }) => atMs >= startMs - stepMs && atMs <= endMs + stepMs)
    .sort((a, b) => distance(a) - distance(b))[0]
  if (found === undefined) return undefined
  const { traceId, spanId, atMs } = found
  return { traceId, spanId, text: `${formatValue(found.value, unit)} at ${clock(atMs, frame)}` }
}

export function clock(atMs: number, { zone }: Pick<TimeSeriesFrame, 'zone'>): string {
  return formatInstant(atMs, zone).slice(11, 19)
}

/** What a spot leads to, always the same entries in the same order. */
export function drillEntries(spot: DrillSpot): readonly DrillEntry[] {
  const { subject, exactValue } = spot
  const { service } = subject
  const of = service === undefined ? '' : ` of ${service}`
  return [
    traceEntry(spot),
    jumpEntry('logs', `Log lines${of}`, subject.lines, '/explore/logs', carriedTime(spot)),
    jumpEntry('traces', `Traces${of}`, subject.spans, '/explore/traces', carriedTime(spot)),
    service === undefined
      ? { id: 'metrics', label: 'Metrics of the service', reason: 'The labels of this series name no service' }
      : {
          id: 'metrics',
          label: `Metrics${of}`,
          jump: { path: metricsPath(service), params: {} },
          hint: 'All that it measures, over the same time',
        },
    differentEntry(spot),
    zoomEntry(spot),
    exactValue === undefined
      ? { id: 'copy', label: 'Copy the value', reason: noValue(spot) }
      : { id: 'copy', label: 'Copy the value', act: { copy: exactValue }, hint: exactValue },
  ]
}

function metricsPath(service: string): string {
  return `/services/${encodeURIComponent(service)}/metrics`
}

function noValue({ isRegion }: DrillSpot): string {
  return isRegion ? 'A region has more than one value' : 'There is no value at this time'
}

function traceEntry({ exemplar, noTrace }: DrillSpot): DrillEntry {
  const id = 'trace'
  if (exemplar === undefined) return { id, label: 'Trace', reason: noTrace }
  const { traceId, spanId, text } = exemplar
  const params = { span: spanId === '' ? null : spanId }
  return {
    id,
    label: `Trace of ${text}`,
    jump: { path: `/trace/${traceId}`, params },
    hint: 'A single request of this time',
  }
}

function jumpEntry(
  id: 'logs' | 'traces',
  label: string,
  query: string | undefined,
  path: string,
  time: SearchChange,
): DrillEntry {
  if (query === undefined) return { id, label, reason: NO_SUBJECT }
  return { id, label, jump: { path, params: { q: query, ...time } }, hint: query }
}

/** What a value is about: its step, or the window that it looks back, where that is longer. */
export function meantTime({ span, isRegion, subject }: Pick<DrillSpot, 'span' | 'isRegion' | 'subject'>): TimeSpan {
  if (isRegion) return span
  return { startMs: Math.min(span.startMs, span.endMs - subject.reachMs), endMs: span.endMs }
}

/** With a step to either side, as the URL holds it. */
function carriedTime(spot: DrillSpot): SearchChange {
  const { startMs, endMs } = meantTime(spot)
  return { from: String(Math.floor(startMs - spot.stepMs)), to: String(Math.ceil(endMs + spot.stepMs)), live: '0' }
}

function differentEntry(spot: DrillSpot): DrillEntry {
  const [id, label] = ['different', 'What is different'] as const
  const hint = 'What its requests or lines have that those around it have not'
  if (spot.explained !== undefined) return { id, label, act: { explain: spot.explained }, hint }
  const { subject, language, range } = spot
  const query = language === 'logql' ? subject.lines : subject.spans
  if (query === undefined) return { id, label, reason: NO_SUBJECT }
  const signal = language === 'logql' ? 'logs' : 'spans'
  const region = meantTime(spot)
  const explain: Explained = { signal, query, scope: '', region, against: 'around', around: range }
  return { id, label, act: { explain }, hint }
}

function zoomEntry({ span, stepMs, isRegion, range }: DrillSpot): DrillEntry {
  const [id, label] = ['zoom', isRegion ? 'Zoom in' : 'Zoom in here'] as const
  const more = isRegion ? 0 : ZOOM_STEPS * stepMs
  const wanted = {
    startMs: Math.max(range.startMs, span.startMs - more),
    endMs: Math.min(range.endMs, span.endMs + more),
  }
  const wantedMs = wanted.endMs - wanted.startMs
  if (wantedMs < ZOOM_MIN_MS || wantedMs >= range.endMs - range.startMs) {
    return { id, label, reason: 'The chart shows no longer time than that' }
  }
  return { id, label, act: { zoom: wanted }, hint: 'The former zoom is one z away' }
}
