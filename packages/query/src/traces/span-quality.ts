import { attribute, isZero, serviceOf, valueText } from '@vantage/model'
import type { SpanView, TraceView } from '../traceql/index.ts'

const EXAMPLES_MAX = 10
const CLIENTS_MAX = 100

interface Example {
  readonly traceId: string
  readonly spanIds: readonly string[]
}

/** What a check found. */
export interface QualityCheck {
  readonly name: string
  readonly description: string
  passed: number
  failed: number
  readonly passExamples: Example[]
  readonly failureExamples: Example[]
}

/** A library that the service sends with. */
interface QualityClient {
  readonly version: string
  spans: number
  readonly examples: Example[]
}

type Check = (span: SpanView, trace: TraceView) => boolean

const CHECKS: readonly (readonly [name: string, description: string, check: Check])[] = [
  [
    'parent is there',
    'The span is a root, or the span that it names as its parent is in the trace.',
    ({ columns, row, place }, trace) =>
      isZero(columns.parentSpanIds, row * 8, row * 8 + 8) || (trace.parents[place] as number) >= 0,
  ],
  [
    'begins after its parent',
    'The span begins when its parent has begun; otherwise the clocks of their hosts differ.',
    (span, trace) => span.startNs >= (trace.parentOf(span)?.startNs ?? span.startNs),
  ],
  ['ends after its begin', 'The span has an end, which is not before its begin.', (span) => span.endNs >= span.startNs],
]

/** How well the spans of one service can be joined to traces. */
export class SpanQuality {
  readonly #service: string
  readonly #clients = new Map<string, QualityClient>()
  readonly checks: readonly QualityCheck[] = CHECKS.map(([name, description]) => ({
    name,
    description,
    passed: 0,
    failed: 0,
    passExamples: [],
    failureExamples: [],
  }))

  constructor(service: string) {
    this.#service = service
  }

  get clients(): readonly QualityClient[] {
    return [...this.#clients.values()].sort((a, b) => b.spans - a.spans)
  }

  add(traceId: string, trace: TraceView): void {
    for (const span of trace.spans) {
      if (serviceOf(span.origin) !== this.#service) continue
      const example = { traceId, spanIds: [span.spanId] }
      for (const [i, [, , check]] of CHECKS.entries()) {
        const found = this.checks[i] as QualityCheck
        const isGood = check(span, trace)
        if (isGood) found.passed++
        else found.failed++
        const examples = isGood ? found.passExamples : found.failureExamples
        if (examples.length < EXAMPLES_MAX) examples.push(example)
      }
      this.#count(span, example)
    }
  }

  #count({ origin }: SpanView, example: Example): void {
    const [language, number] = ['language', 'version'].map((name) => {
      const value = attribute(origin.resource, `telemetry.sdk.${name}`)
      return value === undefined ? '' : valueText(value)
    }) as [string, string]
    const version = `${language} ${number}`.trim()
    if (version === '') return
    const known = this.#clients.get(version)
    if (known !== undefined) {
      known.spans++
      if (known.examples.length < EXAMPLES_MAX) known.examples.push(example)
    } else if (this.#clients.size < CLIENTS_MAX) this.#clients.set(version, { version, spans: 1, examples: [example] })
  }
}
