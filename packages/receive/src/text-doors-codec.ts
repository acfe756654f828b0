import type { Exemplar, Fault, Labels, MetricMetadata, Refusal, Result } from '@vantage/model'

/** One sample of a text with its whole label set. */
export interface TextSeries {
  readonly labels: Labels
  readonly times: ArrayLike<number>
  readonly values: Float64Array
  readonly exemplars?: readonly Exemplar[]
}

export interface ReadTextOptions {
  readonly grammar: 'prometheus' | 'openmetrics'
  readonly mode: 'scrape' | 'import'
  /** Of samples without a time, unix ms. */
  readonly timeMs: number
  /** Set on every series, over what it has itself. */
  readonly labels: readonly (readonly [string, string])[]
  /** More of them are too_large. */
  readonly samplesMax: number
  /** False: a sample with a time of its own is bad_request. */
  readonly takesTimes: boolean
}

export interface ReadText {
  readonly series: readonly TextSeries[]
  readonly metadata: readonly MetricMetadata[]
  readonly refused: readonly Refusal[]
  readonly warnings: readonly string[]
}

/** Texts whose series get labels on the way, and the canonical payload they become; written by the decoders' package. */
export interface TextCodec {
  /** Gives way between slices; `body[0, length)` stays the caller's. */
  read(body: Uint8Array, length: number, options: ReadTextOptions): Promise<Result<ReadText, Fault>>
  /** A compressed request of remote write 1.0. */
  encode(series: readonly TextSeries[], metadata: readonly MetricMetadata[]): Uint8Array
}
