import type { BenchCase, BenchOptions, BenchReport, Json } from '../bench-case.ts'
import { fillDashboard } from '../load/dashboard-fill.ts'
import { DASHBOARD_QUERIES, type DashboardQuery, QueryClient } from '../load/dashboard-queries.ts'
import { type LoadRequest, ScrapeGenerator } from '../load/scrape-shape.ts'
import { CONNECTIONS, Sender } from '../load/sender.ts'
import { type Peer, RunningPeer } from '../peers/peer.ts'
import { availablePeers } from '../peers/peers.ts'
import { cpuSeconds, untilIdle } from '../peers/process-stats.ts'
import { figure, median, percentile } from '../statistics.ts'

const SERIES = 10_000
const SAMPLES_PER_REQUEST = 1_000
const SAMPLES_PER_SECOND = 300_000
const PHASE_SECONDS = 10
const QUICK_PHASE_SECONDS = 4
const ROUNDS = 3
const QUICK_ROUNDS = 1
const QUERIES_AT_ONCE = 8
const LOOP_DELAY = 'vantage_event_loop_delay_seconds_bucket'
const STEP_MS = Math.round((SERIES / SAMPLES_PER_SECOND) * 1000)

const LOAD = {
  seriesCount: SERIES,
  seriesPerRequest: SAMPLES_PER_REQUEST,
  samplesPerSeries: 1,
  stepMs: STEP_MS,
  isShuffled: false,
}

interface Phase {
  /** Of each request, from when it was due to its answer: waiting behind a slow one counts. */
  readonly latenciesMs: readonly number[]
  readonly queriesMs: readonly number[]
  /** From the first request to the last answer: longer than planned where the peer fell behind. */
  readonly seconds: number
  readonly cpuSeconds: number
  /** Of the server's main loop, p99: the bound of its bucket; absent where the peer has no such figure. */
  readonly loopDelayMs: number | undefined
}

export const mixed: BenchCase = {
  question: 'What do 300,000 samples/s and the 12 queries of a dashboard, 8 at a time, do to each other?',
  run,
}

async function run(options: BenchOptions): Promise<BenchReport> {
  const rows: string[][] = [
    [
      'peer',
      'ack p50 / p99 ms, alone',
      'ack p50 / p99 ms, beside the queries',
      'p99 added ms',
      'query p50 / p95 ms',
      'queries/s',
      'loop delay p99 ms, alone / beside',
      'CPU s / s, alone / beside',
    ],
  ]
  const figures: Record<string, Json> = {}
  // Prometheus needs more than the two cores for this rate alone: it is asked only by name.
  const peers = availablePeers(options).filter(({ name }) => name !== 'prometheus' || options.only.includes(name))
  for (const peer of peers) {
    const { row, figures: own } = summary(peer, await measure(peer, options))
    rows.push(row)
    figures[peer.name] = own
  }
  return {
    tables: [{ title: 'Paced remote write, 1,000 samples a request; medians of the phases', rows }],
    figures: { samplesPerSecond: SAMPLES_PER_SECOND, peers: figures },
    remarks: [
      `The queries and their data: those of \`query\`, without result caches, ${QUERIES_AT_ONCE} connections.`,
      'Sender, server and queries share the cores. An acknowledgement of Vantage includes the sync of its log.',
      'A request is late from when it was due, not from when it could be sent.',
      'Loop delay: how late a timer of 10 ms rings on the main loop of Vantage, by its own histogram: the bound of the bucket.',
    ],
  }
}

function summary(peer: Peer, { alone, beside }: Measured): { row: string[]; figures: Json } {
  const of = (phases: readonly Phase[], read: (phase: Phase) => number) => median(phases.map(read))
  const ack = (share: number) => (phase: Phase) => percentile(phase.latenciesMs, share)
  const cpu = (phase: Phase) => phase.cpuSeconds / phase.seconds
  const delay = (phase: Phase) => phase.loopDelayMs ?? Number.NaN
  const figures = {
    p99AloneMs: of(alone, ack(0.99)),
    p99BesideMs: of(beside, ack(0.99)),
    addedMs: of(beside, ack(0.99)) - of(alone, ack(0.99)),
    queryP50Ms: of(beside, ({ queriesMs }) => percentile(queriesMs, 0.5)),
    queryP95Ms: of(beside, ({ queriesMs }) => percentile(queriesMs, 0.95)),
    queriesPerSecond: of(beside, ({ queriesMs, seconds }) => queriesMs.length / seconds),
    loopDelayAloneMs: of(alone, delay),
    loopDelayBesideMs: of(beside, delay),
    cpuAlone: of(alone, cpu),
    cpuBeside: of(beside, cpu),
  }
  const pair = (a: number, b: number) => (Number.isNaN(a) ? '-' : `${figure(a)} / ${figure(b)}`)
  const row = [
    peer.name,
    pair(of(alone, ack(0.5)), figures.p99AloneMs),
    pair(of(beside, ack(0.5)), figures.p99BesideMs),
    figure(figures.addedMs),
    pair(figures.queryP50Ms, figures.queryP95Ms),
    figure(figures.queriesPerSecond),
    pair(figures.loopDelayAloneMs, figures.loopDelayBesideMs),
    pair(figures.cpuAlone, figures.cpuBeside),
  ]
  return { row, figures }
}

