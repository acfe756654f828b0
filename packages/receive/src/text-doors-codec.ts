import type { Exemplar, Fault, Histogram, Labels, MetricMetadata, Refusal, Result } from '@vantage/model'

/** One sample of an exposition with its whole label set. */
export interface TextSeries {
  readonly labels: Labels
  readonly times: ArrayLike<number>
  readonly values: Float64Array
  /** Since when each sample counts, unix ms, 0 = unknown. */
  readonly startTimes?: ArrayLike<number> | undefined
  readonly exemplars?: readonly Exemplar[]
  /** Native histograms; a series that has them has no samples but markers of its end. */
  readonly histograms?: readonly { readonly timeMs: number; readonly histogram: Histogram; readonly startMs?: number }[]
}

export interface ReadTextOptions {
  /** `protobuf`: delimited MetricFamily messages; native histograms are kept beside their classic series. */
  readonly grammar: 'prometheus' | 'openmetrics' | 'protobuf'
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

/** Members of JSON lines by what they are; an empty list = the usual names. */
export interface JsonLineNames {
  readonly message: readonly string[]
  readonly time: readonly string[]
  readonly stream: readonly string[]
  /** The stream that the path names: the body is then one JSON array, or one object. */
  readonly streamName?: string
}

/** JSON as bodies of Loki's push, in JSON, and what of it is none. */
export interface ReadPushes {
  readonly pushes: readonly Uint8Array[]
  readonly refused: readonly Refusal[]
}

/** Texts whose series get labels on the way, and the canonical payload they become; written by the decoders' package. */
export interface TextCodec {
  /** Gives way between slices; `body[0, length)` stays the caller's. */
  read(body: Uint8Array, length: number, options: ReadTextOptions): Promise<Result<ReadText, Fault>>
  /** As `read`. */
  readJsonLines(body: Uint8Array, length: number, names: JsonLineNames): Promise<Result<ReadPushes, Fault>>
  /** Deploys and other changes; read in one go. */
  readEvents(body: Uint8Array, length: number): Result<ReadPushes, Fault>
  /** Entries of execution logs: one JSON array, or one object; as `read`. */
  readExecutions(body: Uint8Array, length: number): Promise<Result<ReadPushes, Fault>>
  /** Entries that come with the product, to be tried. */
  sampleExecutions(): Uint8Array
  /** A compressed request of remote write 1.0. */
  encode(series: readonly TextSeries[], metadata: readonly MetricMetadata[]): Uint8Array
}
