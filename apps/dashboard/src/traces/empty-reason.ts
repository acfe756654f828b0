import { printCondition, printTraceql, readTraceql } from '../builder/traceql.ts'
import { type QueryVariant, VARIANTS_MAX } from '../explore/empty-reason.ts'

/** A query of traces with one of its conditions left out each, the last first: that one was added last. None where it is not read. */
export function traceVariants(query: string): QueryVariant[] {
  const shown = readTraceql(query)
  if (!shown.ok) return []
  const { filters } = shown.value
  const variants = filters.flatMap(({ join, conditions }, place) =>
    // One of several that may hold removes nothing.
    conditions
      .filter(() => join === '&&')
      .map((condition, at) => {
        const without = { join, conditions: conditions.toSpliced(at, 1) }
        const text = printTraceql({ ...shown.value, filters: filters.with(place, without) })
        return { part: printCondition(condition), countQuery: text, query: text }
      }),
  )
  return variants.toReversed().slice(0, VARIANTS_MAX)
}
