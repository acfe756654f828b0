import { Agent, request } from 'node:http'
import type { BenchCase, BenchOptions, BenchReport, Json } from '../bench-case.ts'
import { DashboardLoad } from '../load/dashboard-load.ts'
import { CONNECTIONS, Sender } from '../load/sender.ts'
import { putOnDisk } from '../peers/disk.ts'
import { type PeerName, RunningPeer } from '../peers/peer.ts'
import { availablePeers } from '../peers/peers.ts'
import { figure, median, percentile } from '../statistics.ts'

const SHAPE = { hours: 18, days: 30 }
const QUICK_SHAPE = { hours: 7, days: 1 }
const WARM_ROUNDS = 5
const ROUNDS = 25
const QUICK_ROUNDS = 5
const CONCURRENT = 8
const CONCURRENT_SECONDS = 10
const QUICK_CONCURRENT_SECONDS = 3
/** Refreshes of a dashboard, each one step later. */
const REFRESHES = 21
const QUICK_REFRESHES = 5

interface DashboardQuery {
  readonly name: string
  readonly query: string
  readonly hours: number
  readonly stepSeconds: number
}

const HOUR_SECONDS = 3_600
const CPU = 'node_cpu_seconds_total'
const BUCKETS = 'request_duration_seconds_bucket'
const HOST = 'host-3.eu-west-1.example:9100'

/** Fixed before any tuning. */
const QUERIES: readonly DashboardQuery[] = [
  { name: 'Q1', query: `node_memory_area_1_bytes{instance="${HOST}"}`, hours: 1, stepSeconds: 15 },
  {
    name: 'Q2',
    query: `rate(node_network_receive_bytes_total{instance="${HOST}",device="eth0"}[5m])`,
    hours: 6,
    stepSeconds: 60,
  },
  { name: 'Q3', query: 'avg_over_time(node_network_receive_bytes_total[5m])', hours: 6, stepSeconds: 60 },
  { name: 'Q4', query: 'avg(node_network_receive_bytes_total)', hours: 6, stepSeconds: 60 },
  { name: 'Q5', query: `sum by (mode) (rate(${CPU}[5m]))`, hours: 6, stepSeconds: 60 },
  { name: 'Q6', query: `topk(5, rate(${CPU}[5m]))`, hours: 6, stepSeconds: 60 },
  {
    name: 'Q7',
    query: `histogram_quantile(0.99, sum by (le) (rate(${BUCKETS}[5m])))`,
    hours: 6,
    stepSeconds: 60,
  },
  {
    name: 'Q8',
    query: `histogram_quantile(0.99, sum by (handler, le) (rate(${BUCKETS}[5m])))`,
    hours: 6,
    stepSeconds: 60,
  },
  { name: 'Q9', query: `sum by (instance) (rate(${CPU}{mode!="idle"}[5m]))`, hours: 6, stepSeconds: 60 },
  { name: 'Q10', query: 'node_memory_area_1_bytes / node_memory_area_2_bytes', hours: 6, stepSeconds: 60 },
  {
    name: 'Q11',
    query: 'max by (device) (node_disk_read_bytes_total{device=~"sd[0-3]"})',
    hours: 18,
    stepSeconds: 180,
  },
  { name: 'Q12', query: 'sum(rate(orders_total[1h]))', hours: 720, stepSeconds: HOUR_SECONDS },
]
const HEAVY = ['Q3', 'Q5', 'Q6', 'Q7', 'Q8', 'Q9']
const FIRST = ['Q5', 'Q7', 'Q12', 'Q3']

export const query: BenchCase = {
  question:
    'How long do the 12 queries of a dashboard take over HTTP: one at a time, refreshed, first of a process, 8 at once?',
  run,
}

interface Timings {
  readonly warmMs: Map<string, number[]>
  readonly refreshMs: Map<string, number[]>
  readonly firstMs: Map<string, number>
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
    for (const running of peers) Object.assign(load, await fill(running, isQuick ? QUICK_SHAPE : SHAPE, nowMs, note))
    note('one at a time')
    await askInTurns(peers, timings, load.endMs, isQuick)
    note('refreshes, with result caches')
    await refresh(peers, timings, load.endMs, isQuick)
    note(`${CONCURRENT} at once`)
    for (const running of peers) await askAtOnce(running, timings, load.endMs, isQuick)
    note('first of a process')
    await askFirst(peers, timings, load.endMs)
  } finally {
    for (const running of peers) await running.remove()
  }
  return report(timings, load.samples)
}

