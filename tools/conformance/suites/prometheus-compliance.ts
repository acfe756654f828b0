import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { snappyCompress } from '../../../packages/bytes/src/index.ts'
import { encodeRemoteWrite } from '../../../packages/decode/src/remote-write/index.ts'
import { labelsFromRecord } from '../../../packages/model/src/index.ts'
import { DEFAULT_OPTIONS } from '../../../packages/query/src/promql/index.ts'
import {
  type LoadedSeries,
  MemoryTarget,
  type Target,
  type TargetAnswer,
} from '../../../packages/query/src/promql-script/index.ts'
import { startHttpTarget } from '../http-target.ts'
import { ServerProcess } from '../server-process.ts'
import type { CaseResult, FileResult, Suite, SuiteOptions } from '../suite.ts'
import { histogramV2, requestV2, type SeriesV2 } from './remote-write-v2.ts'

/**
 * Prometheus' compliance suites: `promql_queries.json` (answered or refused as stated, a range equal to its instants)
 * and `remote_write_receiver_cases.json` (accepted or refused by a whole server, with the written counts).
 */
export const prometheusComplianceSuite: Suite = { folder: 'prometheus-compliance', run }

const QUERIES = 'promql_queries.json'
const RECEIVER = 'remote_write_receiver_cases.json'

async function* run(dir: string, options: SuiteOptions): AsyncIterable<FileResult> {
  yield await runFile(dir, QUERIES, (text) => runQueries(text, options))
  yield await runFile(dir, RECEIVER, runReceiver)
}

async function runFile(dir: string, name: string, cases: (text: string) => Promise<CaseResult[]>): Promise<FileResult> {
  try {
    return { name, cases: await cases(await readFile(join(dir, name), 'utf8')) }
  } catch (error) {
    const reason = `unreadable: ${error instanceof Error ? error.message : String(error)}`
    return { name, cases: [{ id: name, verdict: 'fail', reason }] }
  }
}

interface QueryTemplate {
  readonly expanded: readonly string[]
  readonly should_fail?: boolean
}

/** The suite wants it refused, as Prometheus 2 did; Prometheus 3 takes any UTF-8 text as the name of a label. */
const FORMER_BAD_NAME = '"~invalid"'
const UTF8_NAMES = 'any UTF-8 text is a valid label name since Prometheus 3'

const STEP_MS = 60_000
const RANGE = { startMs: 40 * STEP_MS, endMs: 60 * STEP_MS }

async function runQueries(text: string, options: SuiteOptions): Promise<CaseResult[]> {
  const { test_cases: templates } = JSON.parse(text) as { test_cases: readonly QueryTemplate[] }
  const target: Target = options.isHttp ? await startHttpTarget() : new MemoryTarget(DEFAULT_OPTIONS)
  try {
    await target.load(demoSeries())
    const results: CaseResult[] = []
    for (const { expanded, should_fail: shouldFail } of templates) {
      for (const query of expanded) {
        const reason = shouldFail === true ? await refusalOf(target, query) : await differenceOf(target, query)
        const isOutdated = reason !== '' && shouldFail === true && query.includes(FORMER_BAD_NAME)
        if (isOutdated) results.push({ id: `${QUERIES}:${query}`, verdict: 'left out', reason: UTF8_NAMES })
        else results.push({ id: `${QUERIES}:${query}`, verdict: reason === '' ? 'pass' : 'fail', reason })
      }
    }
    return results
  } finally {
    await target.close()
  }
}

