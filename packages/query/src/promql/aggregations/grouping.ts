import { EMPTY_LABELS, type Labels, labelsKey, labelValue, METRIC_NAME } from '@vantage/model'
import { onlyLabels, withoutLabels, withoutMetadata } from '../evaluate/rows.ts'

/** Tells which group a series belongs to. */
export interface Grouping {
  /** Equal for series of one group only. */
  key(labels: Labels): string
  /** The labels that a group's result carries. */
  labels(labels: Labels): Labels
}

/**
 * `by (…)` keeps the named labels, `without (…)` all others but the metric's own. Without either there is one group.
 */
export function groupingOf(names: readonly string[], isWithout: boolean): Grouping {
  if (!isWithout && names.length === 0) return { key: () => '', labels: () => EMPTY_LABELS }
  const wanted = new Set(names)
  if (isWithout) {
    const dropped = new Set([...names, METRIC_NAME])
    const labels = (all: Labels) => withoutMetadata(withoutLabels(all, dropped))
    return { key: (all) => labelsKey(labels(all)), labels }
  }
  const sorted = [...wanted].sort()
  return {
    key: (all) => {
      let key = ''
      for (const name of sorted) {
        const value = labelValue(all, name)
        key += `${value.length}:${value}`
      }
      return key
    },
    labels: (all) => onlyLabels(all, wanted),
  }
}
