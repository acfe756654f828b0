import { Worker } from 'node:worker_threads'
import type { BenchCase, BenchOptions, BenchReport, Json } from '../bench-case.ts'
import { sendFrames, unitSeries } from '../load/frame-sender.ts'
import type { LiveClientsResult, LiveClientsStart } from '../load/live-clients.ts'
import { Sender } from '../load/sender.ts'
import { RunningPeer } from '../peers/peer.ts'
import { VANTAGE } from '../peers/peers.ts'
import { cpuSeconds } from '../peers/process-stats.ts'
import { figure } from '../statistics.ts'

const SECONDS = 10
const QUICK_SECONDS = 4
/** Subscribers, and the series that each of them sees change in every frame. */
const AUDIENCES = [
  { clients: 1, series: 200 },
  { clients: 10, series: 200 },
  { clients: 50, series: 200 },
  { clients: 10, series: 1_000 },
] as const

const FIGURE_NAME = 'live_bench_level'

export const live: BenchCase = {
  question: 'Do subscribers get sixty frames a second, and how even and how late are they?',
  run,
}

async function run(options: BenchOptions): Promise<BenchReport> {
  const seconds = options.isQuick ? QUICK_SECONDS : SECONDS
  const rows: string[][] = [
    [
      'clients × series',
      'frames/s',
      'slowest',
      'samples/s each',
      'jitter p50 / p99 ms',
      'latency p50 / p99 ms',
      'gaps',
      'CPU s / s',
    ],
  ]
  const audiences: Json[] = []
  for (const { clients, series } of AUDIENCES) {
    options.note(`${clients} clients × ${series} series`)
    const { result, cpuShare } = await measure(clients, series, seconds)
    rows.push([
      `${clients} × ${series}`,
      figure(result.framesPerSecond),
      figure(result.framesPerSecondMin),
      figure(result.samplesPerSecond),
      `${figure(result.jitterP50Ms)} / ${figure(result.jitterP99Ms)}`,
      `${figure(result.latencyP50Ms)} / ${figure(result.latencyP99Ms)}`,
      String(result.gaps),
      figure(cpuShare),
    ])
    audiences.push({ clients, series, ...result, cpuShare })
  }
  return {
    tables: [{ title: `Binary frames over ${seconds} s, a new sample of every series 60 times a second`, rows }],
    figures: { audiences },
    remarks: [
      'Samples come by remote write; latency is from the time of a sample to the arrival of its frame, the sync included.',
      'Sender, server and subscribers share the cores; the subscribers have a thread of their own.',
    ],
  }
}

async function measure(
  clients: number,
  series: number,
  seconds: number,
): Promise<{ result: LiveClientsResult; cpuShare: number }> {
  const running = await RunningPeer.start(VANTAGE)
  const sender = new Sender(`${running.url}${VANTAGE.writePath}`, 1)
  const over = new AbortController()
  try {
    const sending = sendFrames(sender, unitSeries(FIGURE_NAME, series), over.signal)
    const start: LiveClientsStart = {
      url: `${running.url.replace('http', 'ws')}/ws`,
      clients,
      series,
      matchers: `{__name__="${FIGURE_NAME}"}`,
      seconds,
    }
    let cpuBefore = 0
    const result = await runClients(start, () => {
      cpuBefore = cpuSeconds(running.pid)
    })
    const cpuShare = (cpuSeconds(running.pid) - cpuBefore) / seconds
    over.abort()
    await sending
    return { result, cpuShare }
  } finally {
    over.abort()
    sender.close()
    await running.remove()
  }
}

function runClients(start: LiveClientsStart, onReady: () => void): Promise<LiveClientsResult> {
  return new Promise((settle, fail) => {
    const worker = new Worker(new URL('../load/live-clients.ts', import.meta.url), { workerData: start })
    worker.on('message', (message: 'ready' | LiveClientsResult) => {
      if (message === 'ready') return onReady()
      settle(message)
      void worker.terminate()
    })
    worker.on('error', fail)
  })
}
