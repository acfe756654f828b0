import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { crc32c, NodeFileSystem } from '@vantage/bytes'
import {
  type Clock,
  type FileSystem,
  type LogRecord,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
  type Topic,
} from '@vantage/model'
import { FaultFileSystem, seededRandom, testSeed } from '@vantage/model/testing'
import { describe, expect, test } from 'vitest'
import { encodeHeader, HEADER_BYTES } from './format.ts'
import { SegmentLog, type SegmentLogOptions } from './segment-log.ts'
import { LogOpenError } from './segments.ts'

const TOPIC: Topic = 'metrics-raw'
const FIRST = `/log/${TOPIC}/00000000000000000000.log`
/** The crash states are many: one topic is enough. */
const ONE_TOPIC = { [TOPIC]: { kind: 'consumed', consumers: ['metrics'] } } as unknown as NonNullable<
  SegmentLogOptions['policies']
>
const clock: Clock = { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0 }

interface Opened {
  readonly log: SegmentLog
  readonly fatal: Error[]
}

async function open(files: FileSystem, options: Partial<SegmentLogOptions> = {}): Promise<Opened> {
  const fatal: Error[] = []
  let salt = 0x5eed
  const log = await SegmentLog.open({
    directory: '/log',
    files,
    clock,
    onFatal: (error) => fatal.push(error),
    newSalt: () => ++salt,
    freeBytes: () => Number.MAX_SAFE_INTEGER,
    minFreeBytes: 1,
    ...options,
  })
  return { log, fatal }
}

/** Payload n has its number in front and then a fill, so that a half record cannot pass. */
function payload(n: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(n & 0xff)
  bytes.set(new TextEncoder().encode(`${n}:`))
  return bytes
}

function record(n: number, length = 60): LogRecord {
  return {
    tenant: 'default',
    receiver: 'remote-write',
    format: PAYLOAD_FORMATS.remoteWriteV1Snappy,
    encoding: PAYLOAD_ENCODINGS.snappyBlock,
    receivedAtMs: 1_700_000_000_000 + n,
    verdict: n % 3 === 0 ? Uint8Array.of(n & 0xff, 1) : undefined,
    payload: payload(n, length),
  }
}

function append(log: SegmentLog, n: number, length?: number, topic = TOPIC): Promise<void> {
  const one = record(n, length)
  const reservation = log.reserve(topic, one.payload.length)
  if (!reservation.ok) throw new Error(reservation.error.message)
  return log.commit(reservation.value, one)
}

async function contents(log: SegmentLog, from = 0, topic = TOPIC): Promise<number[]> {
  const offsets: number[] = []
  await log.read(topic, from, (one, offset) => {
    const n = Number(new TextDecoder().decode(one.payload).split(':')[0])
    expect({ ...one, payload: [...one.payload] }).toEqual({
      ...record(n, one.payload.length),
      payload: [...payload(n, one.payload.length)],
    })
    expect(n).toBe(offset)
    offsets.push(offset)
  })
  return offsets
}

const upTo = (count: number, from = 0) => Array.from({ length: count - from }, (_, i) => i + from)

async function written(count: number, options?: Partial<SegmentLogOptions>): Promise<FaultFileSystem> {
  const files = new FaultFileSystem({ seed: 1 })
  const { log } = await open(files, options)
  for (const n of upTo(count)) await append(log, n)
  await log.close()
  return files
}

