import {
  err,
  type Fault,
  fault,
  foreign,
  type Labels,
  labelsFrom,
  labelsKey,
  labelValue,
  METRIC_NAME,
  ok,
  type Result,
  STATUS,
  staleNaN,
  type TenantId,
} from '@vantage/model'
import type { IntakeAccepted, IntakeFault } from './intake.ts'
import type { PushGroups } from './push-groups.ts'
import type { TextCodec, TextSeries } from './text-doors-codec.ts'
import { expositionBodyForm, grammarOf, refusalText, textAnswer, textFault } from './text-doors-forms.ts'
import { submitPayload } from './text-doors-import.ts'
import type { Taken, TextDoor } from './text-doors-visit.ts'

/** Samples of one push: some 10 ms of work. */
export const PUSH_SAMPLES_MAX = 10_000
const GROUP_LABELS_MAX = 32
const RECEIVER = 'pushgateway'
const PUSH_TIME = 'push_time_seconds'
const FAILURE_TIME = 'push_failure_time_seconds'

/**
 * Pushgateway: `PUT`, `POST` and `DELETE /metrics/job/JOB{/LABEL/VALUE}`, any name of which may end in `@base64`.
 *
 * A push is stored once, at the time of its receipt; it is not repeated as a scraped gateway would. `PUT` ends the
 * other series of its group with stale markers, `POST` those with the same names, `DELETE` all; groups survive a restart.
 * Source: prometheus/pushgateway README, "API".
 */
export function pushDoor(codec: TextCodec, groups: PushGroups): TextDoor {
  return {
    signal: 'metrics',
    receiver: RECEIVER,
    paths: ['/metrics/job/*', '/metrics/job@base64/*'],
    methods: ['POST', 'PUT', 'DELETE'],
    readForm: expositionBodyForm,
    take: (taken) => take(taken, codec, groups),
    accepted: (outcome, method) => {
      const refused = refusalText(outcome)
      if (refused !== '') return textAnswer(STATUS.bad_request.http, `some samples were refused: ${refused}`)
      return { status: method === 'DELETE' ? 202 : 200, headers: {}, body: '' }
    },
    refused: textFault,
  }
}

async function take(taken: Taken, codec: TextCodec, groups: PushGroups): Promise<Result<IntakeAccepted, IntakeFault>> {
  const path = groupLabels(taken.url.split('?', 1)[0] as string)
  if (!path.ok) return path
  const labels = path.value
  const key = groupKey(taken.tenant, labels)
  if (taken.method === 'DELETE') return groups.inTurn(key, () => remove(taken, codec, groups, key))
  const { body } = taken
  const read = await codec.read(body.body, body.bodyLength, {
    grammar: grammarOf(taken.contentType),
    mode: 'scrape',
    timeMs: 0,
    labels,
    samplesMax: PUSH_SAMPLES_MAX,
    takesTimes: false,
  })
  const problem = read.ok ? inconsistency(read.value.series) : read.error
  if (problem !== undefined || !read.ok) {
    return groups.inTurn(key, () => failed(taken, codec, groups, labels, problem as Fault))
  }
  return groups.inTurn(key, () => push(taken, codec, groups, labels, read.value))
}

async function push(
  taken: Taken,
  codec: TextCodec,
  groups: PushGroups,
  labels: readonly (readonly [string, string])[],
  {
    series,
    metadata,
    warnings,
  }: { series: readonly TextSeries[]; metadata: Parameters<TextCodec['encode']>[1]; warnings: readonly string[] },
): Promise<Result<IntakeAccepted, IntakeFault>> {
  const key = groupKey(taken.tenant, labels)
  const group = groups.get(key)
  const nowMs = Math.max(taken.reception.clock.nowMs(), group.lastMs + 1)
  const pushed = [
    ...series.map((one) => timedAt(one, nowMs)),
    sampleOf(labels, PUSH_TIME, nowMs, nowMs / 1_000),
    sampleOf(labels, FAILURE_TIME, nowMs, group.failureSeconds),
  ]
  const next = new Map(pushed.map((one) => [labelsKey(one.labels), one.labels]))
  const names = new Set(pushed.map((one) => labelValue(one.labels, METRIC_NAME)))
  const ended: Labels[] = []
  for (const [id, old] of group.series) {
    if (next.has(id)) continue
    if (taken.method === 'PUT' || names.has(labelValue(old, METRIC_NAME))) ended.push(old)
    else next.set(id, old)
  }
  const payload = codec.encode([...pushed, ...ended.map((old) => staleOf(old, nowMs))], metadata)
  const outcome = await submitPayload(taken, RECEIVER, payload)
  if (!outcome.ok) return outcome
  await groups.put(key, { series: next, lastMs: nowMs, failureSeconds: group.failureSeconds })
  return ok({ ...outcome.value, warnings: [...outcome.value.warnings, ...warnings] })
}

