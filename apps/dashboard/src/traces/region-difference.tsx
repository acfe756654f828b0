import { useId } from 'react'
import { client } from '../app/client.ts'
import type { SteppedRange } from '../explore/range-steps.ts'
import { useAsked } from '../explore/use-asked.ts'
import { DifferenceRows } from '../services/difference-rows.tsx'
import { type Region, regionQuery } from './region.ts'

const ROWS_MAX = 8

interface RegionDifferenceProps {
  readonly query: string
  readonly region: Region
  readonly range: SteppedRange
}

/** What the traces of a region have that the others of the same time have not. */
export function RegionDifference({ query, region, range }: RegionDifferenceProps) {
  const titleId = useId()
  const selection = regionQuery(query, region)
  const startMs = Math.max(range.startMs, Math.floor(region.startMs))
  const endMs = Math.min(range.endMs, Math.ceil(region.endMs))
  const asked = useAsked(JSON.stringify([selection, startMs, endMs]), (signal) =>
    client.difference(
      { signal: 'spans', query: selection, scope: query, startMs, endMs, baseline: 'rest' },
      ROWS_MAX,
      signal,
    ),
  )
  return (
    <section className="card service-difference" aria-labelledby={titleId} aria-busy={asked.isLoading}>
      <div className="card-head">
        <h2 id={titleId}>What is different</h2>
        <span className="aside">of the selected traces, against the others of that time</span>
      </div>
      <DifferenceRows
        asked={asked}
        kind="selected"
        among={{ signal: 'spans', query: selection, region: { startMs, endMs } }}
      />
    </section>
  )
}
