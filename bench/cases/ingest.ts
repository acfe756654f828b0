import type { BenchCase, BenchOptions, BenchReport, Json, Table } from '../bench-case.ts'
import { type LoadRequest, ScrapeGenerator, type ScrapeLoad } from '../load/scrape-shape.ts'
import { CONNECTIONS, Sender } from '../load/sender.ts'
import { type Peer, type PeerName, RunningPeer, sleep } from '../peers/peer.ts'
import { availablePeers } from '../peers/peers.ts'
import { cpuSeconds, residentBytes, untilIdle } from '../peers/process-stats.ts'
import { figure, MIB, median, percentile } from '../statistics.ts'
import { measureDoors } from './ingest-doors.ts'

interface IngestInput {
  readonly name: string
  readonly load: ScrapeLoad
  readonly samples: number
  readonly quickSamples: number
}

const SCRAPE = { seriesCount: 10_000, seriesPerRequest: 1_000, samplesPerSeries: 1, stepMs: 1_000, isShuffled: false }

const INPUTS: readonly IngestInput[] = [
  { name: '1000x1', load: SCRAPE, samples: 4_000_000, quickSamples: 300_000 },
  { name: '1000x1 shuffled', load: { ...SCRAPE, isShuffled: true }, samples: 2_000_000, quickSamples: 100_000 },
  {
    name: '1000x1, 100k series',
    load: { ...SCRAPE, seriesCount: 100_000 },
    samples: 3_000_000,
    quickSamples: 200_000,
  },
  {
    name: '500x10',
    load: { ...SCRAPE, seriesPerRequest: 500, samplesPerSeries: 10 },
    samples: 4_000_000,
    quickSamples: 500_000,
  },
]

/** All series exist and all code is compiled before the count begins: steady state is asked, not the first second. */
const WARM_UP_SAMPLES = 200_000
const QUICK_WARM_UP_SAMPLES = 100_000
/** Work that a product puts off is part of its price. */
const SETTLE_MS = 2_000
const QUICK_SETTLE_MS = 500
const ROUNDS = 3

interface Round {
  readonly cpuSecondsPerMillion: number
  readonly samplesPerSecond: number
  readonly p99Ms: number
  readonly residentBytes: number
}

export const ingest: BenchCase = {
  question: 'What does a sample cost that comes by remote write, in CPU seconds per million? And through other doors?',
  run,
}

async function run(options: BenchOptions): Promise<BenchReport> {
  const peers = availablePeers(options)
  const rows: string[][] = [['input', 'peer', 'CPU s / M samples', 'k samples/s', 'request p99 ms', 'RSS MiB']]
  const cases: Record<string, Json> = {}
  for (const input of INPUTS) {
    const prepared = prepare(input, options.isQuick)
    options.note(
      `${input.name}: ${prepared.samples} samples, ${figure(prepared.bytesPerSample)} bytes each on the wire`,
    )
    const rounds = new Map<PeerName, Round[]>(peers.map(({ name }) => [name, []]))
    for (let round = 0; round < ROUNDS; round++) {
      // By turns: what else the machine does hits all of them alike.
      for (const peer of peers) rounds.get(peer.name)?.push(await measure(peer, prepared, options))
    }
    const figures = peers.map(({ name }) => [name, middle(rounds.get(name) ?? [])] as const)
    for (const [name, one] of figures) rows.push([input.name, name, ...cells(one)])
    const perMillion = figures.map(([name, one]) => [name, one.cpuSecondsPerMillion] as const)
    cases[input.name] = {
      samples: prepared.samples,
      cpuSecondsPerMillion: Object.fromEntries(perMillion),
      samplesPerSecond: Object.fromEntries(figures.map(([name, one]) => [name, Math.round(one.samplesPerSecond)])),
      ratioToVictoriaMetrics: ratio(Object.fromEntries(perMillion)),
    }
  }
  const tables: Table[] = [{ title: `Remote write, 10,000 series unless named, medians of ${ROUNDS} rounds`, rows }]
  if (peers.some(({ name }) => name === 'vantage')) {
    const doors = await measureDoors(options)
    tables.push(doors.table)
    Object.assign(cases, doors.cases)
  }
  return {
    tables,
    figures: { cases },
    remarks: [
      `${options.isQuick ? QUICK_WARM_UP_SAMPLES : WARM_UP_SAMPLES} samples are sent before the count begins, once the server is idle again; it ends ${(options.isQuick ? QUICK_SETTLE_MS : SETTLE_MS) / 1000} s after the last answer.`,
      `${CONNECTIONS} keep-alive connections with one request in flight each; the sender shares the cores.`,
      'Vantage answers after the sync of its log; the others do not sync before they answer.',
    ],
  }
}

