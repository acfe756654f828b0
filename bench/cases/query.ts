import type { BenchCase, BenchOptions, BenchReport, Json } from '../bench-case.ts'
import { fillDashboard } from '../load/dashboard-fill.ts'
import { DASHBOARD_QUERIES, type DashboardQuery, QueryClient } from '../load/dashboard-queries.ts'
import { type PeerName, RunningPeer } from '../peers/peer.ts'
import { availablePeers } from '../peers/peers.ts'
import { figure, median, percentile } from '../statistics.ts'

const WARM_ROUNDS = 5
const ROUNDS = 25
const QUICK_ROUNDS = 5
const CONCURRENT = 8
const CONCURRENT_SECONDS = 10
const QUICK_CONCURRENT_SECONDS = 3
/** Refreshes of a dashboard, each one step later. */
const REFRESHES = 21
const QUICK_REFRESHES = 5

const HEAVY = ['Q3', 'Q5', 'Q6', 'Q7', 'Q8', 'Q9']
const FIRST = ['Q5', 'Q7', 'Q12', 'Q3']
const FIRST_ROUNDS = 3

export const query: BenchCase = {
  question:
    'How long do the 12 queries of a dashboard take over HTTP: one at a time, refreshed, first of a process, 8 at once?',
  run,
}

interface Timings {
  readonly warmMs: Map<string, number[]>
  readonly refreshMs: Map<string, number[]>
  readonly firstMs: Map<string, number[]>
  perSecond: number
  concurrentMs: number[]
}

async function run(options: BenchOptions): Promise<BenchReport> {
  const { isQuick, note } = options
  const peers: RunningPeer[] = []
  const timings = new Map<PeerName, Timings>()
  const load = { samples: 0, endMs: 0 }
  try {
    for (const peer of availablePeers(options)) {
      const running = await RunningPeer.start(peer)
      peers.push(running)
      timings.set(peer.name, {
        warmMs: new Map(),
        refreshMs: new Map(),
        firstMs: new Map(),
        perSecond: 0,
        concurrentMs: [],
      })
    }
    const nowMs = Date.now()
    for (const running of peers) Object.assign(load, await fillDashboard(running, isQuick, nowMs, note))
    note('one at a time')
    await askInTurns(peers, timings, load.endMs, isQuick)
    note('refreshes, with result caches')
    await refresh(peers, timings, load.endMs, isQuick)
    note(`${CONCURRENT} at once`)
    for (const running of peers) await askAtOnce(running, timings, load.endMs, isQuick)
    note('first of a process')
    await askFirst(peers, timings, load.endMs, isQuick ? 1 : FIRST_ROUNDS)
  } finally {
    for (const running of peers) await running.remove()
  }
  return report(timings, load.samples)
}

/** Asks each query of each peer in turn, so that what disturbs the machine disturbs all. */
async function askInTurns(
  peers: readonly RunningPeer[],
  timings: ReadonlyMap<PeerName, Timings>,
  endMs: number,
  isQuick: boolean,
): Promise<void> {
  const clients = peers.map((running) => new QueryClient(running.url))
  const rounds = isQuick ? QUICK_ROUNDS : ROUNDS
  for (const one of DASHBOARD_QUERIES) {
    for (let round = -WARM_ROUNDS; round < rounds; round++) {
      for (const [i, running] of peers.entries()) {
        const elapsedMs = await (clients[i] as QueryClient).ask(one, endMs)
        if (round < 0) continue
        const { warmMs } = timings.get(running.peer.name) as Timings
        warmMs.set(one.name, [...(warmMs.get(one.name) ?? []), elapsedMs])
      }
    }
  }
  for (const client of clients) client.close()
}

/** Asks as a dashboard does that slides on by a step each time; whoever keeps answers may use them. */
async function refresh(
  peers: readonly RunningPeer[],
  timings: ReadonlyMap<PeerName, Timings>,
  endMs: number,
  isQuick: boolean,
): Promise<void> {
  const refreshes = isQuick ? QUICK_REFRESHES : REFRESHES
  for (const running of peers) {
    const { refreshMs } = timings.get(running.peer.name) as Timings
    const client = new QueryClient(running.url)
    for (const one of DASHBOARD_QUERIES) {
      const times: number[] = []
      for (let left = refreshes; left >= 0; left--) {
        times.push(await client.ask(one, endMs - left * one.stepSeconds * 1000, false))
      }
      // The first is no refresh.
      refreshMs.set(one.name, times.slice(1))
    }
    client.close()
  }
}

