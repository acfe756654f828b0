import { formatExact, formatValue, PLAIN } from '@vantage/charts'
import { bucketName, type Heatmap, type HeatmapCell } from '@vantage/charts/panels'
import { clock, type DrillSpot, meantTime } from './drill-model.ts'
import { explainedBox } from './explain-box.ts'
import { type SeriesSource, subjectOf } from './subject.ts'

/** The spot of a cell of a heatmap: of durations, the requests that took so long. */
export function cellSpot(heatmap: Heatmap, sources: readonly SeriesSource[], cell: HeatmapCell): DrillSpot {
  const { startMs, endMs, unit, zone } = heatmap
  const { bucket, count, low, high } = cell
  const subject = subjectOf(sources)
  const point = { span: { startMs: cell.startMs, endMs: cell.endMs }, isRegion: false, subject } as const
  const range = { startMs, endMs }
  const explained = explainedBox(sources, unit, { ...meantTime(point), low, high }, range)
  const name = bucketName(bucket, (value) => formatValue(value, unit))
  return {
    ...point,
    title: `${name}: ${formatValue(count, PLAIN)} at ${clock(cell.endMs, { zone })}`,
    stepMs: cell.endMs - cell.startMs,
    range,
    subject: explained?.signal === 'spans' ? { ...subject, spans: explained.query } : subject,
    language: sources[0]?.language ?? 'promql',
    exactValue: formatExact(count),
    exemplar: undefined,
    noTrace: 'A cell counts many requests: the traces below are theirs',
    explained,
  }
}
