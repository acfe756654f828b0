/** Shapes of the answers that the dashboard reads. All of them are checked by `readers.ts` before use. */

export type LabelRecord = Readonly<Record<string, string>>

/** One series of a range answer: unix seconds and the value as Prometheus writes it. */
export interface MatrixSeries {
  readonly metric: LabelRecord
  readonly timesSeconds: Float64Array
  readonly values: Float64Array
}

export interface VectorSample {
  readonly metric: LabelRecord
  readonly timeSeconds: number
  readonly value: number
}

/** Native histograms are not drawn yet; `histogramSeries` counts those the answer held. */
export type QueryData =
  | { readonly kind: 'matrix'; readonly series: readonly MatrixSeries[]; readonly histogramSeries: number }
  | { readonly kind: 'vector'; readonly samples: readonly VectorSample[]; readonly histogramSeries: number }
  | { readonly kind: 'scalar'; readonly timeSeconds: number; readonly value: number }
  | { readonly kind: 'string'; readonly timeSeconds: number; readonly text: string }

/** One node of the plan with what it did; figures include its children. */
export interface ExplainNode {
  readonly node: string
  readonly kind: string
  readonly isFused: boolean
  readonly series: number
  readonly samples: number
  readonly points: number
  readonly elapsedMs: number
  readonly children: readonly ExplainNode[]
}

export interface QueryAnswer {
  readonly data: QueryData
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
  readonly explain: ExplainNode | undefined
}

export interface MetricInfo {
  readonly metric: string
  readonly type: string
  readonly unit: string
  readonly help: string
}

export interface ReceiverStats {
  /** `metrics`, `logs` or `traces`. */
  readonly signal: string
  readonly receiver: string
  readonly requests: number
  /** Samples, data points, log records or spans. */
  readonly items: number
  readonly refused: number
}

export interface ServerStats {
  readonly version: string
  readonly uptimeSeconds: number
  readonly samplesPerSecond: number
  readonly seriesActive: number
  readonly samplesTotal: number
  readonly diskBytes: number
  readonly receivers: readonly ReceiverStats[]
}

/** How long the longest kept rows of a signal are kept. */
export interface KeptPeriod {
  /** Infinity = for ever. */
  readonly ms: number
  /** The key of the configuration that says so. */
  readonly key: string
}

export type KeptPeriods = Readonly<Record<'metrics' | 'logs' | 'traces', KeptPeriod>>

export interface AcceptedIntake {
  readonly signal: string
  readonly receiver: string
  readonly atMs: number
  readonly items: number
  readonly series: number | undefined
  readonly firstMetric: string | undefined
}

export interface RefusedIntake {
  readonly receiver: string
  readonly atMs: number
  readonly code: string
  readonly message: string
  readonly count: number
}

/** Newest first, at most 50 of each; our own collection is not among the accepted. */
export interface RecentIntake {
  readonly accepted: readonly AcceptedIntake[]
  readonly refused: readonly RefusedIntake[]
}
