import { join } from 'node:path'
import { freePorts } from '../../tools/ports.ts'
import type { BenchOptions } from '../bench-case.ts'
import { RecordFeed } from '../load/record-feed.ts'
import type { RecordTemplate } from '../load/record-template.ts'
import { type RecordShape, ROWS_PER_REQUEST } from '../load/row-parts.ts'
import { putOnDisk } from '../peers/disk.ts'
import { RunningPeer } from '../peers/peer.ts'
import { VANTAGE } from '../peers/peers.ts'
import {
  cpuSeconds,
  fileBytes,
  peakResidentBytes,
  QUICK_IDLE_MS,
  residentBytes,
  untilIdle,
} from '../peers/process-stats.ts'
import { percentile } from '../statistics.ts'

/** Code is compiled and pools are filled before the count begins. */
const WARM_UP_SECONDS = 10
const QUICK_WARM_UP_SECONDS = 1
const SECONDS = 300
const QUICK_SECONDS = 3
/** Rows of one request lie so far apart while intake is measured: a second has room for a million. */
const LIVE_STEP_NS = 1_000
const NS_PER_MS = 1_000_000n
/** Of fewer rows the files have ended to change sooner. */
const ROWS_TO_MERGE = 500_000
const QUICK_QUIET_MS = 1_500

export type RecordSignal = 'logs' | 'spans'

const EXPORT: Readonly<Record<RecordSignal, string>> = {
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  spans: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
}

/** A server that takes one signal by OTLP gRPC, on a folder of its own. */
export class RecordServer {
  readonly running: RunningPeer
  readonly feed: RecordFeed
  readonly #target: string
  readonly #signal: RecordSignal

  private constructor(running: RunningPeer, feed: RecordFeed, target: string, signal: RecordSignal) {
    this.running = running
    this.feed = feed
    this.#target = target
    this.#signal = signal
  }

  static async start(signal: RecordSignal, shape: RecordShape): Promise<RecordServer> {
    const [grpcPort] = (await freePorts(1)) as [number]
    const environment = { ...VANTAGE.environment, VANTAGE_OTLP_GRPC_PORT: String(grpcPort) }
    const acceptedPattern = /^vantage_acked_items_total\{[^}]*receiver="otlp-grpc"/
    const running = await RunningPeer.start({ ...VANTAGE, environment, acceptedPattern })
    const target = `127.0.0.1:${grpcPort}`
    return new RecordServer(running, new RecordFeed(target, EXPORT[signal], shape.templates), target, signal)
  }

  /**
   * Rows at even steps from `startNs` on, then all of them into files and those merged.
   * @param between a request that is sent when half of them are
   */
  async keep(rows: number, startNs: bigint, stepNs: number, between?: RecordTemplate): Promise<void> {
    const requestNs = BigInt(Math.round(stepNs * ROWS_PER_REQUEST))
    const half = Math.floor(rows / ROWS_PER_REQUEST / 2)
    const at = (index: number) => startNs + BigInt(index) * requestNs
    await this.feed.send({ startNs: at, stepNs, goesOn: (index) => index < half })
    if (between !== undefined) await this.sendOne(between, at(half))
    await this.feed.send({
      startNs: (index) => at(half + index),
      stepNs,
      goesOn: (index) => (half + index) * ROWS_PER_REQUEST < rows,
    })
    const wanted = rows + (between?.rows ?? 0)
    const accepted = await this.running.acceptedSamples()
    if (accepted !== wanted) throw new Error(`the server took ${accepted} of ${wanted} rows`)
    // Few rows are one file, which nothing merges.
    await putOnDisk(this.running, rows < ROWS_TO_MERGE ? QUICK_QUIET_MS : undefined)
  }

  /** @returns when it was acknowledged */
  async sendOne(template: RecordTemplate, startNs: bigint): Promise<number> {
    const feed = new RecordFeed(this.#target, EXPORT[this.#signal], [template])
    await feed.send({ startNs: () => startNs, stepNs: 0, goesOn: (index) => index === 0 })
    const ackedMs = performance.now()
    feed.close()
    return ackedMs
  }

  /** Of the files of the signal, by what they are; the catalogue counts with the filters. */
  diskBytes(): { readonly data: number; readonly beside: number } {
    const folder = join(this.running.directory, 'data', 'columns')
    const isOwn = (path: string) => path.startsWith(`files/${this.#signal}-`)
    const data = fileBytes(folder, (path) => isOwn(path) && path.endsWith('.parquet'))
    const filters = fileBytes(folder, (path) => isOwn(path) && path.endsWith('.filters'))
    return { data, beside: filters + fileBytes(folder, (path) => path.startsWith('columns.sqlite')) }
  }

  async remove(): Promise<void> {
    this.feed.close()
    await this.running.remove()
  }
}

export interface IntakeFigures {
  readonly rows: number
  readonly seconds: number
  readonly cpuSecondsPerMillion: number
  readonly rowsPerSecond: number
  readonly ackP50Ms: number
  readonly ackP99Ms: number
  readonly residentBytes: number
  readonly peakResidentBytes: number
  readonly refusals: number
}

/** As fast as the server answers, with the sync of its log, sealing and merging on. */
export async function measureIntake(
  signal: RecordSignal,
  shape: RecordShape,
  { isQuick }: BenchOptions,
): Promise<IntakeFigures> {
  const server = await RecordServer.start(signal, shape)
  const { running, feed } = server
  const sendFor = (seconds: number) => {
    const untilMs = performance.now() + seconds * 1000
    return feed.send({
      startNs: () => BigInt(Date.now()) * NS_PER_MS,
      stepNs: LIVE_STEP_NS,
      goesOn: () => performance.now() < untilMs,
    })
  }
  try {
    const warmUp = await sendFor(isQuick ? QUICK_WARM_UP_SECONDS : WARM_UP_SECONDS)
    await untilIdle(running.pid, isQuick ? QUICK_IDLE_MS : undefined)
    const cpuBefore = cpuSeconds(running.pid)
    const { rows, seconds, latenciesMs, refusals } = await sendFor(isQuick ? QUICK_SECONDS : SECONDS)
    const resident = residentBytes(running.pid)
    // What was put off is part of the price.
    await untilIdle(running.pid, isQuick ? QUICK_IDLE_MS : undefined)
    const cpu = cpuSeconds(running.pid) - cpuBefore
    const accepted = await running.acceptedSamples()
    if (accepted !== rows + warmUp.rows) throw new Error(`the server took ${accepted} of ${rows + warmUp.rows} rows`)
    return {
      rows,
      seconds,
      refusals,
      cpuSecondsPerMillion: cpu / (rows / 1e6),
      rowsPerSecond: rows / seconds,
      ackP50Ms: percentile(latenciesMs, 0.5),
      ackP99Ms: percentile(latenciesMs, 0.99),
      residentBytes: resident,
      peakResidentBytes: peakResidentBytes(running.pid),
    }
  } finally {
    await server.remove()
  }
}
