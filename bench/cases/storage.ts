import { join, resolve } from 'node:path'
import type { BenchCase, BenchOptions, BenchReport } from '../bench-case.ts'
import { recordedRequests } from '../load/recorded-scrapes.ts'
import { REFERENCE_STEP_MS, ReferenceLoad } from '../load/reference-load.ts'
import type { LoadRequest } from '../load/scrape-shape.ts'
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
/** bench/recordings/README.md says whence. */
const NODE_EXPORTER_HOUR = resolve(import.meta.dirname, '../recordings/node-exporter-hour.br')

interface Disk {
  /** Values, times, index, catalogue: what stays. */
  readonly storedBytes: number
  /** The log behind it, 0 where the peer's is part of a folder that was copied without it. */
  readonly logBytes: number
  readonly cpuSeconds: number
}

/** The same samples for every peer, up to now. */
interface Load {
  readonly name: string
  /** Groups of requests, each sent when the one before was answered. */
  readonly groups: () => Iterable<Iterable<LoadRequest>>
}

type PerPeer<T> = Partial<Record<PeerName, T>>

export const storage: BenchCase = {
  question: 'How many bytes on disk does a sample take, index and labels included?',
  run,
}

async function run(options: BenchOptions): Promise<BenchReport> {
  const rows: string[][] = []
  const measureLoad = async (load: Load) => {
    const disks: PerPeer<Disk> = {}
    let samples = 0
    for (const peer of availablePeers(options)) {
      options.note(`${load.name}: ${peer.name}`)
      ;[disks[peer.name], samples] = await measure(peer, load)
    }
    rows.push(...rowsOf(load.name, samples, disks))
    const bytesPerSample = eachPeer(disks, ({ storedBytes }) => storedBytes / samples)
    return { samples, bytesPerSample, logBytes: eachPeer(disks, ({ logBytes }) => logBytes) }
  }
  const reference = await measureLoad(referenceLoad(options.isQuick ? QUICK_STEPS : STEPS))
  const nodeExporterHour = await measureLoad(NODE_HOUR)
  return {
    tables: [{ title: 'After all merges', rows: [HEAD, ...rows] }],
    figures: { ...reference, nodeExporterHour },
    remarks: REMARKS,
  }
}

const HEAD = [
  ...['load', 'peer', 'samples', 'bytes / sample', '× VictoriaMetrics', 'stored MiB', 'log MiB'],
  'CPU s, load and merge',
]

const REMARKS = [
  `reference: ${HOSTS} hosts × 321 series, every 15 s for 18 h. node-exporter hour: 240 scrapes of Debian's prometheus-node-exporter, recorded in an hour (bench/recordings/README.md).`,
  'Vantage: sealed by its admin call, merged until its files were still; parts, index and catalogue, the log beside them.',
  'VictoriaMetrics: force_flush and force_merge, until its files were still. Prometheus: a snapshot with the head.',
  'No peer stores metrics of its own beside the load: those of Vantage are switched off.',
]

function rowsOf(name: string, samples: number, disks: PerPeer<Disk>): string[][] {
  return Object.entries(disks).map(([peer, disk]) => [
    name,
    peer,
    `${samples}`,
    figure(disk.storedBytes / samples),
    figure(disk.storedBytes / (disks.victoriametrics?.storedBytes ?? Number.NaN)),
    figure(disk.storedBytes / MIB),
    figure(disk.logBytes / MIB),
    figure(disk.cpuSeconds),
  ])
}

function eachPeer(disks: PerPeer<Disk>, of: (disk: Disk) => number): PerPeer<number> {
  return Object.fromEntries(Object.entries(disks).map(([name, disk]) => [name, of(disk)]))
}

function referenceLoad(steps: number): Load {
  return {
    name: 'reference',
    *groups() {
      const load = new ReferenceLoad(HOSTS, STEPS_PER_SLICE, CONNECTIONS)
      const newestMs = Math.floor(Date.now() / REFERENCE_STEP_MS - 8) * REFERENCE_STEP_MS
      const startMs = newestMs - steps * REFERENCE_STEP_MS
      for (let step = 0; step < steps; step += STEPS_PER_SLICE) yield load.slice(startMs)
    },
  }
}

const NODE_HOUR: Load = {
  name: 'node-exporter hour',
  groups: () => recordedRequests(NODE_EXPORTER_HOUR, { job: 'node', instance: 'host-1:9100' }, Date.now()),
}

/** @returns what lies on disk in the end, and of how many samples */
async function measure(peer: Peer, load: Load): Promise<[Disk, number]> {
  const environment = { ...peer.environment, VANTAGE_SELF_ENABLED: 'false' }
  const running = await RunningPeer.start({ ...peer, environment })
  const sender = new Sender(`${running.url}${peer.writePath}`)
  try {
    let samples = 0
    for (const group of load.groups()) {
      const requests = [...group]
      await sender.sendAll(requests)
      samples += requests.reduce((sum, request) => sum + request.samples, 0)
    }
    const accepted = await running.acceptedSamples()
    if (accepted !== samples) throw new Error(`${peer.name} took ${accepted} of ${samples} samples`)
    await putOnDisk(running)
    const disk = DISK_OF[peer.name](join(running.directory, 'data'))
    return [{ ...disk, cpuSeconds: cpuSeconds(running.pid) }, samples]
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
