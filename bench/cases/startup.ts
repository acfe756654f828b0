import type { BenchCase, BenchOptions, BenchReport } from '../bench-case.ts'
import { ScrapeGenerator } from '../load/scrape-shape.ts'
import { CONNECTIONS, Sender } from '../load/sender.ts'
import { type Peer, type PeerName, RunningPeer, sleep } from '../peers/peer.ts'
import { availablePeers } from '../peers/peers.ts'
import { residentBytes } from '../peers/process-stats.ts'
import { figure, MIB, median } from '../statistics.ts'

const ROUNDS = 5
const IDLE_MS = 30_000
const QUICK_IDLE_MS = 3_000
const REPLAY_SAMPLES = 10_000_000
const QUICK_REPLAY_SAMPLES = 1_000_000
const LOAD = { seriesCount: 10_000, seriesPerRequest: 1_000, samplesPerSeries: 1, stepMs: 1_000, isShuffled: false }

export const startup: BenchCase = {
  question: 'How long from the command to the first answered query, on an empty folder and after a kill under load?',
  run,
}

async function run(options: BenchOptions): Promise<BenchReport> {
  const samples = options.isQuick ? QUICK_REPLAY_SAMPLES : REPLAY_SAMPLES
  const rows: string[][] = [['peer', 'empty, ms', 'idle RSS MiB', 'replay s', 'RSS after replay MiB']]
  const emptyMs: Partial<Record<PeerName, number>> = {}
  const idleBytes: Partial<Record<PeerName, number>> = {}
  const replaySeconds: Partial<Record<PeerName, number>> = {}
  for (const peer of availablePeers(options)) {
    const empty = await measureEmpty(peer, options.isQuick)
    emptyMs[peer.name] = Math.round(empty.readyMs)
    idleBytes[peer.name] = empty.idleBytes
    const cells = [peer.name, figure(empty.readyMs), figure(empty.idleBytes / MIB)]
    if (peer.name === 'vantage') {
      options.note(`${peer.name}: replay of ${samples} samples`)
      const replay = await measureReplay(peer, samples)
      replaySeconds[peer.name] = replay.readyMs / 1000
      rows.push([...cells, figure(replay.readyMs / 1000), figure(replay.residentBytes / MIB)])
    } else rows.push([...cells, '-', '-'])
  }
  return {
    tables: [{ title: `Command to 200 of the readiness path; median of ${ROUNDS} empty starts`, rows }],
    figures: { emptyMs, idleBytes, replaySeconds, replaySamples: samples },
    remarks: [
      `Idle RSS ${(options.isQuick ? QUICK_IDLE_MS : IDLE_MS) / 1000} s after the start, own metrics of product and host on.`,
      `Replay: ${samples} samples of 10,000 series acknowledged, SIGKILL, start; all samples were counted by a query after it.`,
      'Only Vantage replays a log of requests; the others write to files within seconds or replay another format.',
    ],
  }
}

async function measureEmpty(peer: Peer, isQuick: boolean): Promise<{ readyMs: number; idleBytes: number }> {
  const times: number[] = []
  let idleBytes = 0
  for (let round = 0; round < ROUNDS; round++) {
    const running = await RunningPeer.prepare(peer)
    try {
      times.push(await running.start())
      if (round < ROUNDS - 1) continue
      await sleep(isQuick ? QUICK_IDLE_MS : IDLE_MS)
      idleBytes = residentBytes(running.pid)
    } finally {
      await running.remove()
    }
  }
  return { readyMs: median(times), idleBytes }
}

async function measureReplay(peer: Peer, samples: number): Promise<{ readyMs: number; residentBytes: number }> {
  const running = await RunningPeer.start(peer)
  const sender = new Sender(`${running.url}${peer.writePath}`)
  try {
    const rounds = samples / LOAD.seriesCount
    const generator = new ScrapeGenerator(LOAD, CONNECTIONS, Date.now() - (rounds + 5) * LOAD.stepMs)
    for (let round = 0; round < rounds; round++) await sender.sendAll(generator.round())
    await running.kill()
    const readyMs = await running.start()
    const found = await countSamples(running, generator.timeMs, rounds * LOAD.stepMs)
    if (found !== samples) throw new Error(`${found} of ${samples} acknowledged samples came back`)
    return { readyMs, residentBytes: residentBytes(running.pid) }
  } finally {
    sender.close()
    await running.remove()
  }
}

/** Counts in windows of some series, so that no query meets its sample limit. */
async function countSamples(running: RunningPeer, endMs: number, lengthMs: number): Promise<number> {
  let sum = 0
  for (let name = 0; name < 10; name++) {
    const metric = `http_server_request_duration_seconds_sum_${name}`
    const query = `sum(count_over_time(${metric}[${Math.ceil(lengthMs / 1000) + 10}s]))`
    const body = new URLSearchParams({ query, time: String(endMs / 1000) })
    const answer = await fetch(`${running.url}/api/v1/query`, { method: 'POST', body })
    const found = (await answer.json()) as { data?: { result: readonly { value: readonly [number, string] }[] } }
    sum += Number(found.data?.result[0]?.value[1] ?? 0)
  }
  return sum
}
