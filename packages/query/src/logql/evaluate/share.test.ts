import { DEFAULT_TENANT, type LogReader, NO_ORIGIN, type Origin, systemClock } from '@vantage/model'
import { MemoryLogs, seededRandom, testSeed, unlimitedBudget } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { evaluateLogql, type LogqlRequest } from './query.ts'
import { evaluateLogqlShare } from './range.ts'
import type { LogqlHelpers, LogqlShareAnswer } from './share.ts'

const SECOND_NS = 1_000_000_000n
const ROWS = 2_000
const LINES = ['level=error took=20ms n=1', 'level=info took=x', '{"level":"warn","n":4}', 'plain é', '']

const seed = testSeed()
const random = seededRandom(seed)

function originOf(app: string): Origin {
  return { ...NO_ORIGIN, resource: [{ key: 'app', value: { kind: 'string', value: app } }], kind: 'labels' }
}

function manyRows(): MemoryLogs {
  const logs = new MemoryLogs()
  const origins = ['a', 'b', 'c'].map(originOf)
  for (let i = 0; i < ROWS; i++) {
    const pod = { key: 'pod', value: { kind: 'string', value: `p${Math.floor(random() * 3)}` } } as const
    logs.append(DEFAULT_TENANT, {
      timeNs: BigInt(Math.floor(random() * 3_600_000)) * 1_000_000n,
      origin: origins[Math.floor(random() * 3)] as Origin,
      body: LINES[Math.floor(random() * LINES.length)] as string,
      severity: Math.floor(random() * 25),
      attributes: random() < 0.3 ? [pod] : [],
    })
  }
  return logs
}

const memory = manyRows()
/** Says that there are many rows, so that they are worth an offer. */
const reader: LogReader = {
  scan: (...args) => memory.scan(...args),
  streams: (tenant, sets, range) => memory.streams(tenant, sets, range),
  count: (tenant, scan, what, by, grid) => memory.count(tenant, scan, what, by, grid),
  cuts: (...args) => ({ ...memory.cuts(...args), rows: 1_000_000 }),
}

/** Somebody who takes runs from the other end as soon as they are offered. */
class OtherThread implements LogqlHelpers {
  runs = 0

  offer(task: Parameters<LogqlHelpers['offer']>[0]) {
    const sent = structuredClone(task)
    const free = Array.from({ length: task.runs }, (_, i) => i)
    const own = Math.floor(random() * (task.runs + 1))
    const claimed = free.splice(own)
    this.runs += claimed.length
    const answer = evaluateLogqlShare(sent, DEFAULT_TENANT, reader, unlimitedBudget, () => claimed.pop() ?? -1)
    return {
      claim: () => free.shift() ?? -1,
      collect: (): LogqlShareAnswer[] => {
        if (!answer.ok) throw new Error(answer.error.message)
        return [structuredClone(answer.value)]
      },
    }
  }
}

test.each([
  'sum by (detected_level) (count_over_time({app=~".+"}[1m]))',
  'sum by (app) (count_over_time({app=~".+"} |~ "level=[a-z]+"[5m]))',
  'sum(rate({app=~".+"} != "plain"[10m]))',
  'sum by (app) (bytes_rate({app=~".+"} |= "n"[10m]))',
  'sum(bytes_over_time({app=~".+", app!="c"}[7m]))',
  'count_over_time({app="a"} | logfmt | took != "" [3m])',
  'sum by (pod) (count_over_time({app=~"a|b"}[90s] offset 5m))',
  'topk(2, sum by (detected_level, app) (rate({app=~".+"} !~ "^plain"[4m])))',
])('%s: what two threads count is what one counts', (query) => {
  const other = new OtherThread()
  for (const stepNs of [0n, 60n * SECOND_NS, 300n * SECOND_NS]) {
    const request: LogqlRequest = {
      query,
      startNs: 0n,
      endNs: 3600n * SECOND_NS,
      stepNs,
      limit: 10,
      direction: 'backward',
      intervalNs: 0n,
      detectsLevels: true,
    }
    const alone = evaluateLogql(request, DEFAULT_TENANT, reader, unlimitedBudget, systemClock)
    for (let round = 0; round < 5; round++) {
      const shared = evaluateLogql(request, DEFAULT_TENANT, reader, unlimitedBudget, systemClock, other)
      expect([seed, shared]).toEqual([seed, alone])
    }
  }
  expect(other.runs).toBeGreaterThan(0)
})
