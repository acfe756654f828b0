import { expect, test } from 'vitest'
import { SampleColumns } from '../columns.ts'
import { FaultError } from '../fault.ts'
import { HistogramColumns } from '../histogram.ts'
import { labelsToRecord } from '../labels.ts'
import type { MetricReader, SeriesScan } from '../reader.ts'
import { isStaleAt } from '../stale.ts'
import { unlimitedBudget } from '../testing/unlimited-budget.ts'
import { ALL, dataSet, FAR, matcher, type OpenContractReader, scan } from './data-set.ts'
import { histogramReaderContract } from './histogram-reader.ts'
import { startTimeReaderContract } from './start-time-reader.ts'

function names(reader: MetricReader, tenant: string, matchers: readonly string[], range = ALL): string[] {
  const selection = reader.select(tenant, scan(matchers.map(matcher), range), unlimitedBudget)
  const out = new SampleColumns()
  const histograms = new HistogramColumns()
  const found: string[] = []
  for (let i = 0; i < selection.count; i++) {
    // A selection may offer series that turn out empty; their reads say so.
    selection.read(i, range.startMs, range.endMs, out)
    selection.readHistograms(i, range.startMs, range.endMs, histograms)
    if (out.count === 0 && histograms.count === 0) continue
    const { __name__, host, ...rest } = labelsToRecord(selection.labels(i))
    found.push([__name__, host, ...Object.values(rest)].join('/'))
  }
  return found
}

/** The promises of `MetricReader`, the same for every implementation. Call inside a test file. */
export function metricReaderContract(implementation: string, open: OpenContractReader): void {
  test(`${implementation}: selects by matchers, in the order of label sets`, async () => {
    const reader = await open(dataSet())
    const check = (matchers: readonly string[], want: readonly string[], range = ALL): void => {
      expect([matchers, names(reader, 'default', matchers, range)]).toEqual([matchers, want])
    }
    const up = ['up/a', 'up/a/z', 'up/b', 'up/c-1', 'up/c-2', 'up/ü']
    check(['__name__=up'], up)
    check(['__name__=up', 'host=a'], ['up/a', 'up/a/z'])
    check(['__name__=up', 'host=a', 'zone='], ['up/a'])
    check(['__name__=up', 'zone!='], ['up/a/z'])
    check(['__name__=up', 'host!=a'], ['up/b', 'up/c-1', 'up/c-2', 'up/ü'])
    check(['__name__=up', 'host=~a|b'], ['up/a', 'up/a/z', 'up/b'])
    check(['__name__=up', 'host=~c-.*'], ['up/c-1', 'up/c-2'])
    check(['__name__=up', 'host=~.*1.*'], ['up/c-1'])
    check(['__name__=up', 'host=~[bü]'], ['up/b', 'up/ü'])
    check(['__name__=up', 'host!~c-.*|a'], ['up/b', 'up/ü'])
    check(['__name__=up', 'host=~.+'], up)
    check(['__name__=up', 'host=~.*'], up)
    check(['__name__=up', 'host!~.+'], [])
    check(['__name__=up', 'missing='], up)
    check(['__name__=up', 'missing=x'], [])
    check(['__name__=~up|late', 'host=a', 'zone!=z'], ['late/a', 'up/a'])
    check(['host=ü'], ['load/ü/5m', 'up/ü'])
    check(['__name__=none'], [])
    check(['__name__=latency'], ['latency//yes', 'latency/a'])
    check(['__name__=latency'], ['latency//yes'], { startMs: 700_000, endMs: 900_000 })
    check(['__name__=latency'], [], { startMs: 900_000, endMs: 990_000 })
    check(['__name__=up'], ['up/a/z'], { startMs: 400_000, endMs: 600_000 })
    check(['__name__=up'], ['up/a'], { startMs: 0, endMs: 999 })
    check(['__name__=up'], [], { startMs: 600_000, endMs: 700_000 })
    expect(names(reader, 'other', [])).toEqual(['up/x'])
    expect(names(reader, 'nobody', [])).toEqual([])
    expect(() => names(reader, 'default', ['host=~('])).toThrow(FaultError)
  })

  test(`${implementation}: reads ranges with both ends, ascending, markers included`, async () => {
    const reader = await open(dataSet())
    const out = new SampleColumns(1)
    const read = (text: string, startMs: number, endMs: number): number[] => {
      const selection = reader.select('default', scan([matcher(text), matcher('zone=')]), unlimitedBudget)
      selection.read(0, startMs, endMs, out)
      return [...out.times.subarray(0, out.count)]
    }
    expect(read('__name__=up', 2000, 4000)).toEqual([2000, 3000, 4000])
    expect([...out.values.subarray(0, 3)]).toEqual([1, 2, 3])
    expect(read('__name__=up', 2001, 3999)).toEqual([3000])
    expect(read('__name__=up', 2001, 2999)).toEqual([])
    expect(read('__name__=up', 0, 1e9).length).toBe(101)
    expect(read('__name__=late', 0, 1e9)).toEqual([1000, 2000, 3000])
    expect([isStaleAt(out.halves, 0), isStaleAt(out.halves, 1), isStaleAt(out.halves, 2)]).toEqual([false, true, false])
  })

  test(`${implementation}: equal time keys mean equal times`, async () => {
    const reader = await open(dataSet())
    const selection = reader.select('default', scan([matcher('__name__=~up|load')]), unlimitedBudget)
    const byKey = new Map<number, string>()
    const out = new SampleColumns()
    for (let i = 0; i < selection.count; i++) {
      selection.read(i, 1000, 50_000, out)
      if (out.timesKey === 0) continue
      const times = out.times.subarray(0, out.count).join()
      expect(byKey.get(out.timesKey) ?? times).toBe(times)
      byKey.set(out.timesKey, times)
    }
  })

  labelContract(implementation, open)
  histogramReaderContract(implementation, open)
  startTimeReaderContract(implementation, open)
}

function labelContract(implementation: string, open: OpenContractReader): void {
  test(`${implementation}: lists label names and values`, async () => {
    const reader = await open(dataSet())
    const labelNames = (scans: readonly SeriesScan[]) => reader.labelNames('default', scans, ALL, unlimitedBudget)
    const values = (name: string, scans: readonly SeriesScan[] = []) =>
      reader.labelValues('default', name, scans, ALL, unlimitedBudget)
    expect(labelNames([])).toEqual(['__name__', 'far', 'host', 'window', 'zone'])
    expect(labelNames([scan([matcher('__name__=up')])])).toEqual(['__name__', 'host', 'zone'])
    expect(values('host')).toEqual(['a', 'b', 'c-1', 'c-2', 'ü'])
    expect(values('missing')).toEqual([])
    const united = [scan([matcher('__name__=late')]), scan([matcher('host=b')])]
    expect(values('__name__', united)).toEqual(['late', 'load', 'up'])
    expect(values('far')).toEqual(['yes'])
    expect(reader.labelNames('default', [], FAR, unlimitedBudget)).toEqual(['__name__', 'far'])
    const early = { startMs: 0, endMs: 999 }
    expect(reader.labelValues('default', 'host', [], early, unlimitedBudget)).toEqual(['a'])
  })
}
