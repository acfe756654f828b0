import type { NsRange } from '@vantage/model'
import type { Difference, DifferenceRequest, FoundDifference } from '@vantage/query/joins'

/** What JSON.stringify takes. Shares are of 1, times unix ns as texts. @param limit of each list */
export function differenceBody(request: DifferenceRequest, found: FoundDifference, limit: number): unknown {
  const { signal, unit, query, scope, range, baseline } = request
  const { differences, outcomes, selectedUnits, baselineUnits, baselineRange, rows, compared, cuts } = found
  return {
    signal,
    unit: signal === 'logs' ? 'row' : unit,
    scope,
    selection: { query, ...timesOf(range), count: selectedUnits },
    baseline: {
      kind: typeof baseline === 'string' ? baseline : 'around',
      ...timesOf(baselineRange),
      count: baselineUnits,
    },
    differences: differences.slice(0, limit).map(differenceJson),
    outcomes: outcomes.slice(0, limit).map(differenceJson),
    examined: { rows, values: compared, found: differences.length + outcomes.length },
    cuts,
  }
}

function timesOf({ startNs, endNs }: NsRange) {
  return { startNs: String(startNs), endNs: String(endNs) }
}

function differenceJson(one: Difference): unknown {
  const { attribute, value, range, selected, baseline, selectedShare, baselineShare, ...figures } = one
  const { difference, atLeast, chance, same } = figures
  return {
    attribute,
    ...(range === undefined ? { value } : { from: range.from, to: range.to }),
    selection: { count: selected, share: selectedShare },
    baseline: { count: baseline, share: baselineShare },
    difference,
    atLeast,
    chance,
    same,
  }
}
