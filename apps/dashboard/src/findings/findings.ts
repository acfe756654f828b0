import type { ChangeEvent, QueryAnswer } from '@vantage/api/client'
import type { TimeRange } from '@vantage/model'
import {
  DEGRADED_SHARE_MORE,
  FAILING_SHARE,
  type Red,
  SLOWER_FACTOR,
  SLOWER_SECONDS,
} from '../services/service-model.ts'
import { changePoint } from './change-point.ts'

/** Fewer requests than this say nothing about a service. */
const REQUESTS_MIN = 20
const FAILED_MIN = 5
/** Steps that are known of a service before its own halves are compared: a few of them differ by chance. */
const YOUNG_STEPS_MIN = 10
/** Latency that has grown so far is critical. */
const CRITICAL_FACTOR = 3
/** Of what came before; less is a finding. */
const FEWER_SHARE = 0.5
/** A service that had so few requests before may well have fewer. */
const FEWER_REQUESTS_MIN = 100
/** A start counts where the figure goes at least this part of the way there. */
const STEP_SHARE = 0.5
const MINUTE_MS = 60_000
/** How long before the start a change may lie: of the service itself, of any other. */
const OWN_CHANGE_MS = 30 * MINUTE_MS
const OTHER_CHANGE_MS = 10 * MINUTE_MS
export const FINDINGS_MAX = 3

/** What makes a finding; the page says it in these words. */
export const FINDINGS_RULE =
  `Each service is compared with the time before, just as long; where that had fewer than ${REQUESTS_MIN} requests, the later half of what is ` +
  `known of it with the earlier half, once that is a twelfth of both times. A finding needs ${REQUESTS_MIN} requests on both sides and one of: errors up by a percentage point and ` +
  `${FAILED_MIN} failed requests; p95 half as long again and 10 ms longer; half of the requests gone, of at least ${FEWER_REQUESTS_MIN}. A service of ` +
  'whose requests 5 % fail is a finding in any case. Critical: 5 % fail, p95 is 3 × as long, or no requests are left. The start is where the ' +
  'figure steps to its new level, and figures are of the time since then and until then; the change named is the last one before it, of the service in 30 minutes, else of any other in 10. Critical ones stand ' +
  'first, then errors, latency and missing requests, each by size.'

export type FindingKind = 'errors' | 'latency' | 'traffic'
const KINDS: readonly FindingKind[] = ['errors', 'latency', 'traffic']

export interface Finding {
  readonly service: string
  readonly kind: FindingKind
  readonly isCritical: boolean
  /** Share of 1, seconds, or requests a second. */
  readonly now: number
  readonly before: number | undefined
  /** False where it was as bad before. */
  readonly isNew: boolean
  /** Larger is worse among those of its kind. */
  readonly size: number
  /** Where the figure stepped up; undefined where it did not step in what was looked at. */
  readonly startMs: number | undefined
  readonly change: NearChange | undefined
}

/** A deploy or other change shortly before something else. */
export interface NearChange {
  readonly event: ChangeEvent
  readonly leadMs: number
}

/** One service over time; the three lines share the times, NaN where nothing is known. */
export interface ServiceSteps {
  readonly timesMs: readonly number[]
  readonly rate: readonly number[]
  readonly errors: readonly number[]
  readonly p95: readonly number[]
}

export interface FindingsInput {
  readonly range: TimeRange
  readonly now: ReadonlyMap<string, Red>
  readonly before: ReadonlyMap<string, Red>
  /** Of the range and the time before it. */
  readonly steps: ReadonlyMap<string, ServiceSteps>
  readonly stepMs: number
  /** Newest first. */
  readonly events: readonly ChangeEvent[]
}

/** Both sides of a comparison; `before` is undefined where nothing is known to compare with. */
interface Sides {
  readonly now: Side
  readonly before: Side | undefined
  /** True where both are halves of the same time: a service that has just begun is no service that lost requests. */
  readonly isYoung: boolean
}

interface Side {
  readonly rate: number
  readonly errorShare: number
  readonly p95: number
  readonly requests: number
}

export interface Judgement {
  /** What is worse than before, the most severe first; of each service one. */
  readonly findings: readonly Finding[]
  readonly services: number
  /** Services of which enough is known to compare. */
  readonly compared: number
}

