import { type Labels, labelsKey, labelValue, METRIC_NAME } from '@vantage/model'
import type { Row } from '../evaluate/rows.ts'
import { onlyLabels, withLabel, withoutLabels, withoutMetadata } from '../evaluate/rows.ts'
import type { Matching } from '../language/ast.ts'

/** The series of both sides that share a match signature, as indexes into their rows. */
export interface MatchGroup {
  readonly left: number[]
  readonly right: number[]
}

/** The labels that decide whether two series match. */
export function matchLabels(labels: Labels, matching: Matching): Labels {
  const names = new Set(matching.labels)
  if (matching.isOn) return onlyLabels(labels, names)
  names.add(METRIC_NAME)
  return withoutLabels(labels, names)
}

/** Groups both sides by signature, in the order of the left side, then of what only the right side has. */
export function groupByMatch(left: readonly Row[], right: readonly Row[], matching: Matching): MatchGroup[] {
  const groups = new Map<string, MatchGroup>()
  const groupOf = (labels: Labels): MatchGroup => {
    const key = labelsKey(matchLabels(labels, matching))
    let group = groups.get(key)
    if (group === undefined) {
      group = { left: [], right: [] }
      groups.set(key, group)
    }
    return group
  }
  left.forEach((row, i) => {
    groupOf(row.labels).left.push(i)
  })
  right.forEach((row, i) => {
    groupOf(row.labels).right.push(i)
  })
  return [...groups.values()]
}

/**
 * The labels of a result: those of the "many" side without its metric's own where the operator changes values,
 * reduced to the match in one-to-one, plus what `group_…(labels)` takes over from the "one" side.
 */
export function resultLabels(many: Labels, one: Labels, matching: Matching, changesMetric: boolean): Labels {
  let labels = changesMetric ? withoutMetadata(many) : many
  if (matching.card === 'one-to-one') {
    const names = new Set(matching.labels)
    labels = matching.isOn ? onlyLabels(labels, names) : withoutLabels(labels, names)
  }
  for (const name of matching.include) labels = withLabel(labels, name, labelValue(one, name))
  return labels
}
