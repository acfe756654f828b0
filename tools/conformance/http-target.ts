import type { TimedHistogram } from '../../packages/decode/src/remote-write/index.ts'
import { labelsFromRecord, labelsToRecord } from '../../packages/model/src/index.ts'
import type {
  AnsweredPoint,
  LoadedSeries,
  PointSeries,
  Target,
  TargetAnswer,
  TargetData,
} from '../../packages/query/src/promql-script/index.ts'
import { ServerProcess } from './server-process.ts'
import { requestV2, type SampleV2, type SeriesV2 } from './suites/remote-write-v2.ts'

/** Starts a server and gives the way to it. Closing the target stops the server. */
export async function startHttpTarget(): Promise<Target> {
  return new HttpTarget(await startServer())
}

async function startServer(): Promise<ServerProcess> {
  const server = new ServerProcess()
  await server.start()
  return server
}

/** The whole product: loads go in by remote write 2.0, questions by the Prometheus HTTP API. */
class HttpTarget implements Target {
  readonly storesHistograms = true
  readonly storesStartTimes = true
  #server: ServerProcess
  /** The next empty one gets ready while this one answers, and the one before ends. */
  #spare: Promise<ServerProcess>
  #ending: Promise<void> = Promise.resolve()
  #isEmpty = true

  constructor(server: ServerProcess) {
    this.#server = server
    this.#spare = startServer()
  }

  async clear(): Promise<void> {
    if (this.#isEmpty) return
    await this.#ending
    this.#ending = this.#server.stop()
    this.#server = await this.#spare
    this.#spare = startServer()
    this.#isEmpty = true
  }

  async load(series: readonly LoadedSeries[]): Promise<void> {
    const body = requestV2(series.map(toWrite))
    this.#isEmpty = false
    const answer = await fetch(`${this.#server.baseUrl}/api/v1/write`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
        'Content-Encoding': 'snappy',
        'X-Prometheus-Remote-Write-Version': '2.0.0',
      },
      body,
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`remote write answered ${answer.status}: ${text}`)
  }

  async instant(query: string, timeMs: number): Promise<TargetAnswer> {
    return this.#ask('query', { query, time: String(timeMs / 1000) })
  }

  async range(query: string, startMs: number, endMs: number, stepMs: number): Promise<TargetAnswer> {
    const [start, end, step] = [startMs, endMs, stepMs].map((ms) => String(ms / 1000)) as [string, string, string]
    return this.#ask('query_range', { query, start, end, step })
  }

  async close(): Promise<void> {
    await Promise.all([this.#ending, this.#server.stop(), this.#spare.then((spare) => spare.stop())])
  }

  async #ask(path: string, parameters: Record<string, string>): Promise<TargetAnswer> {
    const answer = await fetch(`${this.#server.baseUrl}/api/v1/${path}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
    })
    const body = (await answer.json()) as ApiAnswer
    if (body.status !== 'success') return { ok: false, message: body.error }
    return { ok: true, data: toData(body.data), warnings: body.warnings ?? [], infos: body.infos ?? [] }
  }
}

function toWrite({ labels, stepMs, points, startOffsetsMs }: LoadedSeries): SeriesV2 {
  const samples: SampleV2[] = []
  const histograms: TimedHistogram[] = []
  points.forEach((point, i) => {
    const timeMs = i * stepMs
    const offsetMs = startOffsetsMs?.[i]
    // Zero means unknown on the wire.
    const start = offsetMs === undefined || timeMs + offsetMs === 0 ? {} : { startMs: timeMs + offsetMs }
    if (point.kind === 'value') samples.push({ value: point.value, timeMs, ...start })
    if (point.kind === 'stale') samples.push({ value: 0, timeMs, isStale: true })
    if (point.kind === 'histogram') histograms.push({ timeMs, histogram: point.histogram, ...start })
  })
  return { labels: labelsToRecord(labels), samples, histograms }
}

type ApiValue = readonly [number, string]

interface ApiHistogram {
  readonly count: string
  readonly sum: string
  readonly buckets?: readonly (readonly [rule: number, lower: string, upper: string, count: string])[]
}

type ApiHistogramPoint = readonly [number, ApiHistogram]

/** A point has `value` or `histogram`, a range `values`, `histograms` or both. */
interface ApiSeries {
  readonly metric: Record<string, string>
  readonly value?: ApiValue
  readonly histogram?: ApiHistogramPoint
  readonly values?: readonly ApiValue[]
  readonly histograms?: readonly ApiHistogramPoint[]
}

type ApiData =
  | { readonly resultType: 'scalar' | 'string'; readonly result: ApiValue }
  | { readonly resultType: 'vector' | 'matrix'; readonly result: readonly ApiSeries[] }

type ApiAnswer =
  | { readonly status: 'success'; readonly data: ApiData; readonly warnings?: string[]; readonly infos?: string[] }
  | { readonly status: 'error'; readonly error: string }

function toData(data: ApiData): TargetData {
  switch (data.resultType) {
    case 'scalar':
      return { kind: 'scalar', value: toNumber(data.result[1]) }
    case 'string':
      return { kind: 'string', text: data.result[1] }
    case 'vector':
    case 'matrix':
      return { kind: data.resultType, series: data.result.map(toSeries) }
  }
}

function toSeries({ metric, value, histogram, values, histograms }: ApiSeries): PointSeries {
  const floats = values ?? (value === undefined ? [] : [value])
  const others = histograms ?? (histogram === undefined ? [] : [histogram])
  const points = [...floats.map(toPoint), ...others.map(toHistogramPoint)]
  return { labels: labelsFromRecord(metric), points: points.sort((a, b) => a.timeMs - b.timeMs) }
}

function toPoint([seconds, text]: ApiValue): AnsweredPoint {
  return { timeMs: Math.round(seconds * 1000), value: toNumber(text) }
}

/** Boundary rules: 0 the upper end belongs to the bucket, 1 the lower, 2 none, 3 both. */
function toHistogramPoint([seconds, { count, sum, buckets = [] }]: ApiHistogramPoint): AnsweredPoint {
  const shown = {
    count: toNumber(count),
    sum: toNumber(sum),
    buckets: buckets.map(([rule, lower, upper, filled]) => ({
      lower: toNumber(lower),
      upper: toNumber(upper),
      isLowerInclusive: rule === 1 || rule === 3,
      isUpperInclusive: rule === 0 || rule === 3,
      count: toNumber(filled),
    })),
  }
  return { timeMs: Math.round(seconds * 1000), value: 0, shown }
}

function toNumber(text: string): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text)
}