/** What the queries ask for: counters, gauges and a histogram of three instances, with a hole and a restart. */
function demoSeries(): LoadedSeries[] {
  const series: LoadedSeries[] = []
  const add = (labels: Record<string, string>, valueAt: (i: number) => number) => {
    const points = Array.from({ length: 120 }, (_, i) =>
      i > 50 && i < 54 ? ({ kind: 'none' } as const) : ({ kind: 'value', value: valueAt(i) } as const),
    )
    series.push({ labels: labelsFromRecord(labels), stepMs: STEP_MS / 2, points })
  }
  for (const port of ['10000', '10001', '10002']) {
    const seed = Number(port) - 9_999
    const base = { instance: `demo.promlabs.com:${port}`, job: 'demo' }
    const counter = (i: number) => (i < 90 ? i : i - 90) * seed * 1.5
    for (const mode of ['idle', 'user', 'system']) {
      add({ __name__: 'demo_cpu_usage_seconds_total', ...base, mode }, (i) => counter(i) + mode.length)
    }
    for (const type of ['free', 'used', 'cached', 'buffers']) {
      add({ __name__: 'demo_memory_usage_bytes', ...base, type }, (i) => 1e9 + Math.sin(i * seed) * 1e6 * type.length)
    }
    add({ __name__: 'demo_num_cpus', ...base }, () => 4)
    add({ __name__: 'demo_disk_usage_bytes', ...base }, (i) => 5e9 + i * 1e5 * seed)
    add({ __name__: 'demo_batch_last_success_timestamp_seconds', ...base }, (i) => i * 30 - (i % 7))
    add({ __name__: 'demo_intermittent_metric', ...base }, (i) => i % 5)
    add({ __name__: 'demo_items_shipped_total', ...base }, counter)
    for (const le of ['0.1', '0.5', '1', '+Inf']) {
      const labels = { ...base, method: 'GET', path: '/api/foo', status: '200', le }
      const share = le === '+Inf' ? 2 : Number(le)
      add({ __name__: 'demo_api_request_duration_seconds_bucket', ...labels }, (i) => counter(i) * share)
    }
  }
  return series
}

async function refusalOf(target: Target, query: string): Promise<string> {
  const answer = await target.range(query, RANGE.startMs, RANGE.endMs, STEP_MS)
  return answer.ok ? 'want it refused, got an answer' : ''
}

/** Asks for a range and for each of its steps. @returns '' where all points agree */
async function differenceOf(target: Target, query: string): Promise<string> {
  const range = await target.range(query, RANGE.startMs, RANGE.endMs, STEP_MS)
  if (!range.ok) return `refused: ${range.message}`
  for (let timeMs = RANGE.startMs; timeMs <= RANGE.endMs; timeMs += 5 * STEP_MS) {
    const instant = await target.instant(query, timeMs)
    if (!instant.ok) return `refused as an instant query: ${instant.message}`
    const want = pointsAt(range, timeMs)
    const got = pointsAt(instant, timeMs)
    if (want.join('\n') !== got.join('\n')) return `at ${timeMs}: range ${want.join(' ')}, instant ${got.join(' ')}`
  }
  return ''
}

/** `labels value` of every series with a point at the time, sorted. */
function pointsAt(answer: Extract<TargetAnswer, { ok: true }>, timeMs: number): string[] {
  const { data } = answer
  if (data.kind === 'scalar') return [` ${data.value}`]
  if (data.kind === 'string') return [` ${data.text}`]
  return data.series
    .flatMap(({ labels, points }) =>
      points.filter((point) => point.timeMs === timeMs).map((point) => `${labels.join(',')} ${point.value}`),
    )
    .sort()
}

interface ReceiverCase {
  readonly area: string
  readonly name?: string
  readonly test?: string
  readonly success?: boolean
  readonly expectSuccess?: boolean
  readonly labels?: unknown
  readonly exemplarLabels?: unknown
  readonly value?: number
  readonly metricType?: { readonly id: string }
  readonly help?: string
  readonly unit?: string
  readonly metric?: { readonly Labels: unknown }
  readonly metrics?: readonly { readonly Labels: unknown }[]
  readonly validSamples?: number
  readonly includePositive?: boolean
  readonly includeNegative?: boolean
  readonly includeZero?: boolean
  readonly useCustomBuckets?: boolean
}

