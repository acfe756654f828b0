import { snappyCompress } from '../../packages/bytes/src/index.ts'
import { encodeRemoteWrite, type SeriesToWrite } from '../../packages/decode/src/remote-write/index.ts'
import { labelsFromRecord, writeStale } from '../../packages/model/src/index.ts'
import type {
  LoadedSeries,
  PointSeries,
  Target,
  TargetAnswer,
  TargetData,
} from '../../packages/query/src/promql-script/index.ts'
import { ServerProcess } from './server-process.ts'

/** Starts a server and gives the way to it. Closing the target stops the server. */
export async function startHttpTarget(): Promise<Target> {
  const server = new ServerProcess()
  await server.start()
  return new HttpTarget(server)
}

/** The whole product: loads go in by remote write 1.0, questions by the Prometheus HTTP API. */
class HttpTarget implements Target {
  readonly #server: ServerProcess
  #isEmpty = true

  constructor(server: ServerProcess) {
    this.#server = server
  }

  async clear(): Promise<void> {
    if (this.#isEmpty) return
    await this.#server.restart()
    this.#isEmpty = true
  }

  async load(series: readonly LoadedSeries[]): Promise<void> {
    const body = new Uint8Array(snappyCompress(encodeRemoteWrite(series.map(toWrite))))
    this.#isEmpty = false
    const answer = await fetch(`${this.#server.baseUrl}/api/v1/write`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-protobuf',
        'Content-Encoding': 'snappy',
        'X-Prometheus-Remote-Write-Version': '0.1.0',
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
    await this.#server.stop()
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

function toWrite({ labels, stepMs, points }: LoadedSeries): SeriesToWrite {
  const stored = points.flatMap((point, i) => {
    return point.kind === 'value' || point.kind === 'stale' ? [{ timeMs: i * stepMs, point }] : []
  })
  const values = new Float64Array(stored.length)
  const halves = new Uint32Array(values.buffer)
  stored.forEach(({ point }, i) => {
    if (point.kind === 'value') values[i] = point.value
    else writeStale(halves, i)
  })
  return { labels, times: stored.map(({ timeMs }) => timeMs), values }
}

type ApiValue = readonly [number, string]

type ApiData =
  | { readonly resultType: 'scalar' | 'string'; readonly result: ApiValue }
  | { readonly resultType: 'vector'; readonly result: readonly { metric: Record<string, string>; value: ApiValue }[] }
  | {
      readonly resultType: 'matrix'
      readonly result: readonly { metric: Record<string, string>; values: ApiValue[] }[]
    }

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
      return { kind: 'vector', series: data.result.map(({ metric, value }) => toSeries(metric, [value])) }
    case 'matrix':
      return { kind: 'matrix', series: data.result.map(({ metric, values }) => toSeries(metric, values)) }
  }
}

function toSeries(metric: Record<string, string>, values: readonly ApiValue[]): PointSeries {
  return {
    labels: labelsFromRecord(metric),
    points: values.map(([seconds, text]) => ({ timeMs: Math.round(seconds * 1000), value: toNumber(text) })),
  }
}

function toNumber(text: string): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text)
}
