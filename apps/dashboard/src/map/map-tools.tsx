import { LayoutGrid, Search } from 'lucide-react'
import { Choice } from '../parts/choice.tsx'
import { changeMap } from './change-map.ts'
import type { ServiceMap } from './map-model.ts'
import { foundNodes } from './map-scene.ts'
import { HOPS, type Hops, type MapState } from './map-url.ts'

const HOP_NAMES: Readonly<Record<Hops, { readonly label: string; readonly title: string }>> = {
  all: { label: 'All', title: 'Any number of calls away' },
  '1': { label: '1', title: '1 call away' },
  '2': { label: '2', title: '2 calls away' },
  '3': { label: '3', title: '3 calls away' },
}

interface MapToolsProps {
  readonly map: ServiceMap
  readonly shown: ServiceMap
  readonly state: MapState
  readonly view: 'map' | 'table'
  readonly isGrouped: boolean
  readonly onArrange: () => void
}

/** What is shown of the map, and how. */
export function MapTools({ map, shown, state, view, isGrouped, onArrange }: MapToolsProps) {
  const namespaces = new Set(map.nodes.filter(({ kind }) => kind === 'service').map(({ namespace }) => namespace))
  const hasNamespaces = isGrouped || namespaces.size > 1
  return (
    <div className="map-tools">
      <Find state={state} shown={shown} />
      <button
        type="button"
        className="button"
        aria-pressed={state.isErrorsOnly}
        onClick={() => changeMap({ isErrorsOnly: !state.isErrorsOnly })}
      >
        Errors only
      </button>
      <RateMin rateMin={state.rateMin} />
      {state.selected !== undefined && (
        <Choice
          label="Calls away from what is selected"
          value={state.hops}
          options={HOPS.map((hops) => ({ value: hops, ...HOP_NAMES[hops] }))}
          onChoose={(hops) => changeMap({ hops })}
        />
      )}
      {hasNamespaces && (
        <Choice
          label="Group"
          value={isGrouped ? 'namespace' : 'none'}
          options={[
            { value: 'none', label: 'Services' },
            { value: 'namespace', label: 'Namespaces' },
          ]}
          onChoose={(group) => changeMap({ isGrouped: group === 'namespace', open: [] })}
        />
      )}
      <span className="map-count">{countText(map, shown)}</span>
      <Choice
        label="View"
        value={view}
        options={[
          { value: 'map', label: 'Map' },
          { value: 'table', label: 'Table' },
        ]}
        onChoose={(next) => changeMap({ view: next })}
      />
      {view === 'map' && (
        <button
          type="button"
          className="button icon-only"
          aria-label="Arrange anew"
          title="Arrange anew"
          onClick={onArrange}
        >
          <LayoutGrid className="icon" aria-hidden="true" />
        </button>
      )}
    </div>
  )
}

function Find({ state: { find }, shown }: Pick<MapToolsProps, 'state' | 'shown'>) {
  return (
    <label className="field map-find">
      <Search className="icon" aria-hidden="true" />
      <input
        id="map-find"
        type="search"
        aria-label="Find a service"
        placeholder="Find a service"
        value={find}
        onChange={(event) => changeMap({ find: event.target.value }, { replace: true })}
        onKeyDown={(event) => {
          const first = foundNodes(shown.nodes, find)[0]
          if (event.key === 'Enter' && find !== '' && first !== undefined) changeMap({ selected: first.id })
        }}
      />
    </label>
  )
}

function RateMin({ rateMin }: { readonly rateMin: number }) {
  return (
    <label className="field map-rate">
      <span>Hide below</span>
      <input
        type="number"
        min={0}
        step="any"
        inputMode="decimal"
        aria-label="Hide what has fewer requests a second than"
        value={rateMin === 0 ? '' : rateMin}
        placeholder="0"
        onChange={(event) => changeMap({ rateMin: Math.max(0, event.target.valueAsNumber || 0) }, { replace: true })}
      />
      <span>req/s</span>
    </label>
  )
}

function countText(map: ServiceMap, shown: ServiceMap): string {
  const nodes =
    shown.nodes.length === map.nodes.length ? `${map.nodes.length}` : `${shown.nodes.length} of ${map.nodes.length}`
  return `${nodes} shown, ${shown.edges.length} ${shown.edges.length === 1 ? 'call' : 'calls'}`
}
