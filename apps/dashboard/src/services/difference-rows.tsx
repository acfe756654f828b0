import type { DifferenceRow } from '@vantage/api/client'
import { formatValue } from '@vantage/charts'
import { RATIO } from './units.ts'

interface DifferenceRowsProps {
  readonly rows: readonly DifferenceRow[] | undefined
  readonly isLoading: boolean
  readonly fault: string | undefined
  /** What the selected ones are called. */
  readonly kind: string
}

/** Attributes that more of a selection have than of the others, each with both shares. */
export function DifferenceRows({ rows, isLoading, fault, kind }: DifferenceRowsProps) {
  if (fault !== undefined) return <p className="service-fault">{fault}</p>
  if (rows === undefined || (isLoading && rows.length === 0)) return <p className="service-none">Comparing …</p>
  if (rows.length === 0) return <p className="service-none">Nothing tells them from the others.</p>
  return (
    <ol className="difference-list" aria-label={`What ${kind} requests have that others have not`}>
      {rows.map(({ attribute, value, selectedShare, baselineShare }) => (
        <li key={`${attribute} ${value}`}>
          <span className="code">
            {attribute} = {value}
          </span>
          <Share name={kind} share={selectedShare} />
          <Share name="others" share={baselineShare} />
        </li>
      ))}
    </ol>
  )
}

function Share({ name, share }: { readonly name: string; readonly share: number }) {
  return (
    <span className="difference-share" data-side={name === 'others' ? 'others' : 'selected'}>
      <span className="difference-bar" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span className="number">{formatValue(share, RATIO)}</span> of {name}
    </span>
  )
}
