import { runLogsJob } from '@vantage/api'
import {
  BODY_KIND,
  type Clock,
  err,
  type Fault,
  fault,
  LogBatch,
  NO_ORIGIN,
  type Origin,
  ok,
  type Result,
} from '@vantage/model'
import { MemoryLogs, unlimitedBudget } from '@vantage/model/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LogTails } from './log-tails.ts'

const NOW_MS = 1_700_000_000_000
const clock: Clock = { nowMs: () => NOW_MS, monotonicMs: () => 0 }
const ORIGIN: Origin = {
  ...NO_ORIGIN,
  kind: 'labels',
  resource: [{ key: 'app', value: { kind: 'string', value: 'shop' } }],
}

/** A store and its followers; the answer of history begins and comes when the test says so. */
class Stage {
  readonly lines: string[] = []
  readonly #memory = new MemoryLogs()
  readonly #tails: LogTails
  #next = 0
  begin: () => void = () => {}
  answer: (problem?: Fault) => void = () => {}

  constructor() {
    this.#tails = new LogTails({
      clock,
      whenDurable: async () => {},
      history: async (tenant, job, onBegin) => {
        let result: Result<Uint8Array> = ok(new Uint8Array())
        await new Promise<void>((resolve) => {
          this.begin = () => {
            onBegin()
            result = runLogsJob(job, tenant, this.#memory, unlimitedBudget, clock)
            resolve()
          }
        })
        const problem = await new Promise<Fault | undefined>((resolve) => {
          this.answer = resolve
        })
        return problem === undefined ? result : err(problem)
      },
    })
  }

  open(params: Record<string, string> = {}): void {
    const socket = { bufferedAmount: 0, send: (data: Uint8Array) => this.#take(data) }
    const request = { tenant: 't', params: new URLSearchParams({ query: '{app="shop"}', ...params }) }
    expect(this.#tails.open(request, socket).ok).toBe(true)
  }

  /** Stores one row, its number as the line. */
  store(): void {
    const number = this.#next++
    const body = String(number)
    const timeNs = BigInt(NOW_MS) * 1_000_000n + BigInt(number)
    this.#memory.append('t', { timeNs, origin: ORIGIN, body })
    const batch = new LogBatch()
    const row = batch.addRow(batch.addOrigin(0, 0))
    batch.columns.times[row] = timeNs
    batch.columns.bodies.bytes = Buffer.from(body)
    batch.columns.bodies.set(row, 0, body.length)
    batch.columns.bodyKinds[row] = BODY_KIND.text
    batch.originOf = () => ORIGIN
    this.#tails.add('t', batch)
  }

  #take(data: Uint8Array): void {
    const { streams } = JSON.parse(Buffer.from(data).toString()) as { streams: { values: [string, string][] }[] }
    this.lines.push(...streams.flatMap(({ values }) => values.map(([, line]) => line)))
  }
}

// Time stands still but where a test moves it on.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** What was asked for goes on. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

test('rows before, while and after what was there is asked for come once, in order', async () => {
  const stage = new Stage()
  stage.store()
  stage.open()
  await turn()
  stage.store()
  stage.begin()
  await turn()
  stage.store()
  expect(stage.lines).toEqual([])
  stage.answer()
  await turn()
  stage.store()
  await turn()
  expect(stage.lines).toEqual(['0', '1', '2', '3'])
})

test('where what was there cannot be read, rows since it was asked for come', async () => {
  const stage = new Stage()
  stage.store()
  stage.open()
  await turn()
  stage.begin()
  stage.store()
  await turn()
  stage.answer(fault('timeout', 'too slow'))
  await turn()
  expect(stage.lines).toEqual(['1'])
})

test('who wants nothing of before gets what comes', async () => {
  const stage = new Stage()
  stage.store()
  stage.open({ limit: '0' })
  stage.store()
  await turn()
  expect(stage.lines).toEqual(['1'])
})

test('where what was there takes its time, rows go ahead of it', async () => {
  const stage = new Stage()
  stage.store()
  stage.open()
  await turn()
  stage.store()
  stage.begin()
  stage.store()
  vi.advanceTimersByTime(99)
  await turn()
  expect(stage.lines).toEqual([])
  vi.advanceTimersByTime(1)
  await turn()
  stage.store()
  await turn()
  expect(stage.lines).toEqual(['1', '2', '3'])
  stage.answer()
  await turn()
  stage.store()
  await turn()
  expect(stage.lines).toEqual(['1', '2', '3', '0', '4'])
})

test('where nothing is read yet, rows go ahead, and what was there is without them', async () => {
  const stage = new Stage()
  stage.store()
  stage.open()
  await turn()
  stage.store()
  vi.advanceTimersByTime(100)
  await turn()
  stage.store()
  await turn()
  expect(stage.lines).toEqual(['1', '2'])
  stage.begin()
  await turn()
  stage.store()
  await turn()
  stage.answer()
  await turn()
  expect(stage.lines).toEqual(['1', '2', '3', '0'])
})