async function askAtOnce(
  running: RunningPeer,
  timings: ReadonlyMap<PeerName, Timings>,
  endMs: number,
  isQuick: boolean,
): Promise<void> {
  const heavy = DASHBOARD_QUERIES.filter(({ name }) => HEAVY.includes(name))
  const seconds = isQuick ? QUICK_CONCURRENT_SECONDS : CONCURRENT_SECONDS
  const startMs = performance.now()
  const own = timings.get(running.peer.name) as Timings
  await Promise.all(
    Array.from({ length: CONCURRENT }, async (_, caller) => {
      const client = new QueryClient(running.url)
      for (let i = caller; performance.now() - startMs < seconds * 1000; i++) {
        own.concurrentMs.push(await client.ask(heavy[i % heavy.length] as DashboardQuery, endMs))
      }
      client.close()
    }),
  )
  own.perSecond = own.concurrentMs.length / ((performance.now() - startMs) / 1000)
}

/** Starts every peer again for each of a few queries and asks it once; by turns. */
async function askFirst(
  peers: readonly RunningPeer[],
  timings: ReadonlyMap<PeerName, Timings>,
  endMs: number,
  rounds: number,
): Promise<void> {
  const queries = DASHBOARD_QUERIES.filter(({ name }) => FIRST.includes(name))
  for (let round = 0; round < rounds; round++) {
    for (const running of peers) {
      const { firstMs } = timings.get(running.peer.name) as Timings
      for (const one of queries) {
        await running.stop()
        await running.start()
        const client = new QueryClient(running.url)
        const elapsedMs = await client.ask(one, endMs)
        firstMs.set(one.name, [...(firstMs.get(one.name) ?? []), elapsedMs])
        client.close()
      }
    }
  }
}

function report(timings: ReadonlyMap<PeerName, Timings>, samples: number): BenchReport {
  const names = [...timings.keys()]
  const at = (name: PeerName) => timings.get(name) as Timings
  const warm: string[][] = [['query', ...names.map((name) => `${name}, median (p90) ms`)]]
  const sums = new Map<PeerName, number>()
  for (const { name: queryName, query: text } of DASHBOARD_QUERIES) {
    const cells = names.map((name) => {
      const times = at(name).warmMs.get(queryName) ?? []
      sums.set(name, (sums.get(name) ?? 0) + median(times))
      return `${figure(median(times))} (${figure(percentile(times, 0.9))})`
    })
    warm.push([`${queryName} \`${text}\``, ...cells])
  }
  warm.push(['sum of the medians', ...names.map((name) => figure(sums.get(name) as number))])
  const others: string[][] = [['load', ...names]]
  const refreshSum = (name: PeerName) => [...at(name).refreshMs.values()].reduce((sum, times) => sum + median(times), 0)
  others.push([
    'refreshed with result caches, sum of the medians, ms',
    ...names.map((name) => figure(refreshSum(name))),
  ])
  for (const first of FIRST) {
    others.push([
      `${first}, first of a process, ms`,
      ...names.map((name) => figure(median(at(name).firstMs.get(first) ?? []))),
    ])
  }
  others.push([`${CONCURRENT} at once, queries/s`, ...names.map((name) => figure(at(name).perSecond))])
  others.push([
    `${CONCURRENT} at once, p50 / p95 ms`,
    ...names.map(
      (name) => `${figure(median(at(name).concurrentMs))} / ${figure(percentile(at(name).concurrentMs, 0.95))}`,
    ),
  ])
  const figures: Record<string, Json> = {}
  for (const name of names) {
    figures[name] = {
      medianMs: Object.fromEntries([...at(name).warmMs].map(([one, times]) => [one, median(times)])),
      firstMs: Object.fromEntries([...at(name).firstMs].map(([one, times]) => [one, median(times)])),
      sumMs: sums.get(name) as number,
      refreshMs: Object.fromEntries([...at(name).refreshMs].map(([one, times]) => [one, median(times)])),
      refreshSumMs: refreshSum(name),
      concurrentPerSecond: at(name).perSecond,
    }
  }
  return {
    tables: [
      { title: `${samples} samples; warm, asked in turns`, rows: warm },
      { title: 'After a restart, and under load', rows: others },
    ],
    figures: { samples, peers: figures },
    remarks: [
      'Raw against raw: result caches are off (`nocache=1`) but for the refreshes, the client shares the cores and does not parse answers.',
      `Refreshes: each query ${REFRESHES} times, every time one step later.`,
      `First of a process: median of ${FIRST_ROUNDS} starts (one with --quick), asked as soon as it is ready.`,
      `At once: ${HEAVY.join(', ')} in turns from ${CONCURRENT} connections.`,
    ],
  }
}
