/**
 * The composed path (intake, log, store, catalogue) on a file system that loses power, dies, fails a sync or is full.
 * Sets: test (100 runs of 3 lives), wide (700), long (10,000). The log's own 2,000 states stand beside its
 * source.
 *
 * Held after each start: every acknowledged sample is there with its bits, nothing refused is there, and a request
 * that was never answered is there as a whole or not at all.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { MetricsIntake } from '../../apps/server/src/intake/metrics-intake.ts'
import { snappyCompress } from '../../packages/bytes/src/index.ts'
import { encodeRemoteWrite } from '../../packages/decode/src/remote-write/index.ts'
import { SegmentLog } from '../../packages/log/src/index.ts'
import {
  type Clock,
  labelsFromRecord,
  labelsKey,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
  SampleColumns,
} from '../../packages/model/src/index.ts'
import {
  FaultFileSystem,
  seededRandom,
  testSeed,
  testSet,
  unlimitedBudget,
} from '../../packages/model/src/testing/index.ts'
import {
  type BackgroundData,
  type CatalogueData,
  MetricStore,
  runBackground,
  runCatalogue,
  type WorkerHost,
  type WorkerPort,
} from '../../packages/store/src/metrics/index.ts'

const RUNS = { long: 10_000, wide: 700, test: 100 }[testSet()]
const LIVES = 3
const TOPIC = 'metrics-raw'
const START_MS = 1_700_000_000_000
const SERIES = 6
const DECODER_LIMITS = { maxDecompressedBytes: 1 << 20, maxLabels: 8, maxLabelNameBytes: 64, maxLabelValueBytes: 64 }

/** Every reading is later than the one before, so that no two readings can be taken for one. */
class RunningClock implements Clock {
  #ms = 0
  nowMs(): number {
    return START_MS + ++this.#ms
  }
  monotonicMs(): number {
    return ++this.#ms * 100
  }
}

/** The store's workers on this thread over lent files; `stop` ends them as a power loss does, without a word. */
class LentWorkers implements WorkerHost {
  readonly #files: FaultFileSystem
  readonly #ports: MessagePort[] = []
  #catalogue: MessagePort | undefined

  constructor(files: FaultFileSystem) {
    this.#files = files
  }

