import { markPath, type MapState as NodeState } from '@vantage/charts'
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { useSearch } from '../app/router.ts'
import type { Shortcut } from '../app/shortcuts.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'
import { usePageRange } from '../explore/use-page-range.ts'
import { Faults } from '../parts/faults.tsx'
import { Nothing } from '../parts/nothing.tsx'
import { STATE_RULE } from '../services/service-model.ts'
import { changeMap } from './change-map.ts'
import { filteredMap, groupedMap, PLAIN_NODES_MAX, type ServiceMap } from './map-model.ts'
import { mapSummary, nodeSentence, sceneOf } from './map-scene.ts'
import { MapTable } from './map-table.tsx'
import { MapTools } from './map-tools.tsx'
import { type MapState, readMapState } from './map-url.ts'
import { MapView } from './map-view.tsx'
import { momentRange } from './moment.ts'
import { NodeDrawer } from './node-drawer.tsx'
import { Scrubber } from './scrubber.tsx'
import { useLayout } from './use-layout.ts'
import { type MapAsked, useMapAnswers } from './use-map-answers.ts'

/** Who calls whom, and where it goes wrong. */
export default function MapPage() {
  const search = useSearch()
  const state = useMemo(() => readMapState(search), [search])
  // A moment that is looked at does not move on.
  const { range, zone } = usePageRange(state.moment === undefined ? 'overview' : 'still')
  const shown = momentRange(range, state.moment)
  const asked = useMapAnswers(shown)
  const isNarrow = useNarrow()
  const view = state.view ?? (isNarrow ? 'table' : 'map')
  useMapShortcuts(view)
  return (
    <div className="service-map">
      <div className="page-head">
        <h1>Service map</h1>
        <div className="tools">
          <Scrubber moment={state.moment} shown={shown} zone={zone} />
        </div>
      </div>
      <Faults of={asked.asked} />
      {asked.map === undefined ? (
        asked.isLoading && <div className="skeleton page-skeleton" aria-busy="true" />
      ) : asked.map.nodes.length === 0 ? (
        <Nothing title="No service has had requests in this time" signal="traces" keptAs="metrics">
          Services and their calls are found in spans.
        </Nothing>
      ) : (
        <Known asked={asked} map={asked.map} state={state} view={view} />
      )}
    </div>
  )
}

interface KnownProps {
  readonly asked: MapAsked
  readonly map: ServiceMap
  readonly state: MapState
  readonly view: 'map' | 'table'
}

function Known({ asked, map, state, view }: KnownProps) {
  const isGrouped = state.isGrouped ?? map.nodes.length > PLAIN_NODES_MAX
  const whole = useMemo(() => (isGrouped ? groupedMap(map, state.open) : map), [map, isGrouped, state.open])
  const { places, arrange } = useLayout(whole, isGrouped ? 'grouped' : 'plain')
  const selected = whole.nodes.find(({ id }) => id === state.selected)
  const shown = useMemo(
    () =>
      filteredMap(whole, {
        isErrorsOnly: state.isErrorsOnly,
        rateMin: state.rateMin,
        selected: selected?.id,
        hops: state.hops === 'all' ? undefined : Number(state.hops),
      }),
    [whole, state.isErrorsOnly, state.rateMin, state.hops, selected?.id],
  )
  const select = (id: string | undefined) => changeMap({ selected: id })
  return (
    <>
      <MapTools map={whole} shown={shown} state={state} view={view} isGrouped={isGrouped} onArrange={arrange} />
      <div className="map-columns" data-drawer={selected !== undefined}>
        <section className="card map-card" aria-label="Map" aria-busy={asked.isLoading}>
          {shown.nodes.length === 0 ? (
            <AllHidden total={whole.nodes.length} />
          ) : view === 'table' ? (
            <MapTable map={shown} onSelect={select} />
          ) : (
            <Drawn shown={shown} state={state} places={places} onSelect={select} />
          )}
          <Key />
        </section>
        {selected !== undefined && (
          <NodeDrawer
            node={selected}
            map={whole}
            onSelect={select}
            onOpenGroup={(namespace) => changeMap({ open: [...state.open, namespace], selected: undefined })}
          />
        )}
      </div>
    </>
  )
}

interface DrawnProps {
  readonly shown: ServiceMap
  readonly state: MapState
  readonly places: ReturnType<typeof useLayout>['places']
  readonly onSelect: (id: string | undefined) => void
}

function Drawn({ shown, state: { selected, find, zoom }, places, onSelect }: DrawnProps) {
  const [focused, setFocused] = useState(selected)
  useEffect(() => {
    if (selected !== undefined) setFocused(selected)
  }, [selected])
  const scene = useMemo(
    () => (places === undefined ? undefined : sceneOf({ map: shown, places, selected, focused, find })),
    [shown, places, selected, focused, find],
  )
  const sentences = useMemo(() => new Map(shown.nodes.map((node) => [node.id, nodeSentence(node)])), [shown])
  if (scene === undefined) return <div className="map-host" aria-busy="true" />
  return (
    <MapView
      scene={scene}
      isCanvas={scene.nodes.length > PLAIN_NODES_MAX}
      summary={mapSummary(shown)}
      sentences={sentences}
      zoom={zoom}
      onZoom={(next) => changeMap({ zoom: next }, { replace: true })}
      onSelect={onSelect}
      onFocus={setFocused}
    />
  )
}

function AllHidden({ total }: { readonly total: number }) {
  return (
    <div className="empty">
      <strong>The filters hide all {total} services</strong>
      <button
        type="button"
        className="button"
        onClick={() => changeMap({ isErrorsOnly: false, rateMin: 0, hops: 'all' })}
      >
        Drop the filters
      </button>
    </div>
  )
}

const KEY: readonly (readonly [NodeState, string])[] = [
  ['failing', 'failing'],
  ['degraded', 'degraded'],
  ['healthy', 'healthy'],
  ['quiet', 'quiet'],
]

/** What shapes, widths and colours mean. */
function Key() {
  return (
    <p className="map-key">
      {KEY.map(([state, word]) => (
        <span key={state} className="map-node" data-state={state}>
          <svg width={14} height={14} aria-hidden="true">
            <path className="map-mark" d={markPath(state, 7, 7)} />
          </svg>
          {word}
        </span>
      ))}
      <span>A line is as wide as its calls a second, and has a colour where they fail or are slower than before.</span>
      <span>{STATE_RULE}</span>
    </p>
  )
}

const narrow = matchMedia('(max-width: 720px)')

function useNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      narrow.addEventListener('change', listener)
      return () => narrow.removeEventListener('change', listener)
    },
    () => narrow.matches,
  )
}

function useMapShortcuts(view: 'map' | 'table'): void {
  const shortcuts = useMemo<readonly Shortcut[]>(
    () => [
      { keys: '/', label: 'Find a service', run: () => document.getElementById('map-find')?.focus() },
      { keys: 'shift+t', label: 'Map as table', run: () => changeMap({ view: view === 'map' ? 'table' : 'map' }) },
      { keys: '0', label: 'Fit the map', run: () => changeMap({ zoom: undefined }, { replace: true }) },
    ],
    [view],
  )
  useShortcuts(shortcuts)
}
