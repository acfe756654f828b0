import type { LiveRequest } from '@vantage/api/client'
import type { StageFigures, ThemeName, Unit } from '@vantage/charts'
import type { LiveChart, ShownLine } from './live-chart.ts'

/** What is known of a metric before its first sample. */
export interface KnownMetric {
  readonly name: string
  readonly type: string
  readonly unit: string
}

/** What the page decides about a strip; it tells what changes. Lengths are CSS pixels. */
export interface StripState {
  readonly lines: readonly ShownLine[]
  readonly unit: Unit
  readonly fromZero: boolean
  readonly windowMs: number
  readonly threshold: number | undefined
  readonly theme: ThemeName
  readonly size: { readonly width: number; readonly height: number; readonly ratio: number }
  readonly isVisible: boolean
  /** From the left edge of the canvas; undefined where no pointer or key is on the chart. */
  readonly pointerPx: number | undefined
}

/** From the page to the worker. */
export type ToWorker =
  | {
      readonly kind: 'connect'
      readonly url: string
      readonly subscribe: LiveRequest
      readonly metrics: readonly KnownMetric[]
    }
  | { readonly kind: 'add-strip'; readonly strip: number; readonly canvas: OffscreenCanvas; readonly theme: ThemeName }
  | { readonly kind: 'set-strip'; readonly strip: number; readonly change: Partial<StripState> }
  | { readonly kind: 'remove-strip'; readonly strip: number }
  /** The right edge of all charts, unix ms; undefined: now. */
  | { readonly kind: 'freeze'; readonly atMs: number | undefined }
  | { readonly kind: 'motion'; readonly isReduced: boolean }
  /** For the figures of all lines at a time, or of now. */
  | { readonly kind: 'ask'; readonly ask: number; readonly atMs: number | undefined }

export type Connection = 'connecting' | 'open' | 'lost'

/** What changes rarely and is shown in words; samples are not part of it. */
export interface LinkFacts {
  readonly connection: Connection
  /** Series that match, with those beyond the limit; Infinity where more came since they were counted. */
  readonly matched: number
  readonly failure: string | undefined
  /** When the last sample before a loss came, server time; 0 without a loss. */
  readonly lostSinceMs: number
  readonly dropped: number
}

/** What is told once a second. */
export interface LiveFigures extends StageFigures {
  /** Samples that came since the picture was frozen. */
  readonly fresh: number
}

export interface LineFigures {
  readonly key: string
  /** Of the newest sample that is not after the time asked for; NaN without one. */
  readonly value: number
  /** Of the oldest sample that is kept; NaN without one. */
  readonly first: number
  /** How far the newest is from what is usual for the line: deviations from the mean of what is kept; 0 where nothing varies. */
  readonly oddness: number
  /** When the newest sample came, server time; -Infinity without one. */
  readonly lastMs: number
}

/** From the worker to the page. */
export type FromWorker =
  /** The server's clock, unix ms. */
  | { readonly kind: 'clock'; readonly nowMs: number }
  /** `charts`: those that changed, whole. */
  | { readonly kind: 'facts'; readonly change: Partial<LinkFacts>; readonly charts: readonly LiveChart[] }
  | { readonly kind: 'figures'; readonly figures: LiveFigures }
  | { readonly kind: 'answer'; readonly ask: number; readonly lines: readonly LineFigures[] }
