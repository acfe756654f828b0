/**
 * One question: how long does a selection take in a head of many series? Run: node packages/store/bench/select.bench.ts [series]
 */

import { NodeFileSystem } from '@vantage/bytes'
import { type Matcher, MetricBatch, SampleColumns } from '@vantage/model'
import { unlimitedBudget } from '@vantage/model/testing'
import { applyBatch } from '../src/metrics/head/apply.ts'
import { DEFAULT_LIMITS } from '../src/metrics/head/head-limits.ts'
import { TailPacker } from '../src/metrics/head/tail-packer.ts'
import { TenantHead } from '../src/metrics/head/tenant-head.ts'
import { PinBook } from '../src/metrics/pins.ts'
import { MetricViewReader } from '../src/metrics/reader.ts'
import { DEFAULT_RETENTION } from '../src/metrics/retention.ts'
import { StoreView } from '../src/metrics/view.ts'
import { ViewBook } from '../src/metrics/view-book.ts'

const seriesCount = Number(process.argv[2] ?? 100_000)
const head = new TenantHead(12_345, 1, new TailPacker(), new PinBook())
const now = 1.7e12
for (let from = 0; from < seriesCount; from += 1000) {
  const batch = new MetricBatch()
  batch.reset()
  const keys: Buffer[] = []
  let at = 0
  for (let i = from; i < from + 1000; i++) {
    const key = Buffer.from(`s${i}`)
    keys.push(key)
    for (let n = 0; n < 60; n++) batch.pushSample(now + n * 15_000, i + n)
    batch.endRow(at, at + key.length)
    at += key.length
  }
  batch.bytes = Buffer.concat(keys)
  batch.labelsOf = (row) => {
    const i = from + row
    const labels = ['__name__', `metric_${i % 100}`, 'cluster', 'eu', 'instance', `host-${i % 500}`, 'job', 'api']
    return { ok: true, labels: [...labels, 'method', ['GET', 'PUT', 'POST'][i % 3] as string, 'pod', `pod-${i}`] }
  }
  applyBatch(head, batch, DEFAULT_LIMITS, { nowMs: now + 1e6 })
}
const view = new StoreView(
  new NodeFileSystem(),
  { directory: '/nowhere', seed: 12_345, retention: DEFAULT_RETENTION },
  1 << 20,
)
const book = new ViewBook()
const reader = new MetricViewReader(view)
const out = new SampleColumns()
const range = { startMs: now, endMs: now + 1e6 }

function measure(title: string, matchers: readonly Matcher[]): void {
  const selectMs: number[] = []
  const readMs: number[] = []
  let count = 0
  let samples = 0
  for (let i = 0; i < 7; i++) {
    const start = performance.now()
    view.update(book.message('bench', 't', head, { parts: [], tiers: [], version: 0 }, now))
    const selection = reader.select('t', { matchers, ...range }, unlimitedBudget)
    const selected = performance.now()
    samples = 0
    for (let s = 0; s < selection.count; s++) {
      selection.read(s, range.startMs, range.endMs, out)
      samples += out.count
    }
    count = selection.count
    selectMs.push(selected - start)
    readMs.push(performance.now() - selected)
  }
  const median = (list: number[]): number => list.sort((a, b) => a - b)[3] as number
  process.stdout.write(
    `${title}: ${count} series, select ${median(selectMs).toFixed(3)} ms (first ${(selectMs[6] as number).toFixed(1)} at most), ` +
      `read ${median(readMs).toFixed(2)} ms, ${(samples / median(readMs) / 1e3).toFixed(0)} M samples/s\n`,
  )
}

const eq = (name: string, value: string): Matcher => ({ name, op: '=', value })
measure('one pod', [eq('__name__', 'metric_7'), eq('pod', 'pod-1007')])
measure('name and instance', [eq('__name__', 'metric_7'), eq('instance', 'host-7')])
measure('name', [eq('__name__', 'metric_7')])
measure('name, method != GET', [eq('__name__', 'metric_7'), { name: 'method', op: '!=', value: 'GET' }])
measure('pod regex', [eq('__name__', 'metric_7'), { name: 'pod', op: '=~', value: 'pod-[0-9]*77' }])
measure('pod contains', [{ name: 'pod', op: '=~', value: '.*777.*' }])
measure('all', [])