describe('SegmentLog', () => {
  test('what was committed is read back, from any offset, also by the next process', async () => {
    const files = await written(20, { segmentBytes: 2000 })
    const { log } = await open(files, { segmentBytes: 2000 })
    expect(log.nextOffset(TOPIC)).toBe(20)
    expect(files.list(`/log/${TOPIC}`).length).toBeGreaterThan(2)
    for (const from of [0, 1, 7, 19, 20]) expect(await contents(log, from)).toEqual(upTo(20, from))
    await append(log, 20)
    expect(await contents(log, 18)).toEqual([18, 19, 20])
    await log.close()
  })

  test('payloads that came unpacked are packed where that is shorter, and read back as they came', async () => {
    const files = new FaultFileSystem({ seed: 1 })
    const { log } = await open(files)
    const random = seededRandom(7)
    const noise = Uint8Array.from({ length: 5000 }, () => random() * 256)
    const text = new TextEncoder().encode('level=info msg="order paid" '.repeat(3000))
    const payloads = [text, noise, text.subarray(0, 511), text.subarray(0, 512), new Uint8Array(0)]
    const sizes: number[] = []
    for (const one of payloads) {
      const reservation = log.reserve(TOPIC, one.length)
      if (!reservation.ok) throw new Error(reservation.error.message)
      const before = log.stats(TOPIC).bytesOnDisk
      await log.commit(reservation.value, { ...record(1), encoding: PAYLOAD_ENCODINGS.identity, payload: one })
      sizes.push(log.stats(TOPIC).bytesOnDisk - before)
    }
    expect(sizes[0]).toBeLessThan(text.length / 10)
    expect(sizes[1]).toBeGreaterThan(noise.length)
    expect(sizes[2]).toBeGreaterThan(511)
    expect(sizes[3]).toBeLessThan(200)
    await log.close()
    const read: LogRecord[] = []
    await (await open(files)).log.read(TOPIC, 0, (one) => void read.push({ ...one, payload: one.payload.slice() }))
    expect(read.map((one) => [one.encoding, Buffer.from(one.payload)])).toEqual(
      payloads.map((one) => [PAYLOAD_ENCODINGS.identity, Buffer.from(one)]),
    )
  })

  test('records that were written with CRC-32C are read', async () => {
    const files = new FaultFileSystem({ seed: 1 })
    const { log } = await open(files)
    const payloads = [payload(1, 60), new TextEncoder().encode('level=info msg="order paid" '.repeat(100))]
    for (const one of payloads) {
      const reservation = log.reserve(TOPIC, one.length)
      if (!reservation.ok) throw new Error(reservation.error.message)
      await log.commit(reservation.value, { ...record(1), encoding: PAYLOAD_ENCODINGS.identity, payload: one })
    }
    await log.close()
    const bytes = files.contentOf(FIRST).slice()
    const view = new DataView(bytes.buffer)
    let start = HEADER_BYTES
    for (const [i, end] of recordEnds(bytes).entries()) {
      expect(bytes[start + 24]).toBe(3 + i)
      bytes[start + 24] = 1 + i
      view.setUint32(end - 4, crc32c(bytes, start, end - 4, view.getUint32(12, true)), true)
      start = end
    }
    files.setContent(FIRST, bytes)
    const read: Buffer[] = []
    await (await open(files)).log.read(TOPIC, 0, (one) => void read.push(Buffer.from(one.payload)))
    expect(read).toEqual(payloads.map((one) => Buffer.from(one)))
  })

  test('records of one turn share a sync; those that arrive meanwhile share the next', async () => {
    const files = new FaultFileSystem({ seed: 1, isSlow: true })
    const { log } = await open(files)
    await append(log, 0)
    const before = files.syncCount
    const order: number[] = []
    const first = [1, 2, 3].map((n) => append(log, n).then(() => order.push(n)))
    await new Promise((resolve) => setImmediate(resolve))
    const second = [4, 5, 6, 7].map((n) => append(log, n).then(() => order.push(n)))
    await Promise.all([...first, ...second])
    expect(files.syncCount - before).toBe(2)
    expect(order).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(log.queuedBytes).toBe(0)
    await log.close()
  })

  test('cut at every byte: every whole record stays, the rest goes, and the log goes on', async () => {
    const whole = (await written(6)).contentOf(FIRST).slice()
    const ends = recordEnds(whole)
    for (let length = 0; length <= whole.length; length++) {
      const files = new FaultFileSystem({ seed: 1 })
      files.makeDirectory(`/log/${TOPIC}`)
      files.setContent(FIRST, whole.slice(0, length))
      const { log } = await open(files)
      const kept = ends.filter((end) => end <= length).length
      expect(await contents(log)).toEqual(upTo(kept))
      expect(log.stats(TOPIC).corruptions).toBe(0)
      await append(log, kept)
      expect(await contents(log)).toEqual(upTo(kept + 1))
      await log.close()
    }
  })

  test('every byte flipped: at most its own record is lost', async () => {
    const whole = (await written(6)).contentOf(FIRST).slice()
    const ends = recordEnds(whole)
    for (let at = 0; at < whole.length; at++) {
      const files = new FaultFileSystem({ seed: 1 })
      files.makeDirectory(`/log/${TOPIC}`)
      const bytes = whole.slice()
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8))
      files.setContent(FIRST, bytes)
      const { log } = await open(files)
      const hit = at < HEADER_BYTES ? -1 : ends.findIndex((end) => at < end)
      expect(await contents(log)).toEqual(upTo(6).filter((n) => n !== hit))
      const isTail = hit === 5
      expect(log.stats(TOPIC).corruptions).toBe(hit < 0 || isTail ? 0 : 1)
      expect(files.exists(`${FIRST}.quarantined`)).toBe(hit >= 0 && !isTail)
      expect(log.warnings()).toHaveLength(hit < 0 || isTail ? 0 : 1)
      await log.close()
    }
  })

  test('damage in an earlier segment is skipped when it is read, once counted', async () => {
    const files = await written(20, { segmentBytes: 2000 })
    const bytes = files.contentOf(FIRST).slice()
    bytes[HEADER_BYTES + 130] = (bytes[HEADER_BYTES + 130] as number) ^ 1
    files.setContent(FIRST, bytes)
    const { log } = await open(files)
    expect(await contents(log)).toEqual(upTo(20).filter((n) => n !== 1))
    expect(await contents(log)).toHaveLength(19)
    expect(log.stats(TOPIC).corruptions).toBe(1)
    expect(files.exists(`${FIRST}.quarantined`)).toBe(true)
    await log.close()
  })

  test('both header copies damaged: the file is put aside and the log goes on behind it', async () => {
    const files = await written(20, { segmentBytes: 2000 })
    const bytes = files.contentOf(FIRST).slice()
    bytes.fill(0xaa, 0, HEADER_BYTES)
    files.setContent(FIRST, bytes)
    const { log } = await open(files)
    const rest = await contents(log)
    expect(rest.at(-1)).toBe(19)
    expect(rest[0]).toBeGreaterThan(0)
    expect(log.stats(TOPIC).corruptions).toBe(1)
    await log.close()
  })

  test('a tail of zeros, as a lost write of a grown file leaves it, is cut', async () => {
    const files = await written(3)
    const whole = files.contentOf(FIRST).slice()
    const grown = new Uint8Array(whole.length + 5000)
    grown.set(whole)
    files.setContent(FIRST, grown)
    const { log } = await open(files)
    expect(await contents(log)).toEqual([0, 1, 2])
    expect(log.stats(TOPIC)).toMatchObject({ corruptions: 0, bytesOnDisk: whole.length })
    await log.close()
  })

  test('a payload that holds a whole record does not become one when its own is damaged', async () => {
    const forged = (await written(3)).contentOf(FIRST).slice(HEADER_BYTES)
    const files = new FaultFileSystem({ seed: 1 })
    const { log } = await open(files, { newSalt: () => 0xfeed })
    const reservation = log.reserve(TOPIC, forged.length)
    if (!reservation.ok) throw new Error('refused')
    await log.commit(reservation.value, { ...record(0), payload: forged })
    await append(log, 1)
    await log.close()
    const bytes = files.contentOf(FIRST).slice()
    bytes[HEADER_BYTES + 3] = 0
    files.setContent(FIRST, bytes)
    const again = await open(files)
    expect(await contents(again.log)).toEqual([1])
    await again.log.close()
  })

  test('a newer format and a taken lock refuse the start', async () => {
    const files = await written(3)
    const header = encodeHeader(TOPIC, 0, 0, 1)
    const newer = files.contentOf(FIRST).slice()
    newer.set(newerVersion(header))
    files.setContent(FIRST, newer)
    await expect(open(files)).rejects.toMatchObject({ reason: 'newer_format' })
    const free = new FaultFileSystem({ seed: 1 })
    const { log } = await open(free)
    await expect(open(free)).rejects.toBeInstanceOf(LogOpenError)
    await expect(open(free)).rejects.toMatchObject({ reason: 'locked' })
    await log.close()
    await (await open(free)).log.close()
  })

  test('short writes are continued', async () => {
    const files = new FaultFileSystem({ seed: 7, shortWriteChance: 0.7 })
    const { log, fatal } = await open(files)
    for (const n of upTo(50)) await append(log, n, 200)
    expect(await contents(log)).toEqual(upTo(50))
    expect(fatal).toEqual([])
    await log.close()
  })

  test('a failed sync is fatal at once: nobody is answered, nothing is tried again', async () => {
    const files = new FaultFileSystem({ seed: 1 })
    const { log, fatal } = await open(files)
    await append(log, 0)
    const syncs = files.syncCount
    files.failSyncAt = 1
    let isAnswered = false
    void append(log, 1).then(() => {
      isAnswered = true
    })
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(fatal).toMatchObject([{ code: 'EIO' }])
    expect(isAnswered).toBe(false)
    expect(files.syncCount).toBe(syncs + 1)
    expect(log.reserve(TOPIC, 1).ok).toBe(false)
  })

  test('a disk that fills up in spite of the reserve is fatal; what was answered is there after the start', async () => {
    const files = new FaultFileSystem({ seed: 1, capacityBytes: HEADER_BYTES + 1000 })
    const { log, fatal } = await open(files)
    let answered = 0
    for (const n of upTo(20)) {
      if (fatal.length > 0) break
      await Promise.race([append(log, n).then(() => answered++), new Promise((resolve) => setTimeout(resolve, 5))])
    }
    expect(fatal).toMatchObject([{ code: 'ENOSPC' }])
    expect(answered).toBeGreaterThan(2)
    const after = files.powerLoss(3)
    const again = await open(after)
    expect((await contents(again.log)).length).toBeGreaterThanOrEqual(answered)
    await again.log.close()
  })

  test('reserve refuses below the free minimum and resumes at 1.5 times it', async () => {
    let now = 0
    let free = 100
    const files = new FaultFileSystem({ seed: 1 })
    const { log } = await open(files, {
      minFreeBytes: 100,
      freeBytes: () => free,
      clock: { nowMs: () => 0, monotonicMs: () => now },
    })
    const steps: readonly (readonly [number, number, boolean])[] = [
      [0, 100, true],
      [999, 99, true],
      [1000, 99, false],
      [2000, 149, false],
      [3000, 150, true],
      [4000, 100, true],
    ]
    let n = 0
    for (const [at, bytes, want] of steps) {
      now = at
      free = bytes
      const outcome = log.reserve(TOPIC, 10)
      expect(outcome.ok).toBe(want)
      if (outcome.ok) await log.commit(outcome.value, record(n++))
      else expect(outcome.error).toMatchObject({ code: 'unavailable', reason: 'disk', limit: 'storage.minFree' })
    }
    await log.close()
  })

  test('reserve refuses when the queue is full, and takes one large record when it is empty', async () => {
    const files = new FaultFileSystem({ seed: 1, isSlow: true })
    const { log } = await open(files, { queueBytes: 1000 })
    const big = append(log, 0, 5000)
    expect(log.reserve(TOPIC, 1)).toMatchObject({ ok: false, error: { code: 'unavailable', reason: 'queue' } })
    await big
    const half = append(log, 1, 500)
    expect(log.reserve(TOPIC, 501).ok).toBe(false)
    await Promise.all([half, append(log, 2, 500)])
    expect(log.queuedBytes).toBe(0)
    await log.close()
  })

  test('retention never removes what a consumer has not sealed', async () => {
    const files = new FaultFileSystem({ seed: 1 })
    const policies = { [TOPIC]: { kind: 'consumed', consumers: ['metrics', 'copy'] } } as unknown as NonNullable<
      SegmentLogOptions['policies']
    >
    const options = { segmentBytes: 2000, policies }
    const { log } = await open(files, options)
    for (const n of upTo(40)) await append(log, n)
    const random = seededRandom(testSeed())
    const first = () => log.stats(TOPIC).firstOffset
    log.setConsumed(TOPIC, 'metrics', 40)
    expect(first()).toBe(0)
    for (let copy = 0; copy < 40; copy += Math.floor(random() * 6)) {
      log.setConsumed(TOPIC, 'copy', copy)
      expect(first()).toBeLessThanOrEqual(copy)
      expect(await contents(log, copy)).toEqual(upTo(40, copy))
    }
    log.setConsumed(TOPIC, 'copy', 40)
    expect(first()).toBeGreaterThan(30)
    expect(log.stats(TOPIC).unsealedBytes).toBe(0)
    await log.close()
    const again = await open(files, options)
    expect(again.log.nextOffset(TOPIC)).toBe(40)
    await again.log.close()
  })

  test('a sealed offset behind the end moves the next offset, so that no number is given twice', async () => {
    const files = await written(3)
    const { log } = await open(files)
    log.setConsumed(TOPIC, 'metrics', 7)
    await append(log, 7)
    expect(await contents(log)).toEqual([0, 1, 2, 7])
    await log.close()
  })

  test('bus topics go by size and age; offsets of their consumers survive', async () => {
    let nowMs = 0
    const files = new FaultFileSystem({ seed: 1 })
    const policies = { alerts: { kind: 'kept', maxAgeMs: 1000, maxBytes: 6000 } } as unknown as NonNullable<
      SegmentLogOptions['policies']
    >
    const options = { segmentBytes: 2000, policies, clock: { nowMs: () => nowMs, monotonicMs: () => 0 } }
    const { log } = await open(files, options)
    for (const n of upTo(80)) await append(log, n, 60, 'alerts')
    expect(log.stats('alerts').bytesOnDisk).toBeLessThan(8100)
    log.setConsumed('alerts', 'notifier', 77)
    nowMs = 1001
    log.retain()
    expect(log.stats('alerts').bytesOnDisk).toBeLessThan(2100)
    await log.close()
    const again = await open(files.powerLoss(1), options)
    expect(again.log.consumedOffset('alerts', 'notifier')).toBe(77)
    expect(await contents(again.log, 77, 'alerts')).toEqual([77, 78, 79])
    await again.log.close()
  })

  test('interval: answered when written, safe after the next sync', async () => {
    const files = new FaultFileSystem({ seed: 1 })
    const { log } = await open(files, { sync: 'interval', syncIntervalMs: 5 })
    await append(log, 0)
    const syncs = files.syncCount
    await append(log, 1)
    await append(log, 2)
    expect(files.syncCount - syncs).toBeLessThanOrEqual(1)
    await new Promise((resolve) => setTimeout(resolve, 30))
    const after = await open(files.powerLoss(2))
    expect(await contents(after.log)).toEqual([0, 1, 2])
    await after.log.close()
  })

  test('2000 power losses: nothing answered is lost, nothing half is seen', { timeout: 120_000 }, async () => {
    const seed = testSeed()
    for (let run = 0; run < 2000; run++) {
      try {
        await powerLossRun(seed + run)
      } catch (error) {
        throw new Error(`SEED=${seed + run}`, { cause: error })
      }
    }
  })

  test('on the real file system', async () => {
    const directory = mkdtempSync(`${tmpdir()}/vantage-log-`)
    const files = new NodeFileSystem()
    const { log } = await open(files, { directory, segmentBytes: 20_000 })
    await Promise.all(upTo(500).map((n) => append(log, n, 300)))
    await expect(open(files, { directory })).rejects.toMatchObject({ reason: 'locked' })
    log.setConsumed('alerts', 'notifier', 0)
    expect(await contents(log)).toEqual(upTo(500))
    await log.close()
    const again = await open(files, { directory })
    expect(await contents(again.log, 490)).toEqual(upTo(500, 490))
    await again.log.close()
    rmSync(directory, { recursive: true })
  })
})

