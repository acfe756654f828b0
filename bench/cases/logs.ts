import { once } from 'node:events'
import WebSocket from 'ws'
import type { BenchCase, BenchOptions, BenchReport } from '../bench-case.ts'
import { LogRows, oneLog } from '../load/log-rows.ts'
import type { RecordTemplate } from '../load/record-template.ts'
import { percentile } from '../statistics.ts'
import type { RecordServer } from './record-intake.ts'
import { askRecords, measureCancel, type RecordQuery } from './record-queries.ts'
import { type RecordFloors, recordReport } from './record-report.ts'
import { HOUR_NS, type Kept, measureRecords } from './records.ts'

const FLOORS: RecordFloors = {
  cpuSecondsPerMillion: { floor: 7.5, goal: 6, isMost: true },
  rowsPerSecond: { floor: 180_000, goal: 250_000, isMost: false },
  ackP99Ms: { floor: 60, isMost: true },
  bytesPerRow: { floor: 75, isMost: true },
  jsonRatio: { floor: 8.5, isMost: false },
}
const NEEDLE = 'needle7f3a9c51e2'
const ALL = '{service_name=~".+"}'
const TAIL_LINES = 40
const TAIL_GAP_MS = 50
const TAIL_WAIT_MS = 5_000
const NS_PER_MS = 1_000_000n

export const logs: BenchCase = {
  question:
    'What does a log row cost that comes by OTLP, in CPU and bytes, and how soon are questions to 5 M answered?',
  run,
}

async function run(options: BenchOptions): Promise<BenchReport> {
  const figures = await measureRecords(
    {
      signal: 'logs',
      rowsOf: (form) => new LogRows(form),
      between: oneLog(`so there is a ${NEEDLE} in here`),
      ask: (kept) => askKept(kept, options),
    },
    options,
  )
  return recordReport(figures, FLOORS, [
    'Lines of about 250 bytes rich in random ids; needle: a word of one row, with the spaces around it; tail: from the acknowledgement of a row to its line, p99 of 40.',
  ])
}

async function askKept(kept: Kept, options: BenchOptions) {
  const { running } = kept.server
  const queries = queriesOf(kept)
  const times = await askRecords(running, queries, options)
  const regexp = queries.find(({ name }) => name.startsWith('regexp')) as RecordQuery
  const others = [
    { name: 'regexp over all rows, cancelled', ms: await measureCancel(running, regexp), floorMs: 250 },
    { name: 'tail, after the acknowledgement, p99', ms: percentile(await tail(kept.server), 0.99), floorMs: 250 },
  ]
  return { queries: times, others }
}

function queriesOf({ shape, rows, startNs, endNs }: Kept): RecordQuery[] {
  const traceId = (shape.templates[20] as RecordTemplate).firstId(500)
  const all = { start: String(startNs), end: String(endNs) }
  const path = '/loki/api/v1/query_range'
  const lines = (text: string) => (text.match(/\["\d{19}"/g) ?? []).length
  const finds = (count: number) => (status: number, text: string) => status === 200 && lines(text) === count
  const total = (status: number, text: string) => {
    const sum = [...text.matchAll(/\[\d+(?:\.\d+)?,"(\d+)"\]/g)].reduce((sum, [, value]) => sum + Number(value), 0)
    return status === 200 && sum > rows * 0.99
  }
  const filtered = (name: string, filter: string, count: number): RecordQuery => ({
    name,
    path,
    params: { query: `${ALL} ${filter}`, limit: '100', ...all },
    isRight: finds(count),
    floorMs: [150, 60],
  })
  const perMinute = 'sum by (detected_level) (count_over_time({service_name=~".+"}[1m]))'
  return [
    filtered('needle, one row', `|= " ${NEEDLE} "`, 1),
    filtered('absent word', '|= "for order nowhere user"', 0),
    {
      name: 'count per minute by severity, 6 h',
      path,
      params: { query: perMinute, step: '60', ...all },
      isRight: total,
      floorMs: [250, 110],
    },
    {
      name: 'service and 30 min, newest 1,000',
      path,
      params: { ...all, query: '{service_name="service-3"}', limit: '1000', start: String(endNs - HOUR_NS / 2n) },
      // Of fewer rows than a full run keeps, 30 minutes may hold less.
      isRight: (status, text) => finds(1_000)(status, text) || (rows < 1e6 && status === 200 && lines(text) > 0),
      floorMs: [150, 60],
    },
    { ...filtered('rows of a trace id', `| trace_id="${traceId}"`, 4), floorMs: [120, 40] },
    {
      name: 'regexp over all rows',
      path: '/loki/api/v1/query',
      params: { query: `sum(count_over_time(${ALL} |~ "timeout after [0-9]+ms"[6h]))`, time: String(endNs) },
      isRight: (status, text) => status === 200 && Number(/,"(\d+)"\]/.exec(text)?.[1] ?? 0) > rows / 4,
      floorMs: [1_500, 1_500],
    },
  ]
}

/** @returns ms from each row's acknowledgement to its line; under 0: before it */
async function tail(server: RecordServer): Promise<number[]> {
  const query = encodeURIComponent('{service_name="service-0"} |= "tailed line"')
  const socket = new WebSocket(`${server.running.url.replace('http', 'ws')}/loki/api/v1/tail?query=${query}`)
  const arrivedMs = new Map<number, number>()
  socket.on('message', (data) => {
    for (const [, n] of String(data).matchAll(/tailed line (\d+)/g)) arrivedMs.set(Number(n), performance.now())
  })
  await once(socket, 'open')
  const ackedMs: number[] = []
  for (let i = 0; i < TAIL_LINES; i++) {
    ackedMs.push(await server.sendOne(oneLog(`tailed line ${i}`), BigInt(Date.now()) * NS_PER_MS))
    await new Promise((wake) => setTimeout(wake, TAIL_GAP_MS))
  }
  const untilMs = performance.now() + TAIL_WAIT_MS
  while (arrivedMs.size < TAIL_LINES && performance.now() < untilMs) {
    await new Promise((wake) => setTimeout(wake, TAIL_GAP_MS))
  }
  socket.close()
  if (arrivedMs.size < TAIL_LINES) throw new Error(`tail: ${arrivedMs.size} of ${TAIL_LINES} lines came`)
  return ackedMs.map((ms, i) => (arrivedMs.get(i) as number) - ms)
}
