import { MemoryMetrics } from '../testing/memory-metrics.ts'
import { metricReaderContract } from './metric-reader.ts'

metricReaderContract('in memory', async (samples) => {
  const metrics = new MemoryMetrics()
  for (const { tenant, labels, timeMs, value, startMs } of samples) {
    if (typeof value !== 'number') metrics.appendHistogram(tenant, labels, timeMs, value)
    else if (Number.isNaN(value)) metrics.appendStale(tenant, labels, timeMs)
    else metrics.append(tenant, labels, timeMs, value)
    if (startMs !== undefined) metrics.appendStartTime(tenant, labels, timeMs, startMs)
  }
  return metrics
})
