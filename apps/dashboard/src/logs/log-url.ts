import type { Navigate } from '../app/router.ts'

export const LOG_TABS = ['lines', 'patterns', 'table', 'fields'] as const
export type LogTab = (typeof LOG_TABS)[number]

/** What the URL of Explore › Logs says, beside query and time. */
export interface LogState {
  readonly tab: LogTab
  readonly isWrapped: boolean
  /** Labels that have columns of their own. */
  readonly columns: readonly string[]
  /** What the table is sorted by, undefined = as the lines stand: the newest first. */
  readonly sort: LogSort | undefined
  /** Key of the line whose details are open. */
  readonly line: string
  /** Text that is looked for in the loaded lines. */
  readonly find: string
  /** Lines before and after are shown with the details: 5, or as many as `around` says. */
  readonly hasContext: boolean
}

export interface LogSort {
  /** A label. */
  readonly column: string
  readonly isDescending: boolean
}

export const COLUMNS_MAX = 6

export function logStateOf(search: URLSearchParams): LogState {
  const tab = search.get('tab') as LogTab
  return {
    tab: LOG_TABS.includes(tab) ? tab : 'lines',
    isWrapped: search.get('wrap') === '1',
    columns: [...new Set(search.getAll('col'))].filter((label) => label !== '').slice(0, COLUMNS_MAX),
    sort: sortIn(search.get('sort') ?? ''),
    line: search.get('line') ?? '',
    find: search.get('find') ?? '',
    hasContext: search.has('around'),
  }
}

/** `-took`: by took, the largest first. */
function sortIn(text: string): LogSort | undefined {
  const isDescending = text.startsWith('-')
  const column = isDescending ? text.slice(1) : text
  return column === '' ? undefined : { column, isDescending }
}

/** A first click sorts, a second turns the order round, a third takes it back. */
export function sortAfterClick(sort: LogSort | undefined, column: string): string | null {
  if (sort?.column !== column) return column
  return sort.isDescending ? null : `-${column}`
}

/** The columns with one of them put in or taken out. */
export function withColumn(columns: readonly string[], label: string): readonly string[] {
  return columns.includes(label) ? columns.filter((one) => one !== label) : [...columns, label].slice(-COLUMNS_MAX)
}

export function toggleWrap(navigate: Navigate, state: LogState): void {
  navigate({ wrap: state.isWrapped ? null : '1' })
}

export function toggleContext(navigate: Navigate, state: LogState): void {
  navigate({ around: state.hasContext ? null : '1' }, { replace: true })
}

export const FACET_PARAM = 'facet'
const FACET_LOOKS = ['open', 'shut', 'all'] as const
/** What a person has made of a facet: opened it, folded it away, or opened it with all its values. */
export type FacetLook = (typeof FACET_LOOKS)[number]

/** The facets that are not as they come: `facet=all.host`. */
export function facetLooks(search: URLSearchParams): ReadonlyMap<string, FacetLook> {
  const looks = new Map<string, FacetLook>()
  for (const text of search.getAll(FACET_PARAM)) {
    const look = FACET_LOOKS.find((one) => text.startsWith(`${one}.`))
    if (look !== undefined) looks.set(text.slice(look.length + 1), look)
  }
  return looks
}

/** The inverse, with one of them changed. */
export function withFacetLook(looks: ReadonlyMap<string, FacetLook>, label: string, look: FacetLook): string[] {
  return [...new Map([...looks, [label, look]])].map(([one, is]) => `${is}.${one}`)
}
