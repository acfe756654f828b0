import type { FoundDifference } from '@vantage/api/client'
import { ok } from '@vantage/model'
import { client } from '../app/client.ts'
import { navigateSearch, useSearch } from '../app/router.ts'
import type { Among } from '../drill/explain-model.ts'
import type { SteppedRange } from '../explore/range-steps.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Choice } from '../parts/choice.tsx'
import { LONGEST_MS, type Region, regionOf } from '../traces/region.ts'
import { RegionForm } from '../traces/region-form.tsx'
import { DifferenceRows } from './difference-rows.tsx'
import { quoted } from './service-queries.ts'
import type { ServicePartProps } from './service-tabs.ts'

const ROWS_MAX = 6

type Kind = 'off' | 'failed' | 'slow' | 'selected'
const NO_DIFFERENCE: FoundDifference = { rows: [], selected: 0, others: 0, cuts: [] }
/** Slower than this share of the service's own spans. */
const SLOW_QUANTILE = 0.95

/** What requests that failed, were slow or are selected have that the others have not. Asked for: it reads spans. */
export function DifferenceCard({ service, range, zone }: ServicePartProps) {
  const search = useSearch()
  const given = search.get('different')
  const region = regionOf(search.get('region'))
  const kind: Kind = region !== undefined ? 'selected' : given === 'failed' || given === 'slow' ? given : 'off'
  const key = kind === 'off' ? undefined : JSON.stringify([service, range.startMs, range.endMs, kind, region])
  const asked = useAsked(key, (signal) =>
    region === undefined ? difference(service, range, kind, signal) : regionDifference(service, region, signal),
  )
  return (
    <section className="card service-difference" aria-labelledby="difference-title" aria-busy={asked.isLoading}>
      <div className="card-head">
        <h2 id="difference-title">What is different</h2>
        {region === undefined && (
          <Choice
            label="About which requests"
            value={kind}
            options={[
              { value: 'off', label: 'Off' },
              { value: 'failed', label: 'Failed' },
              { value: 'slow', label: 'Slow' },
            ]}
            onChoose={(value) => navigateSearch({ different: value === 'off' ? null : value })}
          />
        )}
      </div>
      {(kind === 'off' || kind === 'selected') && (
        <div className="service-region">
          <RegionForm region={region} range={range} zone={zone} highMs={LONGEST_MS} />
        </div>
      )}
      {kind === 'off' ? (
        <p className="service-none">
          Compares the requests that failed, the slowest twentieth, or those of a part of the heatmap with all others.
        </p>
      ) : (
        <DifferenceRows asked={asked} kind={kind} among={asked.answer?.among} />
      )}
    </section>
  )
}

/** The requests by which a service was entered, of some durations, against its others of that time. */
function regionDifference(service: string, { startMs, endMs, fromMs, toMs }: Region, signal: AbortSignal) {
  const own = `resource.service.name = ${quoted(service)} && (kind = server || kind = consumer)`
  const micros = (ms: number) => `${Math.round(ms * 1_000)}us`
  const query = `{ ${own} && duration > ${micros(fromMs)} && duration <= ${micros(toMs)} }`
  return compare({ signal: 'spans', query, region: { startMs, endMs } }, `{ ${own} }`, signal)
}

async function difference(service: string, range: SteppedRange, kind: Kind, signal: AbortSignal) {
  const scope = `{ resource.service.name = ${quoted(service)} }`
  const condition = kind === 'failed' ? ok('status = error') : await slowerThan(service, range, signal)
  if (!condition.ok) return condition
  const query = `{ resource.service.name = ${quoted(service)} && ${condition.value} }`
  const among = { signal: 'spans', query, region: range } as const
  return condition.value === '' ? ok({ ...NO_DIFFERENCE, among }) : compare(among, scope, signal)
}

/** With what was selected, so that those that have a value can be listed. */
async function compare(among: Among, scope: string, abort: AbortSignal) {
  const { signal, query, region } = among
  const { startMs, endMs } = region
  const question = { signal, query, scope, startMs, endMs, baseline: 'rest' } as const
  const answer = await client.difference(question, ROWS_MAX, abort)
  return answer.ok ? ok({ ...answer.value, among }) : answer
}

/** The condition that the slowest spans of a service fulfil; '' where none was counted. */
async function slowerThan(service: string, { startMs, endMs }: SteppedRange, signal: AbortSignal) {
  const windowSeconds = Math.max(1, Math.round((endMs - startMs) / 1000))
  const buckets = `sum by (le) (rate(traces_spanmetrics_latency_bucket{service=${quoted(service)}}[${windowSeconds}s]))`
  const answer = await client.queryInstant(`histogram_quantile(${SLOW_QUANTILE}, ${buckets})`, endMs, signal)
  if (!answer.ok) return answer
  const { data } = answer.value
  const seconds = (data.kind === 'vector' ? data.samples[0]?.value : undefined) ?? Number.NaN
  return ok(Number.isFinite(seconds) ? `duration > ${Math.max(1, Math.round(seconds * 1e6))}us` : '')
}