export function judge(input: FindingsInput): Judgement {
  const names = [...new Set([...input.now.keys(), ...input.before.keys()])]
  const sides = names.map((service) => ({ service, sides: sidesOf(service, input) }))
  return {
    findings: sides.flatMap((one) => worstOf(one.service, one.sides, input)).sort(bySeverity),
    services: names.length,
    compared: sides.filter((one) => one.sides.before !== undefined).length,
  }
}

function bySeverity(a: Finding, b: Finding): number {
  return (
    Number(b.isCritical) - Number(a.isCritical) ||
    KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) ||
    Number(b.isNew) - Number(a.isNew) ||
    b.size - a.size ||
    a.service.localeCompare(b.service)
  )
}

function worstOf(service: string, { now, before, isYoung }: Sides, input: FindingsInput): Finding[] {
  const found = [
    errorsFinding(now, before),
    latencyFinding(now, before),
    isYoung ? undefined : trafficFinding(now, before),
  ]
  const [worst] = found
    .filter((one) => one !== undefined)
    .map((one): Finding => sinceStart({ ...one, service, startMs: undefined, change: undefined }, input))
    .sort(bySeverity)
  if (worst?.startMs === undefined) return worst === undefined ? [] : [worst]
  return [{ ...worst, change: changeBefore(worst.startMs, service, input) }]
}

/** With the figures of the time since its start and of the time until then, where it has one. */
function sinceStart(finding: Finding, input: FindingsInput): Finding {
  const start = startOf(finding, input)
  if (start === undefined) return finding
  const { kind } = finding
  const [now, before] = [start.after, start.before]
  const isCritical = {
    errors: now >= FAILING_SHARE,
    latency: now >= CRITICAL_FACTOR * before,
    traffic: now === 0,
  }[kind]
  const size = { errors: now - before, latency: now / before, traffic: before - now }[kind]
  return { ...finding, isCritical, now, before, size, startMs: start.atMs }
}

type Judged = Pick<Finding, 'kind' | 'isCritical' | 'now' | 'before' | 'isNew' | 'size'>

function errorsFinding(now: Side, before: Side | undefined): Judged | undefined {
  if (now.requests < REQUESTS_MIN || !(now.requests * now.errorShare >= FAILED_MIN)) return undefined
  const more = before === undefined ? 0 : now.errorShare - before.errorShare
  const isNew = more >= DEGRADED_SHARE_MORE
  const isCritical = now.errorShare >= FAILING_SHARE
  if (!isNew && !isCritical) return undefined
  const size = isNew ? more : now.errorShare
  return { kind: 'errors', isCritical, now: now.errorShare, before: before?.errorShare, isNew, size }
}

function latencyFinding(now: Side, before: Side | undefined): Judged | undefined {
  if (before === undefined || now.requests < REQUESTS_MIN) return undefined
  const factor = now.p95 / before.p95
  if (!(factor >= SLOWER_FACTOR && now.p95 - before.p95 >= SLOWER_SECONDS)) return undefined
  return {
    kind: 'latency',
    isCritical: factor >= CRITICAL_FACTOR,
    now: now.p95,
    before: before.p95,
    isNew: true,
    size: factor,
  }
}

function trafficFinding(now: Side, before: Side | undefined): Judged | undefined {
  if (before === undefined || before.requests < FEWER_REQUESTS_MIN) return undefined
  if (now.rate > before.rate * FEWER_SHARE) return undefined
  const size = before.rate - now.rate
  return { kind: 'traffic', isCritical: now.rate === 0, now: now.rate, before: before.rate, isNew: true, size }
}

function sidesOf(service: string, { now, before, steps, stepMs, range }: FindingsInput): Sides {
  const seconds = (range.endMs - range.startMs) / 1000
  const current = sideOf(now.get(service), seconds)
  const former = sideOf(before.get(service), seconds)
  if (former.requests >= REQUESTS_MIN) return { now: current, before: former, isYoung: false }
  const own = steps.get(service)
  const first = own?.rate.findIndex((rate, i) => rate > 0 && (own.timesMs[i] as number) > range.startMs) ?? -1
  if (own === undefined || first < 0) return { now: current, before: undefined, isYoung: true }
  const middle = Math.ceil((first + own.rate.length) / 2)
  const earlier = sideOfSteps(own, first, middle, stepMs)
  const later = sideOfSteps(own, middle, own.rate.length, stepMs)
  const isLong = own.rate.length - first >= YOUNG_STEPS_MIN
  const isEnough = isLong && earlier.requests >= REQUESTS_MIN && later.requests >= REQUESTS_MIN
  return isEnough ? { now: later, before: earlier, isYoung: true } : { now: current, before: undefined, isYoung: true }
}

