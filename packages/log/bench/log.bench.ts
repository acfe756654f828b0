/**
 * How many records a second are written and synced by eight writers at once, and how fast are they read back?
 * Records of 27 KB: a scrape of 1 000 samples as sent. Run: `node packages/log/bench/log.bench.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { NodeFileSystem } from '@vantage/bytes'
import { PAYLOAD_ENCODINGS, PAYLOAD_FORMATS, systemClock } from '@vantage/model'
import { SegmentLog } from '../src/index.ts'

const RECORDS = 10_000
const RECORD_BYTES = 27_000
const WRITERS = 8

const directory = mkdtempSync(`${tmpdir()}/vantage-log-bench-`)
const log = await SegmentLog.open({
  directory,
  files: new NodeFileSystem(),
  clock: systemClock,
  onFatal: (error) => {
    throw error
  },
  newSalt: () => 1,
  freeBytes: () => Number.MAX_SAFE_INTEGER,
  minFreeBytes: 1,
})
const payload = Uint8Array.from({ length: RECORD_BYTES }, (_, i) => (i * 31) & 0xff)
const record = {
  tenant: 'default',
  receiver: 'remote-write',
  format: PAYLOAD_FORMATS.remoteWriteV1Snappy,
  encoding: PAYLOAD_ENCODINGS.snappyBlock,
  receivedAtMs: 0,
  verdict: undefined,
  payload,
}

let taken = 0
async function write(): Promise<void> {
  while (taken++ < RECORDS) {
    const reservation = log.reserve('metrics-raw', payload.length)
    if (!reservation.ok) throw new Error(reservation.error.message)
    await log.commit(reservation.value, record)
  }
}

const before = process.cpuUsage()
let startMs = performance.now()
await Promise.all(Array.from({ length: WRITERS }, write))
const { user, system } = process.cpuUsage(before)
const writeMs = performance.now() - startMs
startMs = performance.now()
let bytes = 0
await log.read('metrics-raw', 0, (one) => {
  bytes += one.payload.length
})
const readMs = performance.now() - startMs
const recordsPerSecond = Math.round((RECORDS / writeMs) * 1000)
const cpuMicros = Math.round((user + system) / RECORDS)
process.stdout.write(`write: ${recordsPerSecond} synced records/s, ${cpuMicros} µs CPU each\n`)
process.stdout.write(`read: ${Math.round(bytes / 1000 / readMs)} MB/s\n`)
await log.close()
rmSync(directory, { recursive: true })