async function runReceiver(text: string): Promise<CaseResult[]> {
  const cases: readonly ReceiverCase[] = JSON.parse(text)
  const server = new ServerProcess()
  await server.start()
  try {
    const receiver = new Receiver(server.baseUrl)
    const results: CaseResult[] = []
    for (const one of cases) {
      const reason = await receiver.judge(one)
      const id = `${RECEIVER}:${one.area}/${one.name ?? one.test}`
      results.push({ id, verdict: reason === '' ? 'pass' : 'fail', reason })
    }
    return results
  } finally {
    await server.stop()
  }
}

const VERSION_2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request'

interface Written {
  readonly samples: number
  readonly histograms: number
  readonly exemplars: number
}

/** Sends what a case describes and compares status and written counts. */
class Receiver {
  readonly #url: string
  /** Every case has a time of its own: cases that use the same labels must not meet as duplicates. */
  #timeMs = Date.now() - 3_600_000

  constructor(url: string) {
    this.#url = url
  }

  async judge(one: ReceiverCase): Promise<string> {
    this.#timeMs += 1_000
    switch (one.test) {
      case undefined:
        return this.#judgeSeries(one)
      case 'TestSingleMetric':
        return this.#singleMetric()
      case 'TestCounterWithCreatedTimestamp':
        return this.#wants([this.#counter()], { samples: 1, histograms: 0, exemplars: 0 })
      case 'TestExemplarWithCreatedTimestamp': {
        const exemplar = { labels: { trace_id: 'abc' }, value: 1, timeMs: this.#timeMs }
        return this.#wants([{ ...this.#counter(), exemplar }], { samples: 1, histograms: 0, exemplars: 1 })
      }
      case 'TestBadContentTypes':
        return this.#refusals(['text/plain', 'application/json', 'application/x-protobuf;proto=unknown.Request'], [])
      case 'TestBadContentEncodings':
        return this.#refusals([], ['gzip', 'zstd', 'identity', 'br'])
      case 'TestCorruptRequestBody':
        return this.#corrupt(VERSION_2)
      case 'TestRW1BasicCompatibility':
        return this.#version1()
      case 'TestRW1ErrorHandling':
        return this.#corrupt('application/x-protobuf')
      default:
        return `no such test: ${one.test}`
    }
  }

  async #judgeSeries(one: ReceiverCase): Promise<string> {
    const series = this.#seriesOf(one)
    if (one.success === true || one.expectSuccess === true) return this.#wants(series, writtenBy(series))
    const { status, written } = await this.#send(VERSION_2, requestV2(series))
    if (status < 400 || status >= 500) return `want 4xx, got ${status}`
    return written.samples === 0 ? '' : `want no samples written, got ${written.samples}`
  }

