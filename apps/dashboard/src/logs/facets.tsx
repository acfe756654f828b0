import { formatValue, PLAIN } from '@vantage/charts'
import { Minus } from 'lucide-react'
import { memo, useId, useMemo } from 'react'
import { useNavigate, useSearch } from '../app/router.ts'
import { useUrlText } from '../app/url-text.ts'
import { Fold } from '../parts/fold.tsx'
import { valueMark } from '../parts/value-keys.ts'

import { FacetRange } from './facet-range.tsx'
import { filterLines } from './filter.ts'
import { FACET_VALUES_SHOWN, type Facet } from './log-model.ts'
import { FACET_PARAM, type FacetLook, facetLooks, withFacetLook } from './log-url.ts'

interface FacetsProps {
  readonly facets: readonly Facet[]
  readonly query: string
}

/** What the loaded lines have in common; each value filters for itself, or itself out. */
export const Facets = memo(function Facets({ facets, query }: FacetsProps) {
  const titleId = useId()
  const [text, setText] = useUrlText('fields')
  const search = useSearch()
  const looks = useMemo(() => facetLooks(search), [search])
  const wanted = text.trim().toLowerCase()
  const shown = wanted === '' ? facets : facets.flatMap((facet) => matching(facet, wanted))
  return (
    <section className="card log-facets" aria-labelledby={titleId}>
      <div className="card-head">
        <h2 id={titleId}>Fields</h2>
        <span className="aside">of the lines loaded</span>
      </div>
      <div className="facet-search">
        <label className="field">
          <span className="visually-hidden">Search fields and values</span>
          <input
            value={text}
            placeholder="Search"
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
      </div>
      {shown.map((facet) => (
        <FacetValues key={facet.label} facet={facet} query={query} isFound={wanted !== ''} looks={looks} />
      ))}
      {shown.length === 0 && <p className="facet-others">Nothing holds “{text}”.</p>}
    </section>
  )
})

/** A facet whose name matches with all its values, another with those that match. */
function matching(facet: Facet, wanted: string): Facet[] {
  if (facet.label.toLowerCase().includes(wanted)) return [facet]
  const values = facet.values.filter(({ value }) => value.toLowerCase().includes(wanted))
  return values.length === 0 ? [] : [{ ...facet, values, others: 0 }]
}

interface FacetValuesProps {
  readonly facet: Facet
  readonly query: string
  /** It is there because a search finds it. */
  readonly isFound: boolean
  readonly looks: ReadonlyMap<string, FacetLook>
}

function FacetValues({ facet, query, isFound, looks }: FacetValuesProps) {
  const { label, values, others, range } = facet
  const navigate = useNavigate()
  const isUsuallyOpen = isFound || range !== undefined || (values.length > 1 && values.length <= 6)
  const look = looks.get(label)
  const hasAll = look === 'all'
  const setLook = (to: FacetLook) => navigate({ [FACET_PARAM]: withFacetLook(looks, label, to) })
  // Ranges say more than numbers; those are a press away.
  const few = range === undefined ? FACET_VALUES_SHOWN : 0
  const shown = hasAll ? values : values.slice(0, few)
  return (
    <Fold
      isOpen={look === undefined ? isUsuallyOpen : look !== 'shut'}
      onToggle={(isOpen) => setLook(isOpen ? 'open' : 'shut')}
      summary={
        <>
          {label}
          <span className="badge">{values.length + others}</span>
        </>
      }
    >
      {range !== undefined && <FacetRange label={label} range={range} query={query} />}
      <ul>
        {shown.map(({ value, count }) => (
          <li key={value} className="facet-row" {...valueMark(label, value)}>
            <button
              type="button"
              className="facet-value"
              title={`Only lines with ${label} = ${value}`}
              onClick={() => filterLines(navigate, query, label, value, true)}
            >
              <span className="facet-text">{value}</span>
              <span className="number">{formatValue(count, PLAIN)}</span>
            </button>
            <button
              type="button"
              className="facet-out"
              aria-label={`No lines with ${label} = ${value}`}
              title="Filter out"
              onClick={() => filterLines(navigate, query, label, value, false)}
            >
              <Minus className="icon" aria-hidden="true" />
            </button>
          </li>
        ))}
        {!hasAll && values.length > shown.length && (
          <li>
            <button type="button" className="text-button facet-others" onClick={() => setLook('all')}>
              {values.length - shown.length} more
            </button>
          </li>
        )}
        {(hasAll || values.length === shown.length) && others > 0 && (
          <li className="facet-others">and {others} rarer values</li>
        )}
      </ul>
    </Fold>
  )
}
