import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchOptions } from '../bench-case.ts'
import type { RunningPeer } from '../peers/peer.ts'
import { cpuSeconds, QUICK_IDLE_MS, untilIdle } from '../peers/process-stats.ts'
import { median } from '../statistics.ts'

const WARM_ROUNDS = 3
const ROUNDS = 15
const QUICK_ROUNDS = 3
const CANCEL_ROUNDS = 5
/** So long a query runs before its caller goes. */
const CANCEL_AFTER_MS = 20
const CANCEL_LOOK_MS = 5
const CANCEL_WAIT_MS = 10_000

/** One question over HTTP, and how it is known that the answer is the right one. */
export interface RecordQuery {
  readonly name: string
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  isRight(status: number, text: string): boolean
  /** ms that the first and the warm answer may take. */
  readonly floorMs?: readonly [number, number]
}

export interface QueryTimes {
  readonly query: RecordQuery
  readonly firstMs: number
  readonly warmMs: number
  /** Of the server for one warm answer: what others do on the machine hardly changes it. */
  readonly warmCpuMs: number
}

/** Asks each query as the first of a process, then again and again. */
export async function askRecords(
  running: RunningPeer,
  queries: readonly RecordQuery[],
  { isQuick, note }: BenchOptions,
): Promise<QueryTimes[]> {
  const firstMs: number[] = []
  for (const query of queries) {
    await running.stop()
    await running.start()
    firstMs.push(await ask(running, query))
  }
  await untilIdle(running.pid, isQuick ? QUICK_IDLE_MS : undefined)
  const times: QueryTimes[] = []
  for (const [i, query] of queries.entries()) {
    for (let round = 0; round < WARM_ROUNDS; round++) await ask(running, query)
    const warm: number[] = []
    const cpuBefore = cpuSeconds(running.pid)
    for (let round = 0; round < (isQuick ? QUICK_ROUNDS : ROUNDS); round++) warm.push(await ask(running, query))
    const warmCpuMs = ((cpuSeconds(running.pid) - cpuBefore) * 1000) / warm.length
    times.push({ query, firstMs: firstMs[i] as number, warmMs: median(warm), warmCpuMs })
    note(`  ${query.name}: first ${(firstMs[i] as number).toFixed(1)} ms, warm ${median(warm).toFixed(1)} ms`)
  }
  return times
}

/** @returns ms to the last byte of the answer */
async function ask(running: RunningPeer, { path, params, isRight, name }: RecordQuery): Promise<number> {
  const startedMs = performance.now()
  const answer = await fetch(urlOf(running, path, params))
  const text = await answer.text()
  const elapsedMs = performance.now() - startedMs
  if (!isRight(answer.status, text)) throw new Error(`${name}: ${answer.status} ${text.slice(0, 300)}`)
  return elapsedMs
}

function urlOf(running: RunningPeer, path: string, params: Readonly<Record<string, string>>): string {
  return `${running.url}${path}?${new URLSearchParams(params)}`
}

/** @returns ms from the caller's going to the end of what the server did for it; the median of some rounds */
export async function measureCancel(running: RunningPeer, { path, params }: RecordQuery): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < CANCEL_ROUNDS; round++) {
    const before = await endedQueries(running)
    const leave = new AbortController()
    const answer = fetch(urlOf(running, path, params), { signal: leave.signal }).then(
      () => true,
      () => false,
    )
    await sleep(CANCEL_AFTER_MS)
    const leftMs = performance.now()
    leave.abort()
    // Over few rows the answer may be quicker than who leaves.
    if (await answer) {
      times.push(0)
      continue
    }
    while ((await endedQueries(running)) === before) {
      if (performance.now() - leftMs > CANCEL_WAIT_MS) throw new Error('the query did not end')
      await sleep(CANCEL_LOOK_MS)
    }
    times.push(performance.now() - leftMs)
  }
  return median(times)
}

/** The server counts a query once no thread works for it any more. */
async function endedQueries(running: RunningPeer): Promise<number> {
  const text = await (await fetch(`${running.url}/metrics`)).text()
  let sum = 0
  for (const [, value] of text.matchAll(/^vantage_queries_total\{[^}]*\} (\d+)/gm)) sum += Number(value)
  return sum
}
