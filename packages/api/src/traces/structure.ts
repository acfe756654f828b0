import { MISSING_PARENT_SPAN, NO_PARENT_SPAN, type Origin, serviceOf } from '@vantage/model'
import type { SpanView, TraceView } from '@vantage/query/traceql'

/** Events whose times a structure holds; what a span's events say is asked for with the span. */
const EVENTS_MAX = 20_000
/** Place in STATUS_CODES. */
const STATUS_ERROR = 2

/**
 * What JSON.stringify takes: the tree of a trace as columns, by place, without attributes. Names and services are places
 * in lists. Times are ns since `startNs`; `parents` has -1 for roots and -2 for parents that are not stored, whose ids
 * are in `missing` by the place of the child.
 */
export function structureJson(traceId: string, trace: TraceView): unknown {
  const { spans, startNs } = trace
  const names = new Places<string>((name) => name)
  const services = new Places<Origin>(serviceOf)
  let ids: ReadonlySet<string> | undefined
  const missing: Record<string, string> = {}
  const parents = Array.from(trace.parents, (parent, place) => {
    if (parent >= 0) return parent
    const { parentSpanId } = spans[place] as SpanView
    if (parentSpanId === '') return NO_PARENT_SPAN
    ids ??= new Set(spans.map((span) => span.spanId))
    // Who stands in a ring of parents was cut loose.
    if (ids.has(parentSpanId)) return NO_PARENT_SPAN
    missing[place] = parentSpanId
    return MISSING_PARENT_SPAN
  })
  const columns = {
    parents,
    missing,
    serviceOf: spans.map((span) => services.of(span.origin)),
    nameOf: spans.map((span) => names.of(span.name)),
    kinds: spans.map((span) => span.kind),
    starts: spans.map((span) => trace.offsetNs(span)),
    durations: spans.map((span) => span.durationNs),
    errors: spans.flatMap((span, place) => (span.statusCode === STATUS_ERROR ? [place] : [])),
  }
  return {
    traceId,
    startNs: String(startNs),
    count: spans.length,
    names: names.texts,
    services: services.texts,
    spanIds: spans.map((span) => span.spanId).join(''),
    ...columns,
    ...eventsOf(trace),
  }
}

/** Texts in the order in which they were met, each once, and their places. */
class Places<T> {
  readonly texts: string[] = []
  readonly #textOf: (one: T) => string
  readonly #places = new Map<T, number>()
  readonly #placesOfTexts = new Map<string, number>()

  constructor(textOf: (one: T) => string) {
    this.#textOf = textOf
  }

  of(one: T): number {
    const known = this.#places.get(one)
    if (known !== undefined) return known
    const text = this.#textOf(one)
    const place = this.#placesOfTexts.get(text) ?? this.texts.push(text) - 1
    this.#placesOfTexts.set(text, place)
    this.#places.set(one, place)
    return place
  }
}

/** Pairs of place and ns since the start; `eventsCut` where there are more. */
function eventsOf({ spans, startNs }: TraceView): { readonly events: readonly number[]; readonly eventsCut: boolean } {
  const events: number[] = []
  for (const [place, span] of spans.entries()) {
    const { from, to } = span.columns.events
    if (from[span.row] === to[span.row]) continue
    for (const { timeUnixNs } of span.events) {
      if (events.length >= EVENTS_MAX * 2) return { events, eventsCut: true }
      events.push(place, Number(timeUnixNs - startNs))
    }
  }
  return { events, eventsCut: false }
}