/** Random appends, sometimes a clean end or a kill, then the power goes at a random moment, twice in a row. */
async function powerLossRun(seed: number): Promise<void> {
  const random = seededRandom(seed)
  let files = new FaultFileSystem({ seed, isSlow: true, shortWriteChance: 0.1 })
  const answered = new Set<number>()
  for (let life = 0; life < 2; life++) {
    const { log, fatal } = await open(files, { segmentBytes: 1500 + Math.floor(random() * 3000), policies: ONE_TOPIC })
    const seen = await contents(log)
    const present = new Set(seen)
    for (const n of answered) if (!present.has(n)) throw new Error(`answered record ${n} is lost in life ${life}`)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    const turns = 1 + Math.floor(random() * 6)
    for (let turn = 0; turn < turns; turn++) {
      const count = Math.floor(random() * 4)
      for (let i = 0; i < count; i++) {
        const n = log.nextOffset(TOPIC)
        void append(log, n, 8 + Math.floor(random() * 900)).then(() => answered.add(n))
      }
      await new Promise((resolve) => setImmediate(resolve))
      if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(fatal).toEqual([])
    files = random() < 0.2 ? files.killed(seed + life) : files.powerLoss(seed + life)
    files.isSlow = true
  }
  const { log } = await open(files, { policies: ONE_TOPIC })
  const present = new Set(await contents(log))
  for (const n of answered) if (!present.has(n)) throw new Error(`answered record ${n} is lost`)
  await log.close()
}

/** Where each record of a good segment ends, by its own length fields. */
function recordEnds(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const ends: number[] = []
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    at += 24 + view.getUint32(at + 4, true) + 4
    ends.push(at)
  }
  return ends
}

function newerVersion(header: Uint8Array): Uint8Array {
  const bytes = header.slice()
  for (const at of [0, 512]) {
    bytes[at + 8] = 9
    const crc = crc32c(bytes.subarray(at, at + 92))
    new DataView(bytes.buffer).setUint32(at + 92, crc, true)
  }
  return bytes
}