function sideOf(red: Red | undefined, seconds: number): Side {
  const rate = red?.rate ?? 0
  return { rate, errorShare: red?.errorShare ?? 0, p95: red?.p95 ?? Number.NaN, requests: rate * seconds }
}

/** Steps from `from` up to `to` as one: p95 is the mean of theirs, weighted by requests. */
function sideOfSteps(steps: ServiceSteps, from: number, to: number, stepMs: number): Side {
  let [rates, errors, slow, timed] = [0, 0, 0, 0]
  for (let i = from; i < to; i++) {
    const rate = steps.rate[i] as number
    if (!(rate > 0)) continue
    rates += rate
    errors += steps.errors[i] || 0
    const p95 = steps.p95[i] as number
    if (Number.isNaN(p95)) continue
    slow += p95 * rate
    timed += rate
  }
  const requests = (rates * stepMs) / 1000
  return {
    rate: rates / Math.max(1, to - from),
    errorShare: rates > 0 ? errors / rates : 0,
    p95: slow / timed,
    requests,
  }
}

interface Start {
  readonly atMs: number
  readonly before: number
  readonly after: number
}

function startOf({ service, kind, now, before, isNew }: Finding, { steps, stepMs }: FindingsInput): Start | undefined {
  const own = steps.get(service)
  if (own === undefined || before === undefined || !isNew) return undefined
  const lines: Readonly<Record<FindingKind, readonly number[]>> = {
    errors: own.rate.map((rate, i) => (rate > 0 ? (own.errors[i] || 0) / rate : Number.NaN)),
    latency: own.p95,
    traffic: own.rate.map((rate) => rate || 0),
  }
  const point = changePoint(lines[kind], kind === 'traffic' ? -1 : 1)
  if (point === undefined || Math.abs(point.after - point.before) < STEP_SHARE * Math.abs(now - before))
    return undefined
  return { atMs: (own.timesMs[point.index] as number) - stepMs, before: point.before, after: point.after }
}

/** The last change that may have led to what began at `startMs`: of the service, else of another. */
function changeBefore(startMs: number, service: string, { events, stepMs }: FindingsInput): NearChange | undefined {
  const within = (reachMs: number) => (event: ChangeEvent) =>
    event.timeMs <= startMs + stepMs && event.timeMs >= startMs - reachMs
  const event =
    events.filter((one) => one.service === service).find(within(OWN_CHANGE_MS)) ?? events.find(within(OTHER_CHANGE_MS))
  return event === undefined ? undefined : { event, leadMs: Math.max(0, startMs - event.timeMs) }
}

/** Reads what `figureStepsQuery` asked. */
export function stepsByService(answer: QueryAnswer | undefined): Map<string, ServiceSteps> {
  if (answer?.data.kind !== 'matrix') return new Map()
  const { series } = answer.data
  const timesMs = [...new Set(series.flatMap((one) => [...one.timesSeconds]))]
    .sort((a, b) => a - b)
    .map((s) => s * 1000)
  const places = new Map(timesMs.map((time, i) => [time, i]))
  const found = new Map<string, Record<'rate' | 'errors' | 'p95', number[]>>()
  for (const { metric, timesSeconds, values } of series) {
    const figure = metric['figure']
    if (figure !== 'rate' && figure !== 'errors' && figure !== 'p95') continue
    const line = () => new Array<number>(timesMs.length).fill(Number.NaN)
    const own = found.get(metric['service'] ?? '') ?? { rate: line(), errors: line(), p95: line() }
    found.set(metric['service'] ?? '', own)
    for (const [i, seconds] of timesSeconds.entries())
      own[figure][places.get(seconds * 1000) as number] = values[i] as number
  }
  return new Map([...found].map(([service, lines]) => [service, { timesMs, ...lines }]))
}
