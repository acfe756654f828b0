import { navigateSearch, type SearchChange } from '../app/router.ts'
import { ZOOM_MAX, ZOOM_MIN } from '../map/map-url.ts'

export const TRACE_VIEWS = ['waterfall', 'flame', 'operations', 'map', 'logs'] as const
export type TraceViewName = (typeof TRACE_VIEWS)[number]

/** What the URL of a trace says. */
export interface TraceState {
  readonly view: TraceViewName
  /** Key of the selected row: a span id, or a group or missing parent. */
  readonly selected: string
  readonly filter: string
  /** What the filter does not want is left out, not dimmed. */
  readonly isHiding: boolean
  readonly toggled: ReadonlySet<string>
  /** All levels are unfolded, however many. */
  readonly isUnfolded: boolean
  readonly hasCriticalPath: boolean
  /** Time of the trace that is shown; undefined = all of it. */
  readonly zoom: { readonly fromMs: number; readonly toMs: number } | undefined
  readonly namesPx: number | undefined
  readonly isTable: boolean
  /** The service that the map has selected. */
  readonly service: string | undefined
  /** How large the map is drawn; undefined = fitted to the screen. */
  readonly scale: number | undefined
  /** The call that the flame graph gives the whole width. */
  readonly focus: string | null
}

/** Keys that the URL holds; more would not fit into it. */
const TOGGLED_MAX = 100
export const NAMES_MIN_PX = 120
export const NAMES_MAX_PX = 800
const KEY = /^[gm]?[0-9a-f]{16}$/

export function traceStateOf(search: URLSearchParams): TraceState {
  const view = search.get('view') as TraceViewName
  const names = Number(search.get('names') ?? Number.NaN)
  const scale = Number(search.get('scale'))
  return {
    view: TRACE_VIEWS.includes(view) ? view : 'waterfall',
    selected: search.get('span') ?? '',
    filter: search.get('find') ?? '',
    isHiding: search.get('others') === 'hidden',
    toggled: new Set((search.get('fold') ?? '').split('.').filter((key) => KEY.test(key))),
    isUnfolded: search.get('levels') === 'all',
    hasCriticalPath: search.get('path') === '1',
    zoom: zoomOf(search.get('zoom')),
    namesPx: Number.isFinite(names) ? Math.min(NAMES_MAX_PX, Math.max(NAMES_MIN_PX, names)) : undefined,
    isTable: search.get('table') === '1',
    service: search.get('service') ?? undefined,
    scale: scale >= ZOOM_MIN && scale <= ZOOM_MAX ? scale : undefined,
    focus: search.get('focus'),
  }
}

/** `12.5-80`: ms since the start of the trace. */
function zoomOf(text: string | null): TraceState['zoom'] {
  const [, from, to] = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text ?? '') ?? []
  if (from === undefined || to === undefined || Number(to) <= Number(from)) return undefined
  return { fromMs: Number(from), toMs: Number(to) }
}

/** The parameter of a zoom within a trace, or null where it is the whole. */
export function zoomText(fromMs: number, toMs: number, durationMs: number): string | null {
  const from = Math.max(0, fromMs)
  const to = Math.min(durationMs, toMs)
  if (from <= 0 && to >= durationMs) return null
  const text = (ms: number) => String(Number(ms.toPrecision(9)))
  return to > from ? `${text(from)}-${text(to)}` : null
}

/** The parameter of the size of the map. */
export function scaleChange(scale: number | undefined): SearchChange {
  return { scale: scale === undefined ? null : String(Math.round(scale * 100) / 100) }
}

/** The newest keys that were toggled, as many as a URL holds. */
export function toggledParam(toggled: ReadonlySet<string>): SearchChange {
  const keys = [...toggled].slice(-TOGGLED_MAX)
  return { fold: keys.length === 0 ? null : keys.join('.') }
}

/** The toggled keys with one of them changed. */
export function withToggled(toggled: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(toggled)
  if (!next.delete(key)) next.add(key)
  return next
}

/** A time around a middle, longer or shorter by a factor, within the trace. */
export function zoomed(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  middleMs: number,
  factor: number,
  durationMs: number,
): string | null {
  const span = Math.min(durationMs, Math.max(durationMs / 1e6, (toMs - fromMs) * factor))
  const from = Math.min(Math.max(0, middleMs - span / 2), durationMs - span)
  return zoomText(from, from + span, durationMs)
}

/** Closes the drawer. */
export function closeSpan(): void {
  navigateSearch({ span: null }, { replace: true })
}
