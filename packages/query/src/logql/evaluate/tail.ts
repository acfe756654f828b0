import {
  compileMatcher,
  err,
  type Fault,
  FaultError,
  fault,
  type LogBlock,
  labelValue,
  ok,
  type Result,
} from '@vantage/model'
import { parseLogql } from '../language/parser.ts'
import { LOGQL_LIMITS } from '../limits.ts'
import { RowFilter, type Stream, StreamGroups } from './streams.ts'

/** Rows of a block that somebody follows, grouped by their labels. */
export type Tail = (block: LogBlock) => Stream[]

/**
 * Makes a log query ready to be followed: give it the rows as they arrive, it gives back those that the query wants.
 * The lines of a block are looked at in the block's order; nothing is kept between blocks.
 * @param nowNs unix ns that `now` gives in templates
 */
export function followLogql(query: string, nowNs: bigint): Result<Tail, Fault> {
  const parsed = parseLogql(query)
  if (!parsed.ok) return parsed
  const plan = parsed.value
  if (plan.kind !== 'selector') return err(fault('bad_request', 'tail: want a log query, got a metric query'))
  const matchers = plan.matchers.map((matcher) => {
    const compiled = compileMatcher(matcher)
    if (!compiled.ok) throw new FaultError(compiled.error)
    return compiled.value
  })
  const filter = new RowFilter(plan, { limits: LOGQL_LIMITS, nowNs, detectsLevels: true })
  return ok((block) => {
    const wanted = block.streams.map((labels) =>
      matchers.every((one) => one.matches(labelValue(labels, one.matcher.name))),
    )
    const groups = new StreamGroups()
    for (let i = 0; i < block.rows.length; i++) {
      const at = block.rows[i] as number
      if (wanted[block.columns.origins[at] as number] !== true) continue
      if (filter.take(block, at)) groups.add(filter.row)
    }
    return groups.sorted()
  })
}
