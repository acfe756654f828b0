import type { Histogram, Labels } from '@vantage/model'
import type { BucketRange } from '@vantage/model/histograms'
import type { Point } from './notation.ts'

/** One series of a `load`: point i is the sample at `i * stepMs`. */
export interface LoadedSeries {
  readonly labels: Labels
  readonly stepMs: number
  readonly points: readonly Point[]
  /** Since when the counter of sample i has been counting, from the sample's time; undefined: not said. */
  readonly startOffsetsMs?: readonly (number | undefined)[]
}

export interface PointSeries {
  readonly labels: Labels
  /** Ascending in time. */
  readonly points: readonly AnsweredPoint[]
}

export interface AnsweredPoint {
  readonly timeMs: number
  /** Means nothing beside a histogram. */
  readonly value: number
  readonly histogram?: Histogram
  /** What an answer says of a histogram that does not tell all of it. */
  readonly shown?: ShownHistogram
}

/** A histogram as the HTTP API answers it: filled buckets only, ascending; no schema, no hint, no custom bounds. */
export interface ShownHistogram {
  readonly count: number
  readonly sum: number
  readonly buckets: readonly BucketRange[]
}

export type TargetData =
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'vector'; readonly series: readonly PointSeries[] }
  | { readonly kind: 'matrix'; readonly series: readonly PointSeries[] }

export type TargetAnswer =
  | {
      readonly ok: true
      readonly data: TargetData
      readonly warnings: readonly string[]
      readonly infos: readonly string[]
    }
  | { readonly ok: false; readonly message: string }

/** Something that stores series and answers PromQL. Scripts run against any of them. */
export interface Target {
  /** Without it histogram points are not stored, and the runner leaves out the evaluations that need them. */
  readonly storesHistograms?: boolean
  /** The same of `startOffsetsMs`. */
  readonly storesStartTimes?: boolean
  /** Forgets all series. */
  clear(): Promise<void>
  /** Everything is visible to queries once the promise resolves. */
  load(series: readonly LoadedSeries[]): Promise<void>
  instant(query: string, timeMs: number): Promise<TargetAnswer>
  range(query: string, startMs: number, endMs: number, stepMs: number): Promise<TargetAnswer>
  close(): Promise<void>
}
