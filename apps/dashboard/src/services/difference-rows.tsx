import type { DifferenceRow, FoundDifference } from '@vantage/api/client'
import { formatValue } from '@vantage/charts'
import type { Jump } from '../app/jump.ts'
import { Link } from '../app/link.tsx'
import { RATIO } from './units.ts'

interface DifferenceRowsProps {
  readonly found: FoundDifference | undefined
  readonly isLoading: boolean
  readonly fault: string | undefined
  /** What the selected ones are called. */
  readonly kind: string
  /** Where those that have a value are listed. */
  readonly jump?: (row: DifferenceRow) => Jump | undefined
}

/** Attributes that more of a selection have than of the others, each with both shares. */
export function DifferenceRows({ found, isLoading, fault, kind, jump }: DifferenceRowsProps) {
  if (fault !== undefined) return <p className="service-fault">{fault}</p>
  if (found === undefined || (isLoading && found.rows.length === 0)) return <p className="service-none">Comparing …</p>
  const { rows, selected, others, cuts } = found
  return (
    <>
      {rows.length === 0 ? (
        <p className="service-none">
          {selected === 0 ? 'There is none in this time.' : 'Nothing tells them from the others.'}
        </p>
      ) : (
        <ol className="difference-list" aria-label={`What ${kind} ones have that others have not`}>
          {rows.map((row) => (
            <li key={`${row.attribute} ${row.value}`}>
              <Named row={row} jump={jump?.(row)} />
              <Share name={kind} share={row.selectedShare} />
              <Share name="others" share={row.baselineShare} />
            </li>
          ))}
        </ol>
      )}
      <p className="difference-sample">
        {selected.toLocaleString('en')} {kind} and {others.toLocaleString('en')} {others === 1 ? 'other' : 'others'}{' '}
        were compared.
        {cuts.map((cut) => ` Cut: ${cut}.`)}
      </p>
    </>
  )
}

function Named({ row: { attribute, value }, jump }: { readonly row: DifferenceRow; readonly jump: Jump | undefined }) {
  const text = `${attribute} = ${value}`
  if (jump === undefined) return <span className="code">{text}</span>
  return (
    <Link className="code" to={jump.path} params={jump.params} title={`List those with ${text}`}>
      {text}
    </Link>
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
