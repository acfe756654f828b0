import { MemorySpans } from '../testing/memory-spans.ts'
import { spanReaderContract } from './span-reader.ts'

spanReaderContract('in memory', (batches) => {
  const spans = new MemorySpans()
  for (const { tenant, batch } of batches) spans.appendBatch(tenant, batch)
  return spans
})
