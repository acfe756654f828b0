import {
  type WaterfallView as WaterfallFolds,
  type WaterfallRow,
  waterfallRows,
  withAncestors,
} from '@vantage/charts/trace'
import { useMemo } from 'react'
import type { TraceState } from './trace-url.ts'
import type { TraceView } from './trace-view.ts'

interface Rows {
  readonly rows: readonly WaterfallRow[]
  /** What they were made with. */
  readonly base: WaterfallFolds
}

/** Rows of the waterfall for what the URL says; a filter that hides unfolds what it keeps. */
export function useWaterfallRows(
  { tree, openingDepth }: TraceView,
  state: TraceState,
  matches: Uint8Array | undefined,
): Rows {
  const { isHiding, isUnfolded } = state
  const folds = [...state.toggled].join('.')
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text of the folds stands for the set.
  return useMemo(() => {
    const kept = isHiding && matches !== undefined ? withAncestors(tree, matches) : undefined
    const foldDepth = isUnfolded || kept !== undefined ? Number.POSITIVE_INFINITY : openingDepth
    const base = { toggled: state.toggled, foldDepth, kept }
    return { rows: waterfallRows(tree, base), base }
  }, [tree, openingDepth, folds, isHiding, isUnfolded, matches])
}
