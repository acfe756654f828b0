/**
 * What does a row of logs or spans cost: µs of CPU to apply and to seal, bytes in a file, and ms to find something
 * among them? Run: node packages/store/bench/columns.bench.ts [rows]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import { type LogScan, systemClock } from '@vantage/model'
import { unlimitedBudget } from '@vantage/model/testing'
import { openColumnStore } from '../src/columns/index.ts'
import { columnsHost } from '../src/columns/testing/columns-host.ts'
import { RecordsShape } from './records-shape.ts'

const BATCH = 1_000
const rows = Number(process.argv[2] ?? 262_144)
const directory = mkdtempSync(join(tmpdir(), 'vantage-bench-'))
const files = new NodeFileSystem()
const store = await openColumnStore({
  directory,
  files,
  clock: systemClock,
  workers: columnsHost(files),
  hotBytesMax: 2 ** 32,
  onProblem: (message) => process.stderr.write(`${message}\n`),
})

const shape = new RecordsShape()
const batches = Math.ceil(rows / BATCH)
const logs = Array.from({ length: batches }, () => shape.logs(BATCH))
const spans = Array.from({ length: batches }, () => shape.spans(BATCH))

/** µs of CPU a row, of all threads of the process. */
async function cost(name: string, run: () => void | Promise<void>): Promise<void> {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  process.stdout.write(`${name}: ${((user + system) / (batches * BATCH)).toFixed(2)} µs a row\n`)
}

for (let round = 0; round < 3; round++) {
  const at = round * batches
  await cost('apply logs', () => {
    for (let i = 0; i < batches; i++) store.applyLogs('logs', logs[i] as (typeof logs)[0], at + i, 0)
  })
  await cost('seal logs', () => store.seal())
  await cost('apply spans', () => {
    for (let i = 0; i < batches; i++) store.applySpans('spans', spans[i] as (typeof spans)[0], at + i, 0)
  })
  await cost('seal spans', () => store.seal())
}
for (const { signal, rows, bytes } of store.files().filter((file) => file.fromOffset === 0)) {
  process.stdout.write(`${signal}: ${(bytes / rows).toFixed(1)} bytes a row\n`)
}

function search(name: string, text: string, rowsMax = Number.POSITIVE_INFINITY): void {
  const scan: LogScan = {
    startNs: 0n,
    endNs: 2n ** 62n,
    matchers: [],
    lineFilters: [{ text, isWanted: true }],
    direction: 'backward',
  }
  for (let round = 0; round < 3; round++) {
    const start = performance.now()
    let found = 0
    for (const block of store.logReader().scan('logs', scan, unlimitedBudget)) {
      found += block.rows.length
      if (found >= rowsMax) break
    }
    process.stdout.write(`${name}: ${(performance.now() - start).toFixed(1)} ms, ${found} rows\n`)
  }
}

search('absent word', 'for order nowhere user')
search('absent text', 'nowheretobefound')
search('newest 100', 'timeout after', 100)
await store.close()
rmSync(directory, { recursive: true, force: true })