interface Measured {
  readonly alone: readonly Phase[]
  readonly beside: readonly Phase[]
}

async function measure(peer: Peer, { isQuick, note }: BenchOptions): Promise<Measured> {
  const running = await RunningPeer.start(peer)
  const sender = new Sender(`${running.url}${peer.writePath}`)
  const seconds = isQuick ? QUICK_PHASE_SECONDS : PHASE_SECONDS
  try {
    const { endMs } = await fillDashboard(running, isQuick, Date.now(), note)
    await untilIdle(running.pid)
    note(`${peer.name}: ${SAMPLES_PER_SECOND} samples/s`)
    const generator = new ScrapeGenerator(LOAD, CONNECTIONS, endMs + 1)
    const alone: Phase[] = []
    const beside: Phase[] = []
    await phase(running, sender, generator, seconds / 2, endMs)
    for (let round = 0; round < (isQuick ? QUICK_ROUNDS : ROUNDS); round++) {
      alone.push(await phase(running, sender, generator, seconds, undefined))
      beside.push(await phase(running, sender, generator, seconds, endMs))
    }
    return { alone, beside }
  } finally {
    sender.close()
    await running.remove()
  }
}

/** One paced load; with `queryEndMs` the queries run beside it all the time. */
async function phase(
  running: RunningPeer,
  sender: Sender,
  generator: ScrapeGenerator,
  seconds: number,
  queryEndMs: number | undefined,
): Promise<Phase> {
  const rounds = Math.ceil((SAMPLES_PER_SECOND * seconds) / SERIES)
  const requests = Array.from({ length: rounds }, () => [...generator.round()]).flat()
  const delaysBefore = await loopDelays(running)
  const cpuBefore = cpuSeconds(running.pid)
  const over = new AbortController()
  const queries = queryEndMs === undefined ? Promise.resolve([]) : queryUntil(running.url, queryEndMs, over.signal)
  const startMs = performance.now()
  const latenciesMs = await sendPaced(sender, requests)
  over.abort()
  const queriesMs = await queries
  const tookSeconds = (performance.now() - startMs) / 1000
  const usedSeconds = cpuSeconds(running.pid) - cpuBefore
  const loopDelayMs = delayP99Ms(delaysBefore, await loopDelays(running))
  return { latenciesMs, queriesMs, seconds: tookSeconds, cpuSeconds: usedSeconds, loopDelayMs }
}

/** Counts up to each bound, in seconds, of the server's own histogram of loop delays; none where it has none. */
async function loopDelays(running: RunningPeer): Promise<[bound: number, count: number][]> {
  const text = await (await fetch(`${running.url}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => line.startsWith(LOOP_DELAY))
    .map((line) => [Number(/le="([^"]+)"/.exec(line)?.[1]?.replace('+Inf', 'Infinity')), Number(line.split(' ')[1])])
}

function delayP99Ms(before: [number, number][], after: [number, number][]): number | undefined {
  const counts = after.map(([bound, count], i) => [bound, count - (before[i]?.[1] ?? 0)] as const)
  const all = counts.at(-1)?.[1] ?? 0
  const bound = counts.find(([, count]) => count >= all * 0.99)?.[0]
  return bound === undefined ? undefined : bound * 1000
}

async function sendPaced(sender: Sender, requests: readonly LoadRequest[]): Promise<number[]> {
  const everyMs = (SAMPLES_PER_REQUEST / SAMPLES_PER_SECOND) * 1000
  const startMs = performance.now() + 50
  const latencies: number[] = []
  const lists: { readonly dueMs: number; readonly body: Buffer }[][] = Array.from({ length: CONNECTIONS }, () => [])
  for (const [i, { connection, body }] of requests.entries()) {
    lists[connection]?.push({ dueMs: startMs + i * everyMs, body })
  }
  await Promise.all(
    lists.map(async (list, connection) => {
      for (const { dueMs, body } of list) {
        const waitMs = dueMs - performance.now()
        // A timer of under a millisecond waits for a whole one.
        if (waitMs >= 1) await new Promise((wake) => setTimeout(wake, waitMs))
        await sender.send(connection, body)
        latencies.push(performance.now() - dueMs)
      }
    }),
  )
  return latencies
}

/** @returns ms of each query, the 12 in turns on each connection */
async function queryUntil(url: string, endMs: number, over: AbortSignal): Promise<number[]> {
  const times: number[] = []
  await Promise.all(
    Array.from({ length: QUERIES_AT_ONCE }, async (_, caller) => {
      const client = new QueryClient(url)
      for (let i = caller; !over.aborted; i++) {
        times.push(await client.ask(DASHBOARD_QUERIES[i % DASHBOARD_QUERIES.length] as DashboardQuery, endMs))
      }
      client.close()
    }),
  )
  return times
}
