import { Route, Search } from 'lucide-react'
import { navigateSearch } from '../app/router.ts'
import { Choice } from '../parts/choice.tsx'
import type { TraceState, TraceViewName } from './trace-url.ts'
import { counted, type TraceView } from './trace-view.ts'
import { toggleCriticalPath } from './use-trace-keys.ts'

const VIEWS: readonly { readonly value: TraceViewName; readonly label: string }[] = [
  { value: 'waterfall', label: 'Waterfall' },
  { value: 'flame', label: 'Flame' },
  { value: 'operations', label: 'Operations' },
  { value: 'map', label: 'Map' },
  { value: 'logs', label: 'Logs' },
]

interface TraceToolsProps {
  readonly view: TraceView
  readonly state: TraceState
  /** What the filter wants; undefined = there is none. */
  readonly matches: Uint8Array | undefined
}

/** Which view of the trace, and what of it. */
export function TraceTools({ view, state, matches }: TraceToolsProps) {
  const isWaterfall = state.view === 'waterfall'
  return (
    <div className="trace-tools">
      <Choice
        label="View"
        value={state.view}
        options={VIEWS}
        onChoose={(value) => navigateSearch({ view: value === 'waterfall' ? null : value, table: null })}
      />
      {state.view !== 'logs' && state.view !== 'map' && <Filter state={state} matches={matches} />}
      {isWaterfall && (
        <div className="trace-toggles">
          <button
            type="button"
            className="button"
            aria-pressed={state.hasCriticalPath}
            title="What the end of the trace waited for (v)"
            onClick={() => toggleCriticalPath(state)}
          >
            <Route className="icon" aria-hidden="true" />
            Critical path
          </button>
          {Number.isFinite(view.openingDepth) && (
            <button
              type="button"
              className="button"
              aria-pressed={state.isUnfolded}
              title={`Levels below ${view.openingDepth} are folded at first`}
              onClick={() => navigateSearch({ levels: state.isUnfolded ? null : 'all', fold: null })}
            >
              All levels
            </button>
          )}
        </div>
      )}
    </div>
  )
}

function Filter({ state, matches }: Omit<TraceToolsProps, 'view'>) {
  const found = matches?.reduce((sum, one) => sum + one, 0)
  return (
    <div className="trace-filter">
      <label className="field">
        <Search className="icon" aria-hidden="true" />
        <span className="visually-hidden">Filter spans</span>
        <input
          id="trace-filter"
          value={state.filter}
          placeholder="Service, operation, error, >100ms"
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => navigateSearch({ find: event.target.value || null }, { replace: true })}
        />
      </label>
      {matches !== undefined && (
        <>
          <output className="aside">{found === 0 ? 'No span matches' : counted(found ?? 0, 'span')}</output>
          {state.view === 'waterfall' && (
            <Choice
              label="Other spans"
              value={state.isHiding ? 'hide' : 'dim'}
              options={[
                { value: 'dim', label: 'Dim', title: 'Dim other spans' },
                { value: 'hide', label: 'Hide', title: 'Hide other spans' },
              ]}
              onChoose={(value) => navigateSearch({ others: value === 'hide' ? 'hidden' : null }, { replace: true })}
            />
          )}
        </>
      )}
    </div>
  )
}
