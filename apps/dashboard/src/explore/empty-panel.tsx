import { client } from '../app/client.ts'
import { Nothing } from '../parts/nothing.tsx'
import { useCatalogue } from './catalogue.ts'
import { CulpritList, useCulprits } from './culprits.tsx'
import { type QueryVariant, selectorVariants } from './empty-reason.ts'

interface EmptyPanelProps {
  readonly query: string
  readonly endMs: number
  readonly onQuery: (query: string) => void
}

/** Nothing came back: says which matcher removes everything, and offers to drop it or to widen the time. */
export function EmptyPanel({ query, endMs, onQuery }: EmptyPanelProps) {
  const { names, state } = useCatalogue()
  const name = /[a-zA-Z_:][a-zA-Z0-9_:]*(?=\s*[{[)]|\s*$)/.exec(query)?.[0]
  const isUnknown = state === 'ready' && name !== undefined && name === query.trim() && !names.includes(name)
  return (
    <Nothing title="No data in this range" signal="metrics">
      {isUnknown && <p>No metric is called “{name}”.</p>}
      <SeriesCulprits query={query} endMs={endMs} onQuery={onQuery} />
    </Nothing>
  )
}

/** The matchers of a selector that remove everything. */
export function SeriesCulprits({ query, endMs, onQuery }: EmptyPanelProps) {
  const culprits = useCulprits(query, selectorVariants, (variant, signal) => seriesOf(variant, endMs, signal))
  return <CulpritList culprits={culprits} one="series" many="series" onQuery={onQuery} />
}

async function seriesOf({ countQuery }: QueryVariant, endMs: number, signal: AbortSignal): Promise<number> {
  const answer = await client.queryInstant(countQuery, endMs, signal)
  return answer.ok && answer.value.data.kind === 'vector' ? (answer.value.data.samples[0]?.value ?? 0) : 0
}