/** A push that says nothing usable: its group learns when, the client why. */
async function failed(
  taken: Taken,
  codec: TextCodec,
  groups: PushGroups,
  labels: readonly (readonly [string, string])[],
  problem: Fault,
): Promise<Result<IntakeAccepted, IntakeFault>> {
  const key = groupKey(taken.tenant, labels)
  const group = groups.get(key)
  const nowMs = Math.max(taken.reception.clock.nowMs(), group.lastMs + 1)
  const sample = sampleOf(labels, FAILURE_TIME, nowMs, nowMs / 1_000)
  const outcome = await submitPayload(taken, RECEIVER, codec.encode([sample], []))
  if (outcome.ok) {
    const series = new Map(group.series).set(labelsKey(sample.labels), sample.labels)
    await groups.put(key, { series, lastMs: nowMs, failureSeconds: nowMs / 1_000 })
  }
  return err(problem)
}

async function remove(
  taken: Taken,
  codec: TextCodec,
  groups: PushGroups,
  key: string,
): Promise<Result<IntakeAccepted, IntakeFault>> {
  const group = groups.get(key)
  if (group.series.size === 0) return ok({ items: 0, histograms: 0, exemplars: 0, refused: [], warnings: [] })
  const nowMs = Math.max(taken.reception.clock.nowMs(), group.lastMs + 1)
  const stale = [...group.series.values()].map((labels) => staleOf(labels, nowMs))
  const outcome = await submitPayload(taken, RECEIVER, codec.encode(stale, []))
  if (outcome.ok) await groups.delete(key)
  return outcome
}

/** What a push says is so at the time of its receipt. */
function timedAt(series: TextSeries, timeMs: number): TextSeries {
  const { histograms = [] } = series
  if (histograms.length === 0) return { ...series, times: [timeMs] }
  return { ...series, histograms: histograms.map((one) => ({ ...one, timeMs })) }
}

/** One series twice in a push says two things at once. */
function inconsistency(series: readonly TextSeries[]): Fault | undefined {
  const seen = new Set<string>()
  for (const { labels } of series) {
    const key = labelsKey(labels)
    if (seen.has(key))
      return fault('bad_request', `want each series once, got ${foreign(labelValue(labels, METRIC_NAME))} twice`)
    seen.add(key)
    const name = labelValue(labels, METRIC_NAME)
    if (name === PUSH_TIME || name === FAILURE_TIME) return fault('bad_request', `want no ${name}: it is set here`)
  }
  return undefined
}

function sampleOf(
  labels: readonly (readonly [string, string])[],
  name: string,
  timeMs: number,
  value: number,
): TextSeries {
  return { labels: labelsFrom([...labels, [METRIC_NAME, name]]), times: [timeMs], values: Float64Array.of(value) }
}

function staleOf(labels: Labels, timeMs: number): TextSeries {
  return { labels, times: [timeMs], values: Float64Array.of(staleNaN()) }
}

function groupKey(tenant: TenantId, labels: readonly (readonly [string, string])[]): string {
  return `${tenant} ${labelsKey(labelsFrom(labels))}`
}

/** `/metrics/job/JOB/LABEL/VALUE…` → its pairs, `job` first. */
function groupLabels(path: string): Result<readonly (readonly [string, string])[], Fault> {
  const segments = path
    .replace(/^\/metrics\//, '')
    .replace(/\/$/, '')
    .split('/')
  const labels: [string, string][] = []
  for (let i = 0; i < segments.length; i += 2) {
    const [, name = '', encoding] = /^(.*?)(@base64)?$/.exec(segments[i] as string) ?? []
    const value = segments[i + 1]
    // A path cannot hold an empty value: `@base64` can.
    if (value === undefined || value === '') return bad(`path: want a value behind ${JSON.stringify(foreign(name))}`)
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || labels.some(([known]) => known === name)) {
      return bad(`path: want label names, each once, got ${JSON.stringify(foreign(name))}`)
    }
    const text = encoding === undefined ? decodedPercent(value) : decodedBase64(value)
    if (text === undefined)
      return bad(`path: ${name}: want ${encoding === undefined ? 'percent-encoded UTF-8' : 'base64 of UTF-8'}`)
    labels.push([name, text])
  }
  if (labels[0]?.[0] !== 'job' || labels[0][1] === '') return bad('path: want a job that is not empty')
  if (labels.length > GROUP_LABELS_MAX) return bad(`path: want at most ${GROUP_LABELS_MAX} labels`)
  return ok(labels)
}

function bad(message: string): Result<never, Fault> {
  return err(fault('bad_request', message))
}

function decodedPercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

/** Base64 with the alphabet for URLs, padding optional; `=` alone is the empty text. */
function decodedBase64(text: string): string | undefined {
  const plain = decodedPercent(text)?.replaceAll(/=+$/g, '')
  if (plain === undefined || !/^[A-Za-z0-9_-]*$/.test(plain)) return undefined
  const bytes = Buffer.from(plain, 'base64url')
  const decoded = bytes.toString()
  return Buffer.from(decoded).equals(bytes) ? decoded : undefined
}
