import type { Candidate, DifferenceCounter } from './counter.ts'
import { SIDE } from './counter.ts'
import { adjusted, chanceOf, leastDifference, shareOf } from './statistics.ts'

/** A value that is more frequent in the selection. */
export interface Difference extends Omit<Candidate, 'signature'> {
  readonly selectedShare: number
  readonly baselineShare: number
  readonly difference: number
  /** The difference is at least this, with 99 % confidence. */
  readonly atLeast: number
  /** Probability that chance made it, adjusted for how many values were compared. */
  readonly chance: number
  /** Other values that exactly the same units have. */
  readonly same: readonly { readonly attribute: string; readonly value: string }[]
}

export interface Ranked {
  /** What may be a cause: the surest difference first. */
  readonly differences: readonly Difference[]
  /** What tells how a request ended: status, errors, exceptions. */
  readonly outcomes: readonly Difference[]
  readonly compared: number
}

/** Differences beyond are as likely chance. */
const CHANCE_MAX = 0.01
const SAME_MAX = 20

/** Says how it ended, not why. Source: OpenTelemetry semantic conventions for HTTP, RPC, errors, exceptions. */
const OUTCOME =
  /^(?:status|statusMessage|event:name|detected_level|level|severity_(?:text|number)|(?:span|event)\.(?:http\.(?:response\.)?status_code|rpc\.(?:grpc\.)?status_code|error(?:\..+)?|exception\..+|otel\.status_.+)|exception_.+|status|http_(?:response_)?status_code)$/
/** Names one of many that do the same: of two that tell the same, the other one tells more. */
const IDENTITY =
  /^(?:resource\.)?(?:service[._]instance[._]id|host[._](?:id|name)|container[._]id|process[._]pid|k8s[._]pod[._](?:name|uid))$/
const VERSION = /(?:^|[._])(?:version|revision|commit)$/

/** @param isExcluded attributes that the question itself names: they differ by definition */
export function rankDifferences(counter: DifferenceCounter, isExcluded: (attribute: string) => boolean): Ranked {
  const selectedUnits = counter.unitsOf(SIDE.selection)
  const baselineUnits = counter.unitsOf(SIDE.baseline)
  const candidates = counter.candidates().filter(({ attribute }) => !isExcluded(attribute))
  const chances = adjusted(
    candidates.map(({ selected, baseline }) =>
      chanceOf({ count: selected, of: selectedUnits }, { count: baseline, of: baselineUnits }),
    ),
  )
  const groups = new Map<string, Difference[]>()
  candidates.forEach(({ signature, ...one }, i) => {
    const a = { count: one.selected, of: selectedUnits }
    const b = { count: one.baseline, of: baselineUnits }
    const chance = chances[i] as number
    if (chance > CHANCE_MAX || shareOf(a) <= shareOf(b)) return
    const [selectedShare, baselineShare] = [shareOf(a), shareOf(b)]
    const made: Difference = {
      ...one,
      selectedShare,
      baselineShare,
      difference: selectedShare - baselineShare,
      atLeast: leastDifference(a, b),
      chance,
      same: [],
    }
    const key = `${OUTCOME.test(one.attribute)} ${signature}`
    groups.set(key, [...(groups.get(key) ?? []), made])
  })
  const all = [...groups.values()].map(joined).sort(bySureness)
  return {
    differences: all.filter(({ attribute }) => !OUTCOME.test(attribute)),
    outcomes: all.filter(({ attribute }) => OUTCOME.test(attribute)),
    compared: candidates.length,
  }
}

/** One for all that the same units have, in the name of what tells most. */
function joined(group: readonly Difference[]): Difference {
  const [first, ...others] = [...group].sort(bySureness) as [Difference, ...Difference[]]
  return { ...first, same: others.slice(0, SAME_MAX).map(({ attribute, value }) => ({ attribute, value })) }
}

function bySureness(a: Difference, b: Difference): number {
  return (
    b.atLeast - a.atLeast ||
    weightOf(a.attribute) - weightOf(b.attribute) ||
    (a.attribute < b.attribute ? -1 : a.attribute > b.attribute ? 1 : a.value < b.value ? -1 : 1)
  )
}

/** What a deploy changed, what the application said, where it ran, what it is called, which one it was. */
function weightOf(attribute: string): number {
  if (IDENTITY.test(attribute)) return 4
  if (VERSION.test(attribute)) return 0
  if (attribute.startsWith('span.')) return 1
  return attribute.includes('.') || attribute.includes('_') ? 2 : 3
}
