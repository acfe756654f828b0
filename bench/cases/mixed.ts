import type { BenchCase, BenchOptions, BenchReport, Json } from '../bench-case.ts'
import { type LoadRequest, ScrapeGenerator } from '../load/scrape-shape.ts'
import { CONNECTIONS, Sender } from '../load/sender.ts'
import { type Peer, RunningPeer } from '../peers/peer.ts'
import { availablePeers } from '../peers/peers.ts'
import { cpuSeconds } from '../peers/process-stats.ts'
import { figure, median, percentile } from '../statistics.ts'

const SERIES = 10_000
const SAMPLES_PER_REQUEST = 1_000
const SAMPLES_PER_SECOND = 300_000
const PHASE_SECONDS = 10
const QUICK_PHASE_SECONDS = 4
const ROUNDS = 3
const QUICK_ROUNDS = 1
/** An hour every 15 s lies there before the load begins: what the heavy query reads. */
const HISTORY_STEP_MS = 15_000
const HISTORY_STEPS = 240
const HISTORY_PER_REQUEST = 10
const QUERY = 'sum by (status_code) (rate({__name__=~"http_server_request_duration_seconds_sum_.*"}[5m]))'

const LOAD = { seriesCount: SERIES, seriesPerRequest: SAMPLES_PER_REQUEST, samplesPerSeries: 1, isShuffled: false }

interface Phase {
  /** Of each request, from when it was due to its answer: waiting behind a slow one counts. */
  readonly latenciesMs: readonly number[]
  readonly queriesMs: readonly number[]
  readonly cpuSeconds: number
}

export const mixed: BenchCase = {
  question: 'How much later is an acknowledgement at 300,000 samples/s because one heavy range query runs?',
  run,
}

async function run(options: BenchOptions): Promise<BenchReport> {
  const rows: string[][] = [
    ['peer', 'ack p50 / p99 ms, alone', 'ack p50 / p99 ms, beside the query', 'p99 added ms', 'query ms', 'CPU s / s'],
  ]
  const figures: Record<string, Json> = {}
  // Prometheus needs more than the two cores for this rate alone: it is asked only by name.
  const peers = availablePeers(options).filter(({ name }) => name !== 'prometheus' || options.only.includes(name))
  for (const peer of peers) {
    options.note(`${peer.name}: ${SAMPLES_PER_SECOND} samples/s`)
    const { alone, beside, seconds } = await measure(peer, options)
    const at = (phases: readonly Phase[], share: number) => {
      return median(phases.map(({ latenciesMs }) => percentile(latenciesMs, share)))
    }
    const queryMs = median(beside.flatMap(({ queriesMs }) => queriesMs))
    const addedMs = at(beside, 0.99) - at(alone, 0.99)
    const cpuShare = median(alone.map((phase) => phase.cpuSeconds)) / seconds
    rows.push([
      peer.name,
      `${figure(at(alone, 0.5))} / ${figure(at(alone, 0.99))}`,
      `${figure(at(beside, 0.5))} / ${figure(at(beside, 0.99))}`,
      figure(addedMs),
      figure(queryMs),
      figure(cpuShare),
    ])
    figures[peer.name] = { p99AloneMs: at(alone, 0.99), p99BesideMs: at(beside, 0.99), addedMs, queryMs }
  }
  return {
    tables: [{ title: 'Paced remote write, 1,000 samples a request; medians of the phases', rows }],
    figures: { samplesPerSecond: SAMPLES_PER_SECOND, peers: figures },
    remarks: [
      `The query: \`${QUERY}\` over an hour of 10,000 series every 15 s, step 15 s, again and again.`,
      'Sender, server and query share the cores. An acknowledgement of Vantage includes the sync of its log.',
      'A request is late from when it was due, not from when it could be sent.',
    ],
  }
}

interface Measured {
  readonly alone: readonly Phase[]
  readonly beside: readonly Phase[]
  readonly seconds: number
}

async function measure(peer: Peer, { isQuick }: BenchOptions): Promise<Measured> {
  const running = await RunningPeer.start(peer)
  const sender = new Sender(`${running.url}${peer.writePath}`)
  const seconds = isQuick ? QUICK_PHASE_SECONDS : PHASE_SECONDS
  try {
    const endMs = Date.now()
    await writeHistory(sender, endMs)
    const stepMs = Math.round((SERIES / SAMPLES_PER_SECOND) * 1000)
    const generator = new ScrapeGenerator({ ...LOAD, stepMs }, CONNECTIONS, endMs + 1)
    const alone: Phase[] = []
    const beside: Phase[] = []
    await phase(running, sender, generator, seconds / 2, undefined)
    for (let round = 0; round < (isQuick ? QUICK_ROUNDS : ROUNDS); round++) {
      alone.push(await phase(running, sender, generator, seconds, undefined))
      beside.push(await phase(running, sender, generator, seconds, endMs))
    }
    return { alone, beside, seconds }
  } finally {
    sender.close()
    await running.remove()
  }
}

async function writeHistory(sender: Sender, endMs: number): Promise<void> {
  const load = { ...LOAD, samplesPerSeries: HISTORY_PER_REQUEST, stepMs: HISTORY_STEP_MS }
  const generator = new ScrapeGenerator(load, CONNECTIONS, endMs - HISTORY_STEPS * HISTORY_STEP_MS)
  for (let step = 0; step < HISTORY_STEPS; step += HISTORY_PER_REQUEST) await sender.sendAll(generator.round())
}

/** One paced load; with `queryEndMs` the query runs beside it all the time. */
async function phase(
  running: RunningPeer,
  sender: Sender,
  generator: ScrapeGenerator,
  seconds: number,
  queryEndMs: number | undefined,
): Promise<Phase> {
  const rounds = Math.ceil((SAMPLES_PER_SECOND * seconds) / SERIES)
  const requests = Array.from({ length: rounds }, () => [...generator.round()]).flat()
  const cpuBefore = cpuSeconds(running.pid)
  const over = new AbortController()
  const queries = queryEndMs === undefined ? Promise.resolve([]) : queryUntil(running.url, queryEndMs, over.signal)
  const latenciesMs = await sendPaced(sender, requests)
  over.abort()
  return { latenciesMs, queriesMs: await queries, cpuSeconds: cpuSeconds(running.pid) - cpuBefore }
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

async function queryUntil(url: string, endMs: number, over: AbortSignal): Promise<number[]> {
  const times: number[] = []
  const parameters = {
    query: QUERY,
    start: String((endMs - HISTORY_STEPS * HISTORY_STEP_MS) / 1000),
    end: String(endMs / 1000),
    step: String(HISTORY_STEP_MS / 1000),
    nocache: '1',
  }
  while (!over.aborted) {
    const startMs = performance.now()
    const answer = await fetch(`${url}/api/v1/query_range`, { method: 'POST', body: new URLSearchParams(parameters) })
    const body = (await answer.json()) as { status: string; error?: string; data?: { result: readonly unknown[] } }
    if (body.status !== 'success') throw new Error(`the query failed: ${body.error}`)
    if (body.data?.result.length === 0) throw new Error('the query found nothing')
    times.push(performance.now() - startMs)
  }
  return times
}
