import { FaultError, fault } from '@vantage/model'
import type { LogqlLimits } from '../limits.ts'
import { withoutReplacements } from './json-scan.ts'
import { appendName } from './label-name.ts'
import { compileBounded } from './patterns.ts'
import type { RowStep, StepOptions } from './stage.ts'

/** Named groups of the first match become labels; lines without one stay as they are. */
export function regexpStep(pattern: string, limits: LogqlLimits, options: StepOptions): RowStep {
  const compiled = compileBounded(pattern, limits)
  const groups = compiled.groupNames.flatMap((name, i) =>
    name === '' ? [] : [{ name: appendName('', name), at: i + 1 }],
  )
  if (groups.length === 0) {
    throw new FaultError(
      fault('bad_request', 'regexp: at least one named capture must be supplied', { reason: 'bad_data' }),
    )
  }
  if (options.needsNoLabels) return () => true
  return (row) => {
    const match = compiled.find(row.line)
    if (match === undefined) return true
    for (const { name, at } of groups) row.addParsed(name, withoutReplacements(match[at] as string))
    return true
  }
}
