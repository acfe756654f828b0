import type { SearchPattern } from '@vantage/model'

/** Which rows a processor is for; all of what is named must hold. */
export interface RowSelector {
  /** Name of the service; '' = any. */
  readonly service: string
  /** Found in the line of a log row, in the name of a span. */
  readonly text: SearchPattern | undefined
  /** Attributes of the row, as text. */
  readonly attributes: readonly (readonly [string, string])[]
  /** Log rows of at most this severity number, so that errors are never dropped with the rest; 0 = any. */
  readonly maxSeverity: number
}

export interface ProcessorBase {
  readonly name: string
  readonly signals: ReadonlySet<'logs' | 'spans'>
  readonly where: RowSelector
}

export const MASK_KINDS = ['card', 'email', 'token'] as const
export type MaskKind = (typeof MASK_KINDS)[number]

/** Before the log: what is logged is what is left. */
export type EarlyProcessor = ProcessorBase &
  (
    | { readonly kind: 'drop' }
    /** Of a trace all rows or none. */
    | { readonly kind: 'sample'; readonly percent: number }
    | {
        readonly kind: 'mask'
        readonly what: readonly MaskKind[]
        readonly patterns: readonly SearchPattern[]
        /** Attributes whose whole value is masked. */
        readonly fields: ReadonlySet<string>
      }
  )

/** Behind the log: rows on their way into the store; the log keeps what was sent. */
export type LateProcessor = ProcessorBase &
  (
    | {
        readonly kind: 'parse'
        readonly format: 'json' | 'logfmt' | 'regex'
        readonly pattern: SearchPattern | undefined
      }
    | { readonly kind: 'enrich'; readonly set: readonly (readonly [string, string])[] }
    | {
        readonly kind: 'derive'
        readonly metric: string
        readonly type: 'counter' | 'histogram'
        /** The attribute that is added up or measured; '' = 1 for each row. */
        readonly value: string
        readonly labels: readonly string[]
      }
  )

export type Processor = EarlyProcessor | LateProcessor

export function isEarly(processor: Processor): processor is EarlyProcessor {
  return processor.kind === 'drop' || processor.kind === 'sample' || processor.kind === 'mask'
}
