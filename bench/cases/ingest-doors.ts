import { freePorts } from '../../tools/ports.ts'
import type { BenchOptions, Json, Table } from '../bench-case.ts'
import { type DoorClient, grpcClient, httpClient, StreamClient } from '../load/door-clients.ts'
import { jsonBatch, otlpRequest, telemetryBatch } from '../load/door-payloads.ts'
import type { TimedTemplate } from '../load/timed-template.ts'
import { RunningPeer, sleep } from '../peers/peer.ts'
import { VANTAGE } from '../peers/peers.ts'
import { cpuSeconds, untilIdle } from '../peers/process-stats.ts'
import { figure, median, percentile } from '../statistics.ts'

const CONNECTIONS = 4
/** Each pass over the shards is so much later. */
const STEP_MS = 1_000
const ROUNDS = 3
const SETTLE_MS = 2_000
const QUICK_SETTLE_MS = 500

interface Ports {
  readonly url: string
  readonly grpc: string
  readonly stream: string
}

interface DoorInput {
  readonly name: string
  /** What `vantage_acked_items_total` calls it. */
  readonly receiver: string
  readonly unit: string
  readonly shards: number
  /** Bodies in flight on one connection. */
  readonly inFlight: number
  readonly items: number
  readonly quickItems: number
  template(shard: number): TimedTemplate
  client(ports: Ports): DoorClient
}

const EXPORT = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'

const INPUTS: readonly DoorInput[] = [
  {
    ...{ name: 'OTLP gRPC, 1000 points', receiver: 'otlp-grpc', unit: 'points' },
    ...{ shards: 8, inFlight: 1, items: 4_000_000, quickItems: 400_000 },
    template: otlpRequest,
    client: ({ grpc }) => grpcClient(grpc, EXPORT),
  },
  {
    ...{ name: 'JSON batch, 1000 items', receiver: 'json-batch', unit: 'metrics' },
    ...{ shards: 8, inFlight: 1, items: 2_000_000, quickItems: 200_000 },
    template: jsonBatch,
    client: ({ url }) => httpClient(`${url}/v1/metrics`, { 'content-type': 'application/json' }),
  },
  {
    ...{ name: 'telemetry stream, 100 metrics', receiver: 'stream', unit: 'metrics' },
    ...{ shards: 4, inFlight: 32, items: 3_000_000, quickItems: 300_000 },
    template: (shard) => telemetryBatch(shard, `client-${shard}`),
    client: ({ stream }) => new StreamClient(stream),
  },
]

interface Round {
  readonly perCpuSecond: number
  readonly perSecond: number
  readonly p99Ms: number
}

/** The doors that the peers do not have: what comes in for one CPU second of the server. */
export async function measureDoors(options: BenchOptions): Promise<{ table: Table; cases: Record<string, Json> }> {
  const rows: string[][] = [['door', 'k items / CPU s', 'CPU s / M items', 'k items/s', 'request p99 ms']]
  const cases: Record<string, Json> = {}
  for (const input of INPUTS) {
    const rounds: Round[] = []
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measure(input, options))
    const perCpuSecond = median(rounds.map((one) => one.perCpuSecond))
    const perSecond = median(rounds.map((one) => one.perSecond))
    const p99Ms = median(rounds.map((one) => one.p99Ms))
    const cells = [perCpuSecond / 1e3, 1e6 / perCpuSecond, perSecond / 1e3, p99Ms].map(figure)
    rows.push([`${input.name} (${input.unit})`, ...cells])
    cases[input.name] = {
      unit: input.unit,
      perCpuSecond: Math.round(perCpuSecond),
      perSecond: Math.round(perSecond),
      p99Ms,
    }
  }
  return { table: { title: `Vantage's other doors, medians of ${ROUNDS} rounds`, rows }, cases }
}

async function measure(input: DoorInput, { isQuick, note }: BenchOptions): Promise<Round> {
  const [grpcPort, streamPort] = (await freePorts(2)) as [number, number]
  const running = await RunningPeer.start({
    ...VANTAGE,
    environment: {
      ...VANTAGE.environment,
      VANTAGE_OTLP_GRPC_PORT: String(grpcPort),
      VANTAGE_STREAM_PORT: String(streamPort),
    },
    acceptedPattern: new RegExp(`^vantage_acked_items_total\\{[^}]*receiver="${input.receiver}"`),
  })
  const ports = { url: running.url, grpc: `127.0.0.1:${grpcPort}`, stream: `127.0.0.1:${streamPort}` }
  const clients = Array.from({ length: CONNECTIONS }, () => input.client(ports))
  try {
    const templates = Array.from({ length: input.shards }, (_, shard) => input.template(shard))
    const perPass = templates.reduce((sum, { items }) => sum + items, 0)
    const passes = Math.ceil((isQuick ? input.quickItems : input.items) / perPass)
    const warmUps = Math.max(2, Math.ceil(passes / 10))
    const startMs = Date.now() - (passes + warmUps) * STEP_MS
    await sendPasses(input, clients, templates, startMs, warmUps)
    await untilIdle(running.pid)
    const cpuBefore = cpuSeconds(running.pid)
    const startedMs = performance.now()
    const latencies = await sendPasses(input, clients, templates, startMs + warmUps * STEP_MS, passes)
    const seconds = (performance.now() - startedMs) / 1_000
    await sleep(isQuick ? QUICK_SETTLE_MS : SETTLE_MS)
    const cpu = cpuSeconds(running.pid) - cpuBefore
    const accepted = await running.acceptedSamples()
    const wanted = (passes + warmUps) * perPass
    if (accepted !== wanted) throw new Error(`${input.name}: ${accepted} of ${wanted} items were taken`)
    const items = passes * perPass
    const round = { perCpuSecond: items / cpu, perSecond: items / seconds, p99Ms: percentile(latencies, 0.99) }
    note(`  ${input.name}: ${figure(round.perCpuSecond / 1e3)} k ${input.unit} / CPU s`)
    return round
  } finally {
    for (const client of clients) client.close()
    await running.remove()
  }
}

/** Every shard stays on one connection, so that the time of a series never goes back. @returns latencies, ms */
async function sendPasses(
  { inFlight }: DoorInput,
  clients: readonly DoorClient[],
  templates: readonly TimedTemplate[],
  startMs: number,
  passes: number,
): Promise<number[]> {
  const latencies: number[] = []
  await Promise.all(
    clients.map(async (client, connection) => {
      const open = new Set<Promise<void>>()
      const own = templates.filter((_, shard) => shard % clients.length === connection)
      for (let pass = 0; pass < passes; pass++) {
        for (const template of own) {
          const sentMs = performance.now()
          const one = client.send(template.at(startMs + pass * STEP_MS)).then((sent) => {
            open.delete(one)
            if (sent !== 'taken') throw new Error('the server refused a body')
            latencies.push(performance.now() - sentMs)
          })
          open.add(one)
          if (open.size >= inFlight) await Promise.race(open)
        }
      }
      await Promise.all(open)
    }),
  )
  return latencies
}