  #seriesOf(one: ReceiverCase): SeriesV2[] {
    const sample = { value: one.value ?? 1, timeMs: this.#timeMs }
    const labels = labelsOf(one.labels)
    switch (one.area) {
      case 'exemplar': {
        const exemplar = { labels: labelsOf(one.exemplarLabels), value: sample.value, timeMs: this.#timeMs }
        return [{ labels, samples: [sample], exemplar }]
      }
      case 'histograms':
        return [{ labels, histogram: histogramV2(this.#timeMs, one) }]
      case 'metadata':
        return [{ labels, samples: [sample], metadata: [typeOf(one.metricType?.id), one.help ?? '', one.unit ?? ''] }]
      default: {
        const all = one.metrics ?? (one.metric === undefined ? [] : [one.metric])
        return all.map(({ Labels }) => ({ labels: labelsOf(Labels), samples: [sample] }))
      }
    }
  }

  #counter(): SeriesV2 {
    const samples = [{ value: 5, timeMs: this.#timeMs, startMs: this.#timeMs - 60_000 }]
    return { labels: { __name__: 'created_total', job: 'test' }, samples, metadata: [1, '', ''] }
  }

  async #singleMetric(): Promise<string> {
    for (const value of [0, 1, -1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      this.#timeMs += 1_000
      const series = [{ labels: { __name__: 'single', job: 'test' }, samples: [{ value, timeMs: this.#timeMs }] }]
      const reason = await this.#wants(series, { samples: 1, histograms: 0, exemplars: 0 })
      if (reason !== '') return `${value}: ${reason}`
    }
    return ''
  }

  async #refusals(types: readonly string[], encodings: readonly string[]): Promise<string> {
    const body = requestV2([this.#counter()])
    for (const type of types) {
      const { status } = await this.#send(type, body)
      if (status !== 415) return `${type}: want 415, got ${status}`
    }
    for (const encoding of encodings) {
      const { status } = await this.#send(VERSION_2, body, encoding)
      if (status !== 415) return `${encoding}: want 415, got ${status}`
    }
    return ''
  }

  async #corrupt(type: string): Promise<string> {
    const bodies = [
      Buffer.from('not snappy at all'),
      Buffer.from(snappyCompress(Buffer.from('\xff\xff\xff\xffgarbage'))),
    ]
    for (const body of bodies) {
      const { status } = await this.#send(type, new Uint8Array(body))
      if (status < 400 || status >= 500) return `want 4xx, got ${status}`
    }
    return ''
  }

  async #version1(): Promise<string> {
    const labels = labelsFromRecord({ __name__: 'version1', job: 'test' })
    const series = [{ labels, times: [this.#timeMs], values: Float64Array.of(1) }]
    const body = new Uint8Array(snappyCompress(encodeRemoteWrite(series)))
    const { status } = await this.#send('application/x-protobuf', body)
    return status >= 200 && status < 300 ? '' : `want 2xx, got ${status}`
  }

  async #wants(series: readonly SeriesV2[], want: Written): Promise<string> {
    const { status, written, text } = await this.#send(VERSION_2, requestV2(series))
    if (status < 200 || status >= 300) return `want 2xx, got ${status}: ${text}`
    const [expected, got] = [JSON.stringify(want), JSON.stringify(written)]
    return expected === got ? '' : `want ${expected} written, got ${got}`
  }

  async #send(
    contentType: string,
    body: Uint8Array<ArrayBuffer>,
    encoding = 'snappy',
  ): Promise<{ status: number; written: Written; text: string }> {
    const answer = await fetch(`${this.#url}/api/v1/write`, {
      method: 'POST',
      headers: {
        'content-type': contentType,
        'content-encoding': encoding,
        'x-prometheus-remote-write-version': '2.0.0',
      },
      body,
    })
    const count = (what: string) =>
      Number(answer.headers.get(`x-prometheus-remote-write-${what}-written`) ?? Number.NaN)
    const written = { samples: count('samples'), histograms: count('histograms'), exemplars: count('exemplars') }
    return { status: answer.status, written, text: await answer.text() }
  }
}

function writtenBy(series: readonly SeriesV2[]): Written {
  return {
    samples: series.reduce((sum, one) => sum + (one.samples?.length ?? 0), 0),
    histograms: series.filter((one) => one.histogram !== undefined).length,
    exemplars: series.filter((one) => one.exemplar !== undefined).length,
  }
}

/** Labels as the cases write them: a map, an empty list, or the call of a constructor of the original's. */
function labelsOf(given: unknown): Record<string, string> {
  if (given === undefined || given === null || Array.isArray(given)) return {}
  const call = given as { call?: string; args?: readonly string[] }
  if (call.call === 'basicMetric' && call.args !== undefined) return { __name__: call.args[0] as string }
  if (call.call === 'testJobInstanceLabels') return { __name__: 'up', job: 'testjob', instance: 'localhost:9090' }
  return given as Record<string, string>
}

const METADATA_TYPES = ['UNSPECIFIED', 'COUNTER', 'GAUGE', 'HISTOGRAM', 'GAUGEHISTOGRAM', 'SUMMARY', 'INFO', 'STATESET']

function typeOf(id: string | undefined): number {
  const at = METADATA_TYPES.indexOf((id ?? '').replace(/^.*METRIC_TYPE_/, ''))
  if (at < 0) throw new Error(`no such metric type: ${id}`)
  return at
}
