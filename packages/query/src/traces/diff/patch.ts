import { type AnyValue, valueJson } from '@vantage/model'
import { type FlatSpan, valueKey } from './flat-spans.ts'

/** Durations are alike where they differ by no more than this share of the longer one and a millisecond. */
const DURATION_TOLERANCE = 0.25
const DURATION_FLOOR_NS = 1e6
const SIZE_TOLERANCE = 0.05
/** Numbers that say how much, of which small differences say nothing. */
const SIZES: ReadonlySet<string> = new Set([
  ...['request', 'response'].flatMap((one) => [`http.${one}.size`, `http.${one}.body.size`]),
  ...['request', 'response'].flatMap((one) => [
    `http.${one}_content_length`,
    `http.${one}_content_length_uncompressed`,
  ]),
  ...['message', 'rpc.message'].flatMap((one) => [`${one}.compressed_size`, `${one}.uncompressed_size`]),
  ...['messaging.message.body.size', 'messaging.message.envelope.size', 'file.size', 'app.jank.period'],
  ...['input', 'output', 'prompt', 'completion', 'cache_creation.input', 'cache_read.input', 'reasoning.output'].map(
    (one) => `gen_ai.usage.${one}_tokens`,
  ),
])

interface Change {
  readonly op: 'add' | 'remove' | 'modify'
  readonly target:
    | { readonly type: 'field'; readonly name: 'duration_nanos' | 'status' }
    | { readonly type: 'attribute'; readonly scope: 'span'; readonly key: string }
  readonly before: unknown
  readonly after: unknown
}

export interface SpanPair {
  readonly before: FlatSpan
  readonly after: FlatSpan
  readonly changes: readonly Change[]
}

/** What became of the spans of one trace in another. */
export interface TracePatch {
  readonly base: readonly FlatSpan[]
  readonly compare: readonly FlatSpan[]
  /** Spans of both. */
  readonly matched: number
  readonly modified: readonly SpanPair[]
  readonly added: readonly FlatSpan[]
  readonly removed: readonly FlatSpan[]
}

/** Spans are the same where service, name and kind are; of several the one below the same parent, else the first. */
export function patchOf(base: readonly FlatSpan[], compare: readonly FlatSpan[]): TracePatch {
  const candidates = new Candidates(base)
  const modified: SpanPair[] = []
  const added: FlatSpan[] = []
  for (const after of compare) {
    const before = candidates.take(after)
    if (before === undefined) {
      added.push(after)
      continue
    }
    const changes = [...fieldChanges(before, after), ...attributeChanges(before.attributes, after.attributes)]
    if (changes.length > 0) modified.push({ before, after, changes })
  }
  const removed = candidates.left()
  return { base, compare, matched: base.length - removed.length, modified, added, removed }
}

/** Spans of one trace that wait for their counterpart. */
class Candidates {
  readonly #spans: readonly FlatSpan[]
  readonly #taken = new Set<FlatSpan>()
  readonly #byIdentity: ReadonlyMap<string, FlatSpan[]>
  readonly #byParent: ReadonlyMap<string, FlatSpan[]>

  constructor(spans: readonly FlatSpan[]) {
    this.#spans = spans
    // Taken from the end.
    const backwards = spans.toReversed()
    this.#byIdentity = Map.groupBy(backwards, (span) => span.identity)
    this.#byParent = Map.groupBy(backwards, familyOf)
  }

  take(span: FlatSpan): FlatSpan | undefined {
    const sibling = span.parentIdentity === undefined ? undefined : this.#next(this.#byParent.get(familyOf(span)))
    const found = sibling ?? this.#next(this.#byIdentity.get(span.identity))
    if (found !== undefined) this.#taken.add(found)
    return found
  }

  left(): FlatSpan[] {
    return this.#spans.filter((span) => !this.#taken.has(span))
  }

  #next(waiting: FlatSpan[] | undefined): FlatSpan | undefined {
    let span = waiting?.pop()
    while (span !== undefined && this.#taken.has(span)) span = waiting?.pop()
    return span
  }
}

function familyOf({ identity, parentIdentity = '' }: FlatSpan): string {
  return `${identity} ${parentIdentity}`
}

function fieldChanges(before: FlatSpan, after: FlatSpan): Change[] {
  const changes: Change[] = []
  const [from, to] = [before.durationNs, after.durationNs]
  const areAlike =
    from === undefined || to === undefined
      ? from === to
      : Math.abs(from - to) <= DURATION_FLOOR_NS + DURATION_TOLERANCE * Math.max(from, to)
  if (!areAlike) {
    const target = { type: 'field', name: 'duration_nanos' } as const
    changes.push({ op: 'modify', target, before: from ?? null, after: to ?? null })
  }
  if (before.status !== after.status) {
    const target = { type: 'field', name: 'status' } as const
    changes.push({ op: 'modify', target, before: before.status, after: after.status })
  }
  return changes
}

function attributeChanges(before: FlatSpan['attributes'], after: FlatSpan['attributes']): Change[] {
  const changes: Change[] = []
  for (const key of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [from, to] = [before.get(key), after.get(key)]
    if (from !== undefined && to !== undefined && isSame(key, from, to)) continue
    const op = from === undefined ? 'add' : to === undefined ? 'remove' : 'modify'
    const target = { type: 'attribute', scope: 'span', key } as const
    changes.push({ op, target, before: shownValue(from), after: shownValue(to) })
  }
  return changes
}

function isSame(key: string, from: AnyValue, to: AnyValue): boolean {
  if (SIZES.has(key) && isNumber(from) && isNumber(to)) {
    const [a, b] = [Number(from.value), Number(to.value)]
    return Math.abs(a - b) <= SIZE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b))
  }
  return valueKey(from) === valueKey(to)
}

function isNumber(value: AnyValue): value is Extract<AnyValue, { kind: 'int' | 'double' }> {
  return value.kind === 'int' || value.kind === 'double'
}

function shownValue(value: AnyValue | undefined): unknown {
  return value === undefined ? null : valueJson(value)
}
