import { join } from 'node:path'
import type { BenchCase, BenchOptions, BenchReport } from '../bench-case.ts'
import { REFERENCE_STEP_MS, ReferenceLoad } from '../load/reference-load.ts'
import { CONNECTIONS, Sender } from '../load/sender.ts'
import { putOnDisk } from '../peers/disk.ts'
import { type Peer, type PeerName, RunningPeer } from '../peers/peer.ts'
import { availablePeers } from '../peers/peers.ts'
import { cpuSeconds, fileBytes } from '../peers/process-stats.ts'
import { figure, MIB } from '../statistics.ts'

const HOSTS = 16
/** 18 h and 2 h of scrapes every 15 s. */
const STEPS = 4_320
const QUICK_STEPS = 480
const STEPS_PER_SLICE = 20

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
    await putOnDisk(running)
    return { ...DISK_OF[peer.name](join(running.directory, 'data')), cpuSeconds: cpuSeconds(running.pid) }
  } finally {
    sender.close()
    await running.remove()
  }
}

const DISK_OF: Readonly<Record<PeerName, (data: string) => Omit<Disk, 'cpuSeconds'>>> = {
  vantage: (data) => ({ storedBytes: fileBytes(join(data, 'metrics')), logBytes: fileBytes(join(data, 'log')) }),
  victoriametrics: (data) => ({ storedBytes: fileBytes(data), logBytes: 0 }),
  prometheus: (data) => ({
    storedBytes: fileBytes(join(data, 'snapshots')),
    logBytes: fileBytes(data, (path) => path.startsWith('wal/') || path.startsWith('chunks_head/')),
  }),
}
