import { MemoryMetrics } from '../testing/memory-metrics.ts'
import { metricReaderContract } from './metric-reader.ts'

metricReaderContract('in memory', async (samples) => {
  const metrics = new MemoryMetrics()
  for (const { tenant, labels, timeMs, value } of samples) {
    if (Number.isNaN(value)) metrics.appendStale(tenant, labels, timeMs)
    else metrics.append(tenant, labels, timeMs, value)
  }
  return metrics
})
