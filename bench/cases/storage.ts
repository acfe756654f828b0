import { join } from 'node:path'
import type { BenchCase, BenchOptions, BenchReport } from '../bench-case.ts'
import { REFERENCE_STEP_MS, ReferenceLoad } from '../load/reference-load.ts'
import { CONNECTIONS, Sender } from '../load/sender.ts'
import { type Peer, type PeerName, RunningPeer, sleep } from '../peers/peer.ts'
import { availablePeers } from '../peers/peers.ts'
import { cpuSeconds, fileBytes } from '../peers/process-stats.ts'
import { figure, MIB } from '../statistics.ts'

const HOSTS = 16
/** 18 h and 2 h of scrapes every 15 s. */
const STEPS = 4_320
const QUICK_STEPS = 480
const STEPS_PER_SLICE = 20
/** Merging is over when the files have not changed for this long. */
const QUIET_MS = 6_000
const QUIET_TIMEOUT_MS = 120_000
const POLL_MS = 500

interface Disk {
  /** Values, times, index, catalogue: what stays. */
  readonly storedBytes: number
  /** The log behind it, 0 where the peer's is part of a folder that was copied without it. */
  readonly logBytes: number
  readonly cpuSeconds: number
}

export const storage: BenchCase = {
  question: 'How many bytes on disk does a sample take, index and labels included?',
  run,
}

async function run(options: BenchOptions): Promise<BenchReport> {
  const steps = options.isQuick ? QUICK_STEPS : STEPS
  const rows: string[][] = [['peer', 'bytes / sample', 'stored MiB', 'log MiB', 'CPU s, load and merge']]
  const bytesPerSample: Partial<Record<PeerName, number>> = {}
  const logBytes: Partial<Record<PeerName, number>> = {}
  let samples = 0
  for (const peer of availablePeers(options)) {
    const load = new ReferenceLoad(HOSTS, STEPS_PER_SLICE, CONNECTIONS)
    samples = (load.samplesPerSlice * steps) / STEPS_PER_SLICE
    options.note(`${peer.name}: ${samples} samples of ${HOSTS * load.seriesPerHost} series`)
    const disk = await measure(peer, load, steps)
    bytesPerSample[peer.name] = disk.storedBytes / samples
    logBytes[peer.name] = disk.logBytes
    rows.push([
      peer.name,
      figure(disk.storedBytes / samples),
      figure(disk.storedBytes / MIB),
      figure(disk.logBytes / MIB),
      figure(disk.cpuSeconds),
    ])
  }
  return {
    tables: [{ title: `${samples} samples, ${HOSTS} hosts × 321 series, ${(steps * 15) / 3600} h every 15 s`, rows }],
    figures: { samples, bytesPerSample, logBytes },
    remarks: [
      'Vantage: sealed by its admin call, merged until its files were still; parts, index and catalogue, the log beside them.',
      'VictoriaMetrics: force_flush and force_merge, until its files were still. Prometheus: a snapshot with the head.',
      'Vantage stores the metrics of itself and of this host beside the load, the others do not.',
    ],
  }
}

async function measure(peer: Peer, load: ReferenceLoad, steps: number): Promise<Disk> {
  const running = await RunningPeer.start(peer)
  const sender = new Sender(`${running.url}${peer.writePath}`)
  try {
    const startMs = Math.floor((Date.now() - (steps + 8) * REFERENCE_STEP_MS) / REFERENCE_STEP_MS) * REFERENCE_STEP_MS
    for (let step = 0; step < steps; step += STEPS_PER_SLICE) await sender.sendAll(load.slice(startMs))
    const wanted = (load.samplesPerSlice * steps) / STEPS_PER_SLICE
    const accepted = await running.acceptedSamples()
    if (accepted !== wanted) throw new Error(`${peer.name} took ${accepted} of ${wanted} samples`)
    await PUT_ON_DISK[peer.name](running)
    return { ...DISK_OF[peer.name](join(running.directory, 'data')), cpuSeconds: cpuSeconds(running.pid) }
  } finally {
    sender.close()
    await running.remove()
  }
}

/** Brings what is in memory to disk, and lets the merges end. */
const PUT_ON_DISK: Readonly<Record<PeerName, (running: RunningPeer) => Promise<void>>> = {
  vantage: async (running) => {
    await call(running, 'POST', '/api/vantage/v1/admin/seal')
    await untilQuiet(running, 'metrics')
  },
  victoriametrics: async (running) => {
    await call(running, 'GET', '/internal/force_flush')
    await call(running, 'GET', '/internal/force_merge')
    await untilQuiet(running, '')
  },
  prometheus: async (running) => {
    await call(running, 'POST', '/api/v1/admin/tsdb/snapshot')
  },
}

const DISK_OF: Readonly<Record<PeerName, (data: string) => Omit<Disk, 'cpuSeconds'>>> = {
  vantage: (data) => ({ storedBytes: fileBytes(join(data, 'metrics')), logBytes: fileBytes(join(data, 'log')) }),
  victoriametrics: (data) => ({ storedBytes: fileBytes(data), logBytes: 0 }),
  prometheus: (data) => ({
    storedBytes: fileBytes(join(data, 'snapshots')),
    logBytes: fileBytes(data, (path) => path.startsWith('wal/') || path.startsWith('chunks_head/')),
  }),
}

async function call(running: RunningPeer, method: string, path: string): Promise<void> {
  const answer = await fetch(`${running.url}${path}`, { method })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`)
}

async function untilQuiet(running: RunningPeer, folder: string): Promise<void> {
  const deadlineMs = performance.now() + QUIET_TIMEOUT_MS
  let bytes = -1
  let sinceMs = performance.now()
  while (performance.now() < deadlineMs && performance.now() - sinceMs < QUIET_MS) {
    const now = fileBytes(join(running.directory, 'data', folder), (path) => !path.endsWith('-wal'))
    if (now !== bytes) sinceMs = performance.now()
    bytes = now
    await sleep(POLL_MS)
  }
}
