import { type Labels, labelsFrom, type MetricBatch } from '@vantage/model'
import { EXEMPLAR_LABEL_BYTES_MAX, EXEMPLARS_MAX_PER_REQUEST } from './limits.ts'
import { warnOnce } from './refusals.ts'

/**
 * Adds an exemplar to a row; drops it with a warning where it is bad or too many came.
 * @param pairs name, value, name, value …; undefined where they could not be read
 */
export function pushExemplar(
  batch: MetricBatch,
  row: number,
  pairs: readonly string[] | undefined,
  value: number,
  timeMs: number,
): void {
  if (batch.exemplars.length >= EXEMPLARS_MAX_PER_REQUEST) {
    warnOnce(batch, `exemplars beyond ${EXEMPLARS_MAX_PER_REQUEST} in one request were dropped`)
    return
  }
  const labels = pairs === undefined ? undefined : exemplarLabels(pairs)
  if (labels === undefined) warnOnce(batch, 'exemplar dropped: its labels are malformed, not UTF-8 or too long')
  else batch.exemplars.push({ row, exemplar: { labels, value, timeMs } })
}

function exemplarLabels(pairs: readonly string[]): Labels | undefined {
  let bytes = 0
  const entries: [string, string][] = []
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string
    const value = pairs[i + 1] as string
    if (name === '') return undefined
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
    entries.push([name, value])
  }
  return bytes > EXEMPLAR_LABEL_BYTES_MAX ? undefined : labelsFrom(entries)
}
