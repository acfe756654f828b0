import { useCallback, useEffect, useMemo, useState } from 'react'
import { readSearch, useNavigate, usePane, useSearch } from '../app/router.ts'
import { askAgain } from '../time/time-store.ts'
import { type CatalogueMetric, useCatalogue } from './catalogue.ts'
import { defaultQuery } from './default-query.ts'
import {
  type ExploreState,
  exploreChange,
  freeRef,
  hiddenAfterClick,
  type QueryRow,
  type RowRef,
  readExplore,
  withRowAdded,
} from './explore-url.ts'
import { rememberQueries } from './history.ts'
import type { RowActions } from './query-row.tsx'

export interface Explore {
  /** What the URL says: what was run last. */
  readonly state: ExploreState
  /** What the editors hold; it may be ahead of what was run. */
  readonly drafts: readonly QueryRow[]
  readonly hasChanges: boolean
  readonly actions: RowActions & {
    readonly onAdd: () => void
    readonly onPick: (metric: CatalogueMetric) => void
    readonly onQuery: (text: string) => void
  }
  /** Changes that take effect at once: mode, view, top. */
  readonly apply: (change: Partial<ExploreState>) => void
  readonly onSeriesClick: (keys: readonly string[], key: string, isToggle: boolean) => void
}

/** The state of the page. Texts are drafts until they run; everything else is in the URL at once. */
export function useExplore(): Explore {
  const search = useSearch()
  const navigate = useNavigate()
  const pane = usePane()
  const state = useMemo(() => readExplore(search), [search])
  const [drafts, setDrafts] = useState(state.rows)
  const urlRows = JSON.stringify(state.rows)
  // Back, Forward and links replace what the editors hold.
  useEffect(() => setDrafts(JSON.parse(urlRows) as readonly QueryRow[]), [urlRows])
  const apply = useCallback(
    (change: Partial<ExploreState>) => navigate(exploreChange({ ...readExplore(readSearch(pane)), ...change })),
    [navigate, pane],
  )
  const commit = useCallback(
    (rows: readonly QueryRow[]) => {
      setDrafts(rows)
      rememberQueries(rows.map((row) => row.text))
      apply({ rows })
      askAgain()
    },
    [apply],
  )
  const actions = useMemo(() => rowActions(drafts, setDrafts, commit), [drafts, commit])
  const onSeriesClick = useCallback(
    (keys: readonly string[], key: string, isToggle: boolean) =>
      apply({ hidden: hiddenAfterClick(readExplore(readSearch(pane)).hidden, keys, key, isToggle) }),
    [apply, pane],
  )
  return { state, drafts, hasChanges: JSON.stringify(drafts) !== urlRows, actions, apply, onSeriesClick }
}

function rowActions(
  drafts: readonly QueryRow[],
  setDrafts: (rows: readonly QueryRow[]) => void,
  commit: (rows: readonly QueryRow[]) => void,
): Explore['actions'] {
  const changed = (ref: RowRef, change: Partial<QueryRow>) =>
    drafts.map((row) => (row.ref === ref ? { ...row, ...change } : row))
  const put = (text: string) => {
    const empty = drafts.find((row) => row.text.trim() === '') ?? drafts.at(-1)
    if (empty !== undefined) commit(changed(empty.ref, { text }))
  }
  return {
    onText: (ref, text) => setDrafts(changed(ref, { text })),
    onLegend: (ref, legend) => setDrafts(changed(ref, { legend })),
    onToggle: (ref) => commit(drafts.map((row) => (row.ref === ref ? { ...row, isOff: !row.isOff } : row))),
    onDuplicate: (ref) => commit(withRowAdded(drafts, ref)),
    onRemove: (ref) => commit(drafts.filter((row) => row.ref !== ref)),
    onRun: () => commit(drafts),
    onRunText: (ref, text) => commit(changed(ref, { text })),
    onAdd: () => {
      if (freeRef(drafts) !== undefined) setDrafts(withRowAdded(drafts, undefined))
    },
    onPick: (metric) => put(defaultQuery(metric, new Set(useCatalogue.getState().names))),
    onQuery: put,
  }
}