function ratio(perMillion: Readonly<Record<string, number>>): number | null {
  const { vantage, victoriametrics } = perMillion
  return vantage === undefined || victoriametrics === undefined ? null : vantage / victoriametrics
}

interface Prepared {
  readonly warmUp: readonly LoadRequest[]
  readonly requests: readonly LoadRequest[]
  readonly warmUpSamples: number
  readonly samples: number
  readonly bytesPerSample: number
}

/** Made once, so that every peer and round gets the same bytes and the making costs nothing while it is measured. */
function prepare({ load, samples, quickSamples }: IngestInput, isQuick: boolean): Prepared {
  const perRound = load.seriesCount * load.samplesPerSeries
  const warmUpRounds = Math.ceil((isQuick ? QUICK_WARM_UP_SAMPLES : WARM_UP_SAMPLES) / perRound)
  const rounds = Math.ceil((isQuick ? quickSamples : samples) / perRound)
  const startMs = Date.now() - (warmUpRounds + rounds) * load.samplesPerSeries * load.stepMs
  const generator = new ScrapeGenerator(load, CONNECTIONS, startMs)
  const take = (count: number) => Array.from({ length: count }, () => [...generator.round()]).flat()
  const warmUp = take(warmUpRounds)
  const requests = take(rounds)
  const bytes = requests.reduce((sum, { body }) => sum + body.length, 0)
  const sent = rounds * perRound
  return { warmUp, requests, warmUpSamples: warmUpRounds * perRound, samples: sent, bytesPerSample: bytes / sent }
}

async function measure(peer: Peer, input: Prepared, { isQuick, note }: BenchOptions): Promise<Round> {
  const running = await RunningPeer.start(peer)
  const sender = new Sender(`${running.url}${peer.writePath}`)
  try {
    await sender.sendAll(input.warmUp)
    await untilIdle(running.pid)
    const cpuBefore = cpuSeconds(running.pid)
    const startMs = performance.now()
    const latencies = await sender.sendAll(input.requests)
    const seconds = (performance.now() - startMs) / 1000
    await sleep(isQuick ? QUICK_SETTLE_MS : SETTLE_MS)
    const cpu = cpuSeconds(running.pid) - cpuBefore
    const accepted = await running.acceptedSamples()
    const wanted = input.warmUpSamples + input.samples
    if (accepted !== wanted) throw new Error(`${peer.name} took ${accepted} of ${wanted} samples`)
    const round = {
      cpuSecondsPerMillion: cpu / (input.samples / 1e6),
      samplesPerSecond: input.samples / seconds,
      p99Ms: percentile(latencies, 0.99),
      residentBytes: residentBytes(running.pid),
    }
    note(`  ${peer.name}: ${cells(round).join('  ')}${sender.retries > 0 ? `, ${sender.retries} sent again` : ''}`)
    return round
  } finally {
    sender.close()
    await running.remove()
  }
}

function middle(rounds: readonly Round[]): Round {
  const of = (pick: (round: Round) => number) => median(rounds.map(pick))
  return {
    cpuSecondsPerMillion: of((one) => one.cpuSecondsPerMillion),
    samplesPerSecond: of((one) => one.samplesPerSecond),
    p99Ms: of((one) => one.p99Ms),
    residentBytes: of((one) => one.residentBytes),
  }
}

function cells(round: Round): string[] {
  return [
    figure(round.cpuSecondsPerMillion),
    figure(round.samplesPerSecond / 1e3),
    figure(round.p99Ms),
    figure(round.residentBytes / MIB),
  ]
}
