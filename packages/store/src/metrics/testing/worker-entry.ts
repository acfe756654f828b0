import { parentPort, workerData } from 'node:worker_threads'
import { NodeFileSystem } from '@vantage/bytes'
import { assert, HistogramColumns, labelValue, SampleColumns } from '@vantage/model'
import { unlimitedBudget } from '@vantage/model/testing'
import type { BackgroundData } from '../background/protocol.ts'
import { type CatalogueData, MetricViewReader, openView, runBackground, runCatalogue } from '../index.ts'
import type { TenantViewMessage, ViewOptions } from '../view.ts'

/** The threads of the tests with real workers: `reader` answers each view with what it found wrong in it. */
interface EntryData {
  readonly role: 'catalogue' | 'background' | 'reader'
  readonly data: unknown
}

const { role, data } = workerData as EntryData
const port = parentPort
assert(port !== null, 'runs as a worker')
if (role === 'catalogue') runCatalogue(port, data as CatalogueData)
if (role === 'background') runBackground(port, data as BackgroundData, new NodeFileSystem())
if (role === 'reader') runReader(data as ViewOptions)

/**
 * Series i holds i + n, or a histogram of that sum, at its n-th time; a read must be a gapless begin of that. One in ten
 * says since when it counts, anew each hundred samples.
 */
function runReader(options: ViewOptions): void {
  const view = openView(new NodeFileSystem(), options)
  const reader = new MetricViewReader(view)
  const out = new SampleColumns()
  const histograms = new HistogramColumns()
  const starts = new Map<number, number>()
  port?.on('message', (message: { view: TenantViewMessage; firstMs: number; minimum: number }) => {
    view.update(message.view)
    const scan = { matchers: [], startMs: -1e15, endMs: 1e15 }
    let samples = 0
    let problem = ''
    // Several passes on one view: the writer goes on underneath.
    for (let pass = 0; pass < 3; pass++) {
      const selection = reader.select('default', scan, unlimitedBudget)
      for (let i = 0; i < selection.count; i++) {
        const series = Number(labelValue(selection.labels(i), 'i'))
        selection.read(i, scan.startMs, scan.endMs, out)
        if (selection.mayHaveHistograms(i)) {
          selection.readHistograms(i, scan.startMs, scan.endMs, histograms)
          for (let n = 0; n < histograms.count; n++) out.push(histograms.times[n] as number, sumAt(histograms, n))
        }
        samples += out.count
        if (out.count < message.minimum) problem = `series ${series}: ${out.count} of ${message.minimum} samples`
        selection.readStartTimes(i, scan.startMs, scan.endMs, starts)
        for (let n = 0; n < out.count; n++) {
          const since = series % 10 === 3 ? message.firstMs + Math.floor(n / 100) * 100 - 1 : undefined
          if (starts.get(message.firstMs + n) !== since) {
            problem = `series ${series} sample ${n}: since ${starts.get(message.firstMs + n)}`
          }
          if (out.times[n] === message.firstMs + n && out.values[n] === series + n) continue
          problem = `series ${series} sample ${n}: ${out.times[n]} = ${out.values[n]}`
        }
      }
    }
    port?.postMessage({ samples, problem })
  })
}

function sumAt(histograms: HistogramColumns, at: number): number {
  return histograms.histograms[at]?.sum ?? Number.NaN
}
