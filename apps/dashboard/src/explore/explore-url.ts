import { DRAW_MODES, type DrawMode } from '@vantage/charts'
import type { SearchChange } from '../app/router.ts'

/** Letters of query rows; a page holds no more rows than this. */
export const ROW_REFS = ['a', 'b', 'c', 'd', 'e', 'f'] as const
export type RowRef = (typeof ROW_REFS)[number]

export interface QueryRow {
  readonly ref: RowRef
  readonly text: string
  /** Names of series: `{{instance}} of {{job}}`; '' for the labels that differ. */
  readonly legend: string
  /** Not asked and not drawn. */
  readonly isOff: boolean
}

export type ExploreView = 'chart' | 'table' | 'explain'
const VIEWS: readonly ExploreView[] = ['chart', 'table', 'explain']

export const TOP_CHOICES = [20, 100, 250, 500] as const
const TOP_DEFAULT = 100

export interface ExploreState {
  readonly rows: readonly QueryRow[]
  readonly mode: DrawMode
  readonly view: ExploreView
  /** Keys of series that are switched off in the legend. */
  readonly hidden: readonly string[]
  /** Series that are drawn at most, by last value. */
  readonly top: number
}

/** Reads the state of the page from its URL; what is unreadable has its default. */
export function readExplore(params: URLSearchParams): ExploreState {
  const rows: QueryRow[] = []
  for (const ref of ROW_REFS) {
    const text = params.get(ref)
    if (text === null) continue
    rows.push({ ref, text, legend: params.get(`${ref}.legend`) ?? '', isOff: params.get(`${ref}.off`) === '1' })
  }
  const mode = params.get('mode') as DrawMode
  const view = params.get('view') as ExploreView
  const top = Number(params.get('top') ?? TOP_DEFAULT)
  return {
    rows: rows.length > 0 ? rows : [{ ref: 'a', text: '', legend: '', isOff: false }],
    mode: DRAW_MODES.includes(mode) ? mode : 'line',
    view: VIEWS.includes(view) ? view : 'chart',
    hidden: params.getAll('hide'),
    top: (TOP_CHOICES as readonly number[]).includes(top) ? top : TOP_DEFAULT,
  }
}

/** The inverse: what to write into the URL. Defaults are left out. */
export function exploreChange(state: ExploreState): SearchChange {
  const change: Record<string, string | readonly string[] | null> = {
    mode: state.mode === 'line' ? null : state.mode,
    view: state.view === 'chart' ? null : state.view,
    hide: state.hidden,
    top: state.top === TOP_DEFAULT ? null : String(state.top),
  }
  for (const ref of ROW_REFS) {
    const row = state.rows.find((one) => one.ref === ref)
    change[ref] = row?.text ?? null
    change[`${ref}.legend`] = row?.legend || null
    change[`${ref}.off`] = row?.isOff === true ? '1' : null
  }
  return change
}

export function freeRef(rows: readonly QueryRow[]): RowRef | undefined {
  return ROW_REFS.find((ref) => rows.every((row) => row.ref !== ref))
}

/** With a copy of row `ref` after it, or an empty row where no such row is there. */
export function withRowAdded(rows: readonly QueryRow[], copyOf: RowRef | undefined): readonly QueryRow[] {
  const ref = freeRef(rows)
  if (ref === undefined) return rows
  const source = rows.find((row) => row.ref === copyOf)
  const added: QueryRow = { ref, text: source?.text ?? '', legend: source?.legend ?? '', isOff: false }
  return [...rows, added].sort((a, b) => (a.ref < b.ref ? -1 : 1))
}

/** A click isolates a series, a second click shows all again; with ⌘ or Ctrl it toggles only that one. */
export function hiddenAfterClick(
  hidden: readonly string[],
  keys: readonly string[],
  clicked: string,
  isToggle: boolean,
): string[] {
  if (isToggle) return hidden.includes(clicked) ? hidden.filter((key) => key !== clicked) : [...hidden, clicked]
  const isAlone = !hidden.includes(clicked) && keys.every((key) => key === clicked || hidden.includes(key))
  return isAlone ? [] : keys.filter((key) => key !== clicked)
}
