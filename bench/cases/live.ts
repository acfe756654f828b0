import { Worker } from 'node:worker_threads'
import type { BenchCase, BenchOptions, BenchReport, Json } from '../bench-case.ts'
import { boardSeries, sendFrames } from '../load/frame-sender.ts'
import type { LiveClientsResult, LiveClientsStart } from '../load/live-clients.ts'
import { Sender } from '../load/sender.ts'
import { RunningPeer, sleep } from '../peers/peer.ts'
import { VANTAGE } from '../peers/peers.ts'
import { cpuSeconds, untilIdle } from '../peers/process-stats.ts'
import { figure } from '../statistics.ts'

const SECONDS = 10
const QUICK_SECONDS = 4
/** Before the CPU without subscribers is taken. */
const SETTLE_MS = 2_000

/** Subscribers of subscriptions, each of so many series, whose samples come in turns: see `sendFrames`. */
interface Audience {
  readonly clients: number
  readonly subscriptions: number
  readonly series: number
  readonly turns: number
}

/** The last is 200,000 samples/s. */
const AUDIENCES: readonly Audience[] = [
  { clients: 1, subscriptions: 1, series: 200, turns: 1 },
  { clients: 10, subscriptions: 1, series: 200, turns: 1 },
  { clients: 50, subscriptions: 1, series: 200, turns: 1 },
  { clients: 10, subscriptions: 1, series: 1_000, turns: 1 },
  { clients: 200, subscriptions: 20, series: 1_000, turns: 6 },
]

const FIGURE_NAME = 'live_bench_level'

export const live: BenchCase = {
  question: 'Do subscribers get sixty frames a second, and how even and how late are they?',
  run,
}

async function run(options: BenchOptions): Promise<BenchReport> {
  const seconds = options.isQuick ? QUICK_SECONDS : SECONDS
  const rows: string[][] = [
    [
      'clients, subscriptions × series',
      'sent samples/s',
      'frames/s',
      'slowest',
      'jitter p50 / p99 ms',
      'latency p50 / p99 ms',
      'gaps',
      'CPU s / s without, for the clients',
    ],
  ]
  const audiences: Json[] = []
  for (const audience of AUDIENCES) {
    const { clients, subscriptions, series, turns } = audience
    const name = `${clients}, ${subscriptions} × ${series}`
    options.note(`clients, subscriptions × series: ${name}`)
    const { result, aloneShare, clientsShare } = await measure(audience, seconds)
    const sentPerSecond = (subscriptions * series * 60) / turns
    rows.push([
      name,
      String(sentPerSecond),
      figure(result.framesPerSecond),
      figure(result.framesPerSecondMin),
      `${figure(result.jitterP50Ms)} / ${figure(result.jitterP99Ms)}`,
      `${figure(result.latencyP50Ms)} / ${figure(result.latencyP99Ms)}`,
      String(result.gaps),
      `${figure(aloneShare)}, ${figure(clientsShare)}`,
    ])
    audiences.push({ clients, subscriptions, series, sentPerSecond, ...result, aloneShare, clientsShare })
  }
  return {
    tables: [{ title: `Binary frames over ${seconds} s; each subscription has new samples 60 times a second`, rows }],
    figures: { audiences },
    remarks: [
      'Samples come by remote write; latency is from the time of a sample to the arrival of its frame, the sync included.',
      'Sender, server and subscribers share the cores; the subscribers have a thread of their own.',
    ],
  }
}

async function measure(
  { clients, subscriptions, series, turns }: Audience,
  seconds: number,
): Promise<{ result: LiveClientsResult; aloneShare: number; clientsShare: number }> {
  const running = await RunningPeer.start(VANTAGE)
  const sender = new Sender(`${running.url}${VANTAGE.writePath}`, 1)
  const over = new AbortController()
  const cpuShare = (before: number) => (cpuSeconds(running.pid) - before) / seconds
  try {
    await untilIdle(running.pid)
    const sending = sendFrames(sender, boardSeries(FIGURE_NAME, subscriptions, series), turns, over.signal)
    await sleep(SETTLE_MS)
    const aloneBefore = cpuSeconds(running.pid)
    await sleep(seconds * 1000)
    const aloneShare = cpuShare(aloneBefore)
    const start: LiveClientsStart = {
      url: `${running.url.replace('http', 'ws')}/ws`,
      clients,
      series,
      matchers: Array.from({ length: subscriptions }, (_, i) => `{__name__="${FIGURE_NAME}",board="${i}"}`),
      seconds,
    }
    let before = 0
    const result = await runClients(start, () => {
      before = cpuSeconds(running.pid)
    })
    const clientsShare = cpuShare(before) - aloneShare
    over.abort()
    await sending
    return { result, aloneShare, clientsShare }
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
