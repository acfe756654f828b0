import {
  arrowWidth,
  formatMs,
  formatValue,
  layoutMap,
  type MapScene,
  mapArrow,
  mapGround,
  PLAIN,
} from '@vantage/charts'
import { serviceCalls, type TraceCalls, type TraceService } from '@vantage/charts/trace'
import { spanIdAt } from '@vantage/model'
import { useId, useMemo, useState } from 'react'
import { navigateSearch } from '../app/router.ts'
import { PLAIN_NODES_MAX } from '../map/map-model.ts'
import { MapView } from '../map/map-view.tsx'
import { NumberHeads } from '../services/figures.tsx'
import { scaleChange, type TraceState } from './trace-url.ts'
import { counted, type TraceView } from './trace-view.ts'

interface TraceMapProps {
  readonly view: TraceView
  readonly state: TraceState
}

/** Which services a trace went through, who called whom, and how long that took. */
export default function TraceMap({ view, state }: TraceMapProps) {
  const { services, calls } = useMemo(() => serviceCalls(view.tree), [view])
  const names = useMemo(() => services.map(({ name }) => name), [services])
  const places = useMemo(() => layoutMap({ nodes: names, edges: calls }, new Map()), [names, calls])
  const [focused, setFocused] = useState<string | undefined>(undefined)
  const scene = useMemo(
    () => sceneOf(services, calls, places, state.service, focused ?? state.service),
    [services, calls, places, state.service, focused],
  )
  const sentences = useMemo(() => new Map(services.map((one) => [one.name, sentenceOf(one)])), [services])
  const titleId = useId()
  return (
    <section className="card trace-map" aria-labelledby={titleId}>
      <div className="card-head">
        <h2 id={titleId}>Services</h2>
        <span className="aside">
          {services.length} with {counted(calls.length, 'way')} between them; time is their own
        </span>
      </div>
      <MapView
        scene={scene}
        isCanvas={services.length > PLAIN_NODES_MAX}
        summary={`Services of the trace: ${services.length}, with ${calls.length} ways between them`}
        sentences={sentences}
        zoom={state.scale}
        onZoom={(scale) => navigateSearch(scaleChange(scale), { replace: true })}
        onSelect={(name) =>
          navigateSearch({ service: name === state.service ? null : (name ?? null) }, { replace: true })
        }
        onFocus={setFocused}
      />
      <CallTable view={view} calls={calls} service={state.service} />
    </section>
  )
}

function sceneOf(
  services: readonly TraceService[],
  calls: readonly TraceCalls[],
  places: ReturnType<typeof layoutMap>,
  selected: string | undefined,
  focused: string | undefined,
): MapScene {
  const ground = mapGround(places)
  const near = new Set(calls.flatMap(({ from, to }) => (from === selected || to === selected ? [from, to] : [])))
  const isLit = (name: string) => selected === undefined || name === selected || near.has(name)
  const most = calls.reduce((max, one) => Math.max(max, one.calls), 0)
  return {
    ground,
    nodes: services.map((one) => ({
      id: one.name,
      name: one.name,
      figures: figuresOf(one),
      state: one.errors > 0 ? 'failing' : 'healthy',
      isDimmed: !isLit(one.name),
      isSelected: one.name === selected,
      isFocused: one.name === focused,
    })),
    arrows: calls.flatMap((one) => {
      const arrow = mapArrow(ground, one)
      if (arrow === undefined) return []
      const isDimmed = selected !== undefined && one.from !== selected && one.to !== selected
      const state = one.errors > 0 ? 'failing' : 'healthy'
      return [{ ...arrow, width: arrowWidth(one.calls, most), state, isDimmed }]
    }),
  }
}

/** Short enough for a node. */
function figuresOf({ spans, errors, selfMs }: TraceService): string {
  const what = errors > 0 ? `${errors} of ${spans} failed` : counted(spans, 'span')
  return `${what} · ${formatMs(selfMs)}`
}

function sentenceOf(one: TraceService): string {
  return `${one.name}, ${figuresOf(one)}`
}

interface CallTableProps {
  readonly view: TraceView
  readonly calls: readonly TraceCalls[]
  /** Its calls alone; undefined = all. */
  readonly service: string | undefined
}

/** The same in rows; the longest call leads to its span. */
function CallTable({ view, calls, service }: CallTableProps) {
  const shown = service === undefined ? calls : calls.filter(({ from, to }) => from === service || to === service)
  if (shown.length === 0) return <p className="span-none trace-map-none">No service calls another here.</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll" tabIndex={0} aria-label="Calls between services">
      <table className="operations">
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <NumberHeads names={['Calls', 'In all', 'Mean', 'Longest', 'Errors']} />
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <tr key={`${one.from}\n${one.to}`}>
              <th scope="row" className="operation-name">
                {one.from}
              </th>
              <td>{one.to}</td>
              <td className="number">{formatValue(one.calls, PLAIN)}</td>
              <td className="number">{formatMs(one.totalMs)}</td>
              <td className="number">{formatMs(one.totalMs / one.calls)}</td>
              <td className="number">
                <button
                  type="button"
                  className="text-button"
                  title="Show it in the waterfall"
                  onClick={() =>
                    navigateSearch({ view: null, span: spanIdAt(view.columns, one.longest), find: null, levels: 'all' })
                  }
                >
                  {formatMs(one.maxMs)}
                </button>
              </td>
              <td className="number">
                {one.errors > 0 ? <span className="badge critical">◆ {one.errors}</span> : '0'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