async function fill(
  running: RunningPeer,
  shape: typeof SHAPE,
  nowMs: number,
  note: (text: string) => void,
): Promise<{ samples: number; endMs: number }> {
  const load = new DashboardLoad(shape, nowMs, CONNECTIONS)
  const sender = new Sender(`${running.url}${running.peer.writePath}`)
  try {
    for (const requests of load.slices()) await sender.sendAll(requests)
  } finally {
    sender.close()
  }
  const accepted = await running.acceptedSamples()
  if (accepted !== load.samples) throw new Error(`${running.peer.name} took ${accepted} of ${load.samples} samples`)
  note(`${running.peer.name}: ${accepted} samples`)
  await putOnDisk(running)
  return { samples: load.samples, endMs: load.endMs }
}

/** Asks each query of each peer in turn, so that what disturbs the machine disturbs all. */
async function askInTurns(
  peers: readonly RunningPeer[],
  timings: ReadonlyMap<PeerName, Timings>,
  endMs: number,
  isQuick: boolean,
): Promise<void> {
  const clients = peers.map((running) => new Client(running.url))
  const rounds = isQuick ? QUICK_ROUNDS : ROUNDS
  for (const one of QUERIES) {
    for (let round = -WARM_ROUNDS; round < rounds; round++) {
      for (const [i, running] of peers.entries()) {
        const elapsedMs = await (clients[i] as Client).ask(one, endMs)
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
    const client = new Client(running.url)
    for (const one of QUERIES) {
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
  const heavy = QUERIES.filter(({ name }) => HEAVY.includes(name))
  const seconds = isQuick ? QUICK_CONCURRENT_SECONDS : CONCURRENT_SECONDS
  const startMs = performance.now()
  const own = timings.get(running.peer.name) as Timings
  await Promise.all(
    Array.from({ length: CONCURRENT }, async (_, caller) => {
      const client = new Client(running.url)
      for (let i = caller; performance.now() - startMs < seconds * 1000; i++) {
        own.concurrentMs.push(await client.ask(heavy[i % heavy.length] as DashboardQuery, endMs))
      }
      client.close()
    }),
  )
  own.perSecond = own.concurrentMs.length / ((performance.now() - startMs) / 1000)
}

/** Starts every peer again for each of a few queries and asks it once. */
async function askFirst(
  peers: readonly RunningPeer[],
  timings: ReadonlyMap<PeerName, Timings>,
  endMs: number,
): Promise<void> {
  for (const running of peers) {
    const { firstMs } = timings.get(running.peer.name) as Timings
    for (const one of QUERIES.filter(({ name }) => FIRST.includes(name))) {
      await running.stop()
      await running.start()
      const client = new Client(running.url)
      firstMs.set(one.name, await client.ask(one, endMs))
      client.close()
    }
  }
}

/** One keep-alive connection that reads answers and does not parse them. */
class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #url: URL

  constructor(url: string) {
    this.#url = new URL(`${url}/api/v1/query_range`)
  }

  close(): void {
    this.#agent.destroy()
  }

  /**
   * @param isFresh false lets the peer use what it has kept of earlier answers
   * @returns ms to the last byte of the answer
   */
  ask({ query: text, hours, stepSeconds }: DashboardQuery, endMs: number, isFresh = true): Promise<number> {
    const end = Math.floor(endMs / 1000 / stepSeconds) * stepSeconds
    const start = end - hours * HOUR_SECONDS
    const body = new URLSearchParams({
      query: text,
      start: String(start),
      end: String(end),
      step: String(stepSeconds),
      ...(isFresh ? { nocache: '1' } : {}),
    }).toString()
    const startMs = performance.now()
    return new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(body)),
      }
      const sent = request(this.#url, { method: 'POST', agent: this.#agent, headers }, (answer) => {
        let length = 0
        let head = ''
        answer.on('data', (chunk: Buffer) => {
          if (head.length < 200) head += chunk.toString('latin1', 0, 200)
          length += chunk.length
        })
        answer.on('end', () => {
          const isGood = answer.statusCode === 200 && length > 100 && !head.includes('"result":[]')
          if (isGood) resolve(performance.now() - startMs)
          else reject(new Error(`${this.#url.origin}: ${text}: ${answer.statusCode} ${head}`))
        })
        answer.on('error', reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }
}

function report(timings: ReadonlyMap<PeerName, Timings>, samples: number): BenchReport {
  const names = [...timings.keys()]
  const at = (name: PeerName) => timings.get(name) as Timings
  const warm: string[][] = [['query', ...names.map((name) => `${name}, median (p90) ms`)]]
  const sums = new Map<PeerName, number>()
  for (const { name: queryName, query: text } of QUERIES) {
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
      ...names.map((name) => figure(at(name).firstMs.get(first) ?? Number.NaN)),
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
      firstMs: Object.fromEntries(at(name).firstMs),
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
      `At once: ${HEAVY.join(', ')} in turns from ${CONCURRENT} connections.`,
    ],
  }
}
