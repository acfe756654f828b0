import { useEffect, useState } from 'react'
import { client } from '../app/client.ts'
import { chooseTime } from '../time/time-store.ts'
import { useCatalogue } from './catalogue.ts'
import { type SelectorVariant, selectorVariants } from './empty-reason.ts'

interface EmptyPanelProps {
  readonly query: string
  readonly endMs: number
  readonly onQuery: (query: string) => void
}

interface Culprit extends SelectorVariant {
  readonly series: number
}

/** Nothing came back: says which matcher removes everything, and offers to drop it or to widen the time. */
export function EmptyPanel({ query, endMs, onQuery }: EmptyPanelProps) {
  const culprits = useCulprits(query, endMs)
  const { names, state } = useCatalogue()
  const name = /[a-zA-Z_:][a-zA-Z0-9_:]*(?=\s*[{[)]|\s*$)/.exec(query)?.[0]
  const isUnknown = state === 'ready' && name !== undefined && name === query.trim() && !names.includes(name)
  return (
    <div className="empty">
      <strong>No data in this range</strong>
      {isUnknown && <p>No metric is called “{name}”.</p>}
      {culprits.map((culprit) => (
        <p key={culprit.matcher}>
          Without <code>{culprit.matcher}</code> there {culprit.series === 1 ? 'is' : 'are'}{' '}
          {culprit.series.toLocaleString('en')} series.{' '}
          <button type="button" className="button small" onClick={() => onQuery(culprit.query)}>
            Drop it
          </button>
        </p>
      ))}
      <p>
        <button type="button" className="button small" onClick={() => chooseTime({ from: 'now-24h', to: 'now' })}>
          Look at the last 24 hours
        </button>
      </p>
    </div>
  )
}

function useCulprits(query: string, endMs: number): readonly Culprit[] {
  const [culprits, setCulprits] = useState<readonly Culprit[]>([])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a refresh moves the end, which is no reason to ask again.
  useEffect(() => {
    const abort = new AbortController()
    setCulprits([])
    const ask = async (variant: SelectorVariant): Promise<Culprit | undefined> => {
      const answer = await client.queryInstant(variant.countQuery, endMs, abort.signal)
      if (!answer.ok || answer.value.data.kind !== 'vector') return undefined
      const series = answer.value.data.samples[0]?.value ?? 0
      return series > 0 ? { ...variant, series } : undefined
    }
    void Promise.all(selectorVariants(query).map(ask)).then((found) => {
      if (!abort.signal.aborted) setCulprits(found.filter((one) => one !== undefined))
    })
    return () => abort.abort()
  }, [query])
  return culprits
}