  spawn(role: 'catalogue' | 'background', data: unknown): WorkerPort {
    const { port1, port2 } = new MessageChannel()
    this.#ports.push(port1, port2)
    if (role === 'catalogue') {
      this.#catalogue = port1
      runCatalogue(port2 as unknown as WorkerPort, data as CatalogueData)
    } else runBackground(port2 as unknown as WorkerPort, data as BackgroundData, this.#files)
    return port1 as unknown as WorkerPort
  }

  async stop(): Promise<void> {
    const port = this.#catalogue
    if (port !== undefined) {
      // What was asked before is done before: transactions of the database are never half done.
      const closed = new Promise<void>((resolve) =>
        port.on('message', (reply: { call: number }) => reply.call === -1 && resolve()),
      )
      port.postMessage({ call: -1, request: { kind: 'close' } })
      await closed
    }
    for (const one of this.#ports) one.close()
  }
}

interface Life {
  readonly log: SegmentLog
  readonly store: MetricStore
  readonly intake: MetricsIntake
  readonly workers: LentWorkers
  hasFailed: boolean
}

async function open(directory: string, files: FaultFileSystem, clock: Clock, minFreeBytes: number): Promise<Life> {
  const workers = new LentWorkers(files)
  let salt = 1
  const life = { workers, hasFailed: false } as { -readonly [K in keyof Life]: Life[K] }
  files.makeDirectory(directory)
  life.log = await SegmentLog.open({
    directory: `${directory}/log`,
    files,
    clock,
    onFatal: () => {
      life.hasFailed = true
    },
    newSalt: () => salt++,
    freeBytes: () => files.freeBytes(),
    minFreeBytes,
    segmentBytes: 4096,
  })
  life.store = await MetricStore.open({
    directory: `${directory}/metrics`,
    files,
    clock,
    workers,
    whenDurable: () => life.intake.whenDurable(),
    onProblem: () => {},
    limits: { maxFutureMs: 600_000 },
  })
  life.log.setConsumed(TOPIC, 'metrics', life.store.sealedTo(TOPIC))
  life.intake = new MetricsIntake({ log: life.log, store: life.store, clock, limits: DECODER_LIMITS, seed: 1 })
  await life.intake.replay(life.store.sealedTo(TOPIC), (message) => {
    throw new Error(message)
  })
  return life
}

/** What was sent: its samples by series and time with their bits, and how it was answered. */
interface Sent {
  readonly taken: Map<string, string>
  state: 'unanswered' | 'acknowledged' | 'refused'
}

class History {
  readonly sent: Sent[] = []
  /** Samples that must never be seen. */
  readonly forbidden = new Set<string>()
  readonly #random: () => number
  #count = 0

  constructor(random: () => number) {
    this.#random = random
  }

  pick(below: number): number {
    return Math.floor(this.#random() * below)
  }

  /** One request in one of the forms, with now and then an item that will be refused. */
  async submit(life: Life, clock: Clock): Promise<void> {
    const one: Sent = { taken: new Map(), state: 'unanswered' }
    this.sent.push(one)
    const isJson = this.#random() < 0.3
    const { body, format, encoding, untimed } = isJson ? this.#jsonBatch(one) : this.#remoteWrite(one, clock)
    const outcome = await life.intake.submit({
      tenant: 'default',
      receiver: isJson ? 'json-batch' : 'remote-write',
      format,
      encoding,
      raw: body,
      body,
      bodyLength: body.length,
      connection: life,
    })
    one.state = outcome.ok ? 'acknowledged' : 'refused'
    if (!outcome.ok) for (const key of one.taken.keys()) this.forbidden.add(key)
    // What had no time got one: from now on it is part of the promise.
    else if (untimed !== undefined)
      for (const [key, bits] of dump(life.store)) if (key.startsWith(untimed)) one.taken.set(key, bits)
  }

  #remoteWrite(one: Sent, clock: Clock) {
    const rows = Array.from({ length: 1 + this.pick(4) }, () => {
      const kind = this.#random()
      const labels: Record<string, string> = { __name__: 'm', series: String(this.pick(SERIES)) }
      if (kind < 0.1) labels['long'] = 'x'.repeat(65)
      const values = new Float64Array(1 + this.pick(4))
      const halves = new Uint32Array(values.buffer)
      const times = Array.from(values, (_, i) => {
        if (this.#random() < 0.1) halves.set([this.pick(2 ** 32), 0x7ff80000 + this.pick(2 ** 19)], i * 2)
        else values[i] = this.#random() < 0.1 ? -0 : this.#random() * 1e6
        // Each time once; some come late.
        return START_MS - 50_000_000 + ++this.#count * 1000 - (this.#random() < 0.2 ? 3_000_500 : 0)
      })
      if (kind >= 0.1 && kind < 0.2) times[times.length - 1] = clock.nowMs() + 3_600_000 + this.#count
      const key = labelsKey(labelsFromRecord(labels))
      times.forEach((time, i) => {
        const at = `${key}@${time}`
        if (kind < 0.1 || time > START_MS + 1_800_000) this.forbidden.add(at)
        else one.taken.set(at, bits(halves[i * 2 + 1] as number, halves[i * 2] as number))
      })
      return { labels: labelsFromRecord(labels), times, values }
    })
    const body = snappyCompress(encodeRemoteWrite(rows))
    return {
      body,
      format: PAYLOAD_FORMATS.remoteWriteV1Snappy,
      encoding: PAYLOAD_ENCODINGS.snappyBlock,
      untimed: undefined,
    }
  }

  /** A batch of one item that brings no time. */
  #jsonBatch(_one: Sent) {
    const name = `j${++this.#count}`
    const item = { service_name: 's', metric_name: name, value: this.#random() }
    const body = new TextEncoder().encode(JSON.stringify({ metrics: [item] }))
    const untimed = `${labelsKey(labelsFromRecord({ __name__: name, service_name: 's' }))}@`
    return { body, format: PAYLOAD_FORMATS.jsonBatch, encoding: PAYLOAD_ENCODINGS.identity, untimed }
  }

  /** Holds what the store shows to what was promised. */
  check(store: MetricStore): void {
    const seen = dump(store)
    for (const { taken, state } of this.sent) {
      const found = [...taken].filter(([key, bitsSent]) => {
        const there = seen.get(key)
        if (there !== undefined && there !== bitsSent) throw new Error(`${key}: want ${bitsSent}, got ${there}`)
        return there !== undefined
      })
      if (state === 'acknowledged' && found.length < taken.size) {
        throw new Error(`${taken.size - found.length} of ${taken.size} acknowledged samples are lost`)
      }
      if (state === 'unanswered' && found.length > 0 && found.length < taken.size) {
        throw new Error(`half a request is seen: ${found.length} of ${taken.size} samples`)
      }
    }
    for (const key of this.forbidden) if (seen.has(key)) throw new Error(`${key} was refused, and is seen`)
  }
}

function bits(high: number, low: number): string {
  return `${high.toString(16)}:${low.toString(16)}`
}

/** Everything that a query can see: `series@time` → bits of the value. */
function dump(store: MetricStore): Map<string, string> {
  const out = new Map<string, string>()
  const columns = new SampleColumns()
  const range = { startMs: -1e15, endMs: 1e15 }
  const selection = store.reader().select('default', { matchers: [], ...range }, unlimitedBudget)
  for (let i = 0; i < selection.count; i++) {
    const key = labelsKey(selection.labels(i))
    selection.read(i, range.startMs, range.endMs, columns)
    for (let at = 0; at < columns.count; at++) {
      out.set(
        `${key}@${columns.times[at]}`,
        bits(columns.halves[at * 2 + 1] as number, columns.halves[at * 2] as number),
      )
    }
  }
  return out
}

/** What the process would take with it: threads, and the timers that keep all of a life in memory. */
async function end({ workers, log }: Life): Promise<void> {
  await workers.stop()
  // Its file system is gone; what it still says of that is nobody's.
  void log.close().catch(() => {})
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

async function run(directory: string, seed: number): Promise<{ acknowledged: number; refused: number }> {
  const random = seededRandom(seed)
  const clock = new RunningClock()
  const history = new History(random)
  let files = new FaultFileSystem({ seed, isSlow: true, shortWriteChance: 0.1 })
  const minFreeBytes = random() < 0.1 ? 12_000 : 1
  for (let life = 0; life < LIVES; life++) {
    const open_ = await open(directory, files, clock, minFreeBytes)
    history.check(open_.store)
    if (random() < 0.15) files.failSyncAt = 1 + history.pick(12)
    if (random() < 0.15) files.capacityBytes = 2_000 + history.pick(30_000)
    const turns = 2 + history.pick(10)
    for (let i = 0; i < turns && !open_.hasFailed; i++) {
      const submits = history.pick(4)
      for (let n = 0; n < submits; n++) void history.submit(open_, clock)
      // The disk may fail under a seal: it is tried again later, the log stays.
      if (random() < 0.25) void open_.store.seal().catch(() => {})
      await turn()
      if (random() < 0.4) await turn()
      if (random() < 0.3) open_.log.setConsumed(TOPIC, 'metrics', open_.store.sealedTo(TOPIC))
    }
    files = random() < 0.2 ? files.killed(seed + life) : files.powerLoss(seed + life)
    files.isSlow = true
    await end(open_)
  }
  const last = await open(directory, files, clock, 1)
  history.check(last.store)
  await end(last)
  const count = (state: Sent['state']) => history.sent.filter((one) => one.state === state).length
  return { acknowledged: count('acknowledged'), refused: count('refused') }
}

test('power losses, kills, failed syncs and full disks: acknowledged means there', {
  timeout: 1_800_000,
}, async () => {
  const seed = testSeed()
  console.log(`seed ${seed}, ${RUNS * LIVES} losses`)
  // The catalogue is a real database; in memory it costs no time to sync.
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const all = { acknowledged: 0, refused: 0 }
  for (let i = 0; i < RUNS; i++) {
    const directory = await mkdtemp(join(parent, 'vantage-power-'))
    try {
      const { acknowledged, refused } = await run(directory, seed + i)
      all.acknowledged += acknowledged
      all.refused += refused
    } catch (error) {
      throw new Error(`SEED=${seed + i}`, { cause: error })
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
  expect(all.acknowledged).toBeGreaterThan(RUNS)
  expect(all.refused).toBeGreaterThan(RUNS / 20)
})
