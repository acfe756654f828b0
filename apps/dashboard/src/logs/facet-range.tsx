import { formatExact, formatValue, PLAIN } from '@vantage/charts'
import { type FormEvent, useId } from 'react'
import { useNavigate } from '../app/router.ts'
import { refresh } from '../time/time-store.ts'
import { type NumberRange, withRange } from './log-model.ts'

interface FacetRangeProps {
  readonly label: string
  readonly range: NumberRange
  readonly query: string
}

/** How the numbers of a field are spread. A bar filters for its range, and so do two ends that are typed. */
export function FacetRange({ label, range: { bins }, query }: FacetRangeProps) {
  const navigate = useNavigate()
  const titleId = useId()
  const most = Math.max(1, ...bins.map(({ count }) => count))
  const filter = (from: number, to: number) => {
    navigate({ q: withRange(query, label, from, to), line: null })
    refresh()
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const end = (name: string) => {
      const text = String(form.get(name) ?? '').trim()
      return text === '' ? Number.NaN : Number(text)
    }
    const [from, to] = [end('from'), end('to')]
    if (from < to) filter(from, to)
  }
  return (
    <div className="facet-range">
      <p className="visually-hidden" id={titleId}>
        Ranges of {label}
      </p>
      <ol aria-labelledby={titleId}>
        {bins.map(({ from, to, count }) => {
          const name = `${label} from ${formatExact(from)} to ${formatExact(to)}: ${count.toLocaleString('en')} lines`
          return (
            <li key={from}>
              <button
                type="button"
                title={name}
                aria-label={name}
                disabled={count === 0}
                onClick={() => filter(from, to)}
              >
                <span style={{ height: `${(count / most) * 100}%` }} />
              </button>
            </li>
          )
        })}
      </ol>
      <div className="facet-ends">
        <span>{formatValue(bins[0]?.from ?? 0, PLAIN)}</span>
        <span>{formatValue(bins.at(-1)?.to ?? 0, PLAIN)}</span>
      </div>
      <form onSubmit={submit}>
        <input
          name="from"
          className="builder-field"
          inputMode="decimal"
          aria-label={`${label} from`}
          placeholder="from"
        />
        <input name="to" className="builder-field" inputMode="decimal" aria-label={`${label} to`} placeholder="to" />
        <button type="submit" className="button small">
          Filter
        </button>
      </form>
    </div>
  )
}
