import { MISSING_PARENT_SPAN, NO_PARENT_SPAN, type TraceColumns } from '@vantage/model'

/** One span of a trace that a test writes down. */
export interface SampleSpan {
  readonly id: string
  readonly parent?: string
  readonly at: readonly [fromMs: number, toMs: number]
  readonly service?: string
  readonly name?: string
  readonly isError?: boolean
  readonly eventMs?: readonly number[]
}

/** Columns of a trace for tests. Ids are letters; they are filled up to 16 characters. */
export function sampleTrace(spans: readonly SampleSpan[]): TraceColumns {
  const full = (id: string) => id.padEnd(16, '0')
  const places = new Map(spans.map((span, place) => [span.id, place]))
  const services = [...new Set(spans.map((span) => span.service ?? 'shop'))]
  const names = [...new Set(spans.map((span) => span.name ?? span.id))]
  const missing = new Map<number, string>()
  const parents = spans.map(({ parent }, place) => {
    if (parent === undefined) return NO_PARENT_SPAN
    const known = places.get(parent)
    if (known === undefined) missing.set(place, full(parent))
    return known ?? MISSING_PARENT_SPAN
  })
  const events = spans.flatMap((span, place) => (span.eventMs ?? []).map((ms) => [place, ms] as const))
  return {
    traceId: 'a'.repeat(32),
    startNs: 0n,
    count: spans.length,
    names,
    services,
    spanIds: spans.map((span) => full(span.id)).join(''),
    parents: Int32Array.from(parents),
    missing,
    serviceOf: Int32Array.from(spans, (span) => services.indexOf(span.service ?? 'shop')),
    nameOf: Int32Array.from(spans, (span) => names.indexOf(span.name ?? span.id)),
    kinds: new Uint8Array(spans.length),
    startMs: Float64Array.from(spans, (span) => span.at[0]),
    durationMs: Float64Array.from(spans, (span) => span.at[1] - span.at[0]),
    isError: Uint8Array.from(spans, (span) => (span.isError === true ? 1 : 0)),
    eventPlaces: Int32Array.from(events, ([place]) => place),
    eventMs: Float64Array.from(events, ([, ms]) => ms),
    isEventsCut: false,
  }
}
