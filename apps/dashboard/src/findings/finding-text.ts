import { formatFactor, formatInstant, formatValue, type Zone } from '@vantage/charts'
import type { TimeRange } from '@vantage/model'
import { RATE, RATIO, SECONDS } from '../services/units.ts'
import type { Finding } from './findings.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** Shortest time that a finding opens. */
const WINDOW_MIN_MS = 5 * MINUTE_MS
/** Of what a finding opens, the part that lies before its start. */
const LEAD_SHARE = 0.2

export interface FindingText {
  /** What, how much, since when. */
  readonly headline: string
  /** The figures, and the change before it. */
  readonly detail: string
}

export function findingText(finding: Finding, range: TimeRange, zone: Zone): FindingText {
  const since = finding.startMs === undefined ? '' : ` since ${momentText(finding.startMs, range, zone)}`
  return { headline: `${whatText(finding)}${since}`, detail: `${figuresText(finding)}. ${changeText(finding)}` }
}

function whatText({ service, kind, now, before, isNew }: Finding): string {
  if (kind === 'latency') return `p95 of ${service} is ${formatFactor(now / (before as number))} as long`
  if (kind === 'errors')
    return `${formatValue(now, RATIO)} of requests to ${service} fail${isNew || before === undefined ? '' : ', as before'}`
  if (now === 0) return `${service} gets no requests`
  return `${service} gets ${formatValue(1 - now / (before as number), RATIO)} fewer requests`
}

function figuresText({ kind, now, before }: Finding): string {
  const unit = { errors: RATIO, latency: SECONDS, traffic: RATE }[kind]
  if (before === undefined) return 'There is no time before to compare with'
  const then = `${formatValue(before, unit)} before`
  // How many fail stands in the headline.
  return kind === 'errors' ? then : `${formatValue(now, unit)}, ${then}`
}

function changeText({ service, startMs, change, isNew }: Finding): string {
  if (change !== undefined) {
    const { event, leadMs } = change
    const whose = event.service === service || event.service === '' ? '' : ` of ${event.service}`
    const when = leadMs < MINUTE_MS / 60 ? 'Starts with' : `Starts ${spanText(leadMs)} after`
    return `${when} the ${event.kind}${whose}: ${event.title}.`
  }
  if (startMs !== undefined) return 'No change was reported shortly before.'
  return isNew ? 'It grew without a step.' : ''
}

function spanText(spanMs: number): string {
  if (spanMs < MINUTE_MS) return `${Math.round(spanMs / 1000)} s`
  const minutes = Math.round(spanMs / MINUTE_MS)
  if (minutes < 60) return `${minutes} min`
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `14:01:05` where the seconds matter, with the day where the range is long. */
function momentText(timeMs: number, { startMs, endMs }: TimeRange, zone: Zone): string {
  const text = formatInstant(timeMs, zone)
  if (endMs - startMs >= DAY_MS) return text.slice(5, 16)
  return text.slice(11, endMs - startMs < 30 * MINUTE_MS ? 19 : 16)
}

/** The time that a finding opens: from a little before its start to the end; without a start, the range itself. */
export function findingWindow({ startMs }: Finding, range: TimeRange): TimeRange {
  if (startMs === undefined) return range
  const spanMs = Math.max(WINDOW_MIN_MS, (range.endMs - startMs) / (1 - LEAD_SHARE))
  return { startMs: Math.round(range.endMs - spanMs), endMs: range.endMs }
}
