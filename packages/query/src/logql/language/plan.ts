import type { Matcher } from '@vantage/model'

/** `|=` holds the text, `|~` a regular expression, `|>` a pattern; `!` keeps the other lines. */
export type LineOp = '|=' | '!=' | '|~' | '!~' | '|>' | '!>'

/** One text of a line filter; several are joined by `or`. */
export interface LineOperand {
  readonly isIp: boolean
  readonly text: string
}

/** A label that a parser fills, and the path or key it is read from. */
export interface Extraction {
  readonly name: string
  readonly path: string
}

export type LabelFormat =
  | { readonly kind: 'rename'; readonly name: string; readonly from: string }
  | { readonly kind: 'template'; readonly name: string; readonly template: string }

/** A label by its name, or by name and value. */
export interface LabelChoice {
  readonly name: string
  readonly matcher: Matcher | undefined
}

export type CompareOp = '==' | '!=' | '>' | '>=' | '<' | '<='

export type LabelFilter =
  | { readonly kind: 'string'; readonly matcher: Matcher }
  | { readonly kind: 'number'; readonly name: string; readonly op: CompareOp; readonly value: number }
  /** Value in ns. */
  | { readonly kind: 'duration'; readonly name: string; readonly op: CompareOp; readonly value: number }
  /** Value in bytes; `text` is how it was written. */
  | {
      readonly kind: 'bytes'
      readonly name: string
      readonly op: CompareOp
      readonly value: number
      readonly text: string
    }
  | { readonly kind: 'ip'; readonly name: string; readonly isNegated: boolean; readonly pattern: string }
  | { readonly kind: 'and' | 'or'; readonly left: LabelFilter; readonly right: LabelFilter }

export type Conversion = 'number' | 'duration' | 'duration_seconds' | 'bytes'

/** One step that a row passes; the stages of a pipeline run in order. */
export type Stage =
  | { readonly kind: 'lineFilter'; readonly op: LineOp; readonly operands: readonly LineOperand[] }
  | { readonly kind: 'json'; readonly extractions: readonly Extraction[] }
  | {
      readonly kind: 'logfmt'
      readonly isStrict: boolean
      readonly keepsEmpty: boolean
      readonly extractions: readonly Extraction[]
    }
  | { readonly kind: 'pattern'; readonly pattern: string }
  | { readonly kind: 'regexp'; readonly pattern: string }
  | { readonly kind: 'unpack' }
  | { readonly kind: 'lineFormat'; readonly template: string }
  | { readonly kind: 'labelFormat'; readonly formats: readonly LabelFormat[] }
  | { readonly kind: 'decolorize' }
  | { readonly kind: 'drop' | 'keep'; readonly choices: readonly LabelChoice[] }
  | { readonly kind: 'labelFilter'; readonly filter: LabelFilter }

/** The number that a range aggregation works on, where it is not the row itself. */
export interface Unwrap {
  readonly label: string
  readonly conversion: Conversion
  /** Filters behind it; they see the conversion's errors. */
  readonly filters: readonly LabelFilter[]
}

export interface Selector {
  readonly kind: 'selector'
  readonly matchers: readonly Matcher[]
  readonly stages: readonly Stage[]
}

/** Rows of (t − rangeNs − offsetNs, t − offsetNs]. */
export interface LogRange {
  readonly selector: Selector
  readonly unwrap: Unwrap | undefined
  readonly rangeNs: number
  readonly offsetNs: number
}

export interface Grouping {
  readonly isWithout: boolean
  readonly names: readonly string[]
}

export const RANGE_OPERATIONS = [
  'absent_over_time',
  'avg_over_time',
  'bytes_over_time',
  'bytes_rate',
  'count_over_time',
  'first_over_time',
  'last_over_time',
  'max_over_time',
  'min_over_time',
  'quantile_over_time',
  'rate',
  'rate_counter',
  'stddev_over_time',
  'stdvar_over_time',
  'sum_over_time',
] as const
export type RangeOperation = (typeof RANGE_OPERATIONS)[number]

export const VECTOR_OPERATIONS = [
  'approx_topk',
  'avg',
  'bottomk',
  'count',
  'max',
  'min',
  'sort',
  'sort_desc',
  'stddev',
  'stdvar',
  'sum',
  'topk',
] as const
export type VectorOperation = (typeof VECTOR_OPERATIONS)[number]

export type SetOp = 'and' | 'or' | 'unless'
export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^'
export type BinaryOp = SetOp | CompareOp | ArithmeticOp

/** How the sides of a binary operation find each other. */
export interface Matching {
  readonly isOn: boolean
  readonly names: readonly string[]
  readonly cardinality: 'one-to-one' | 'many-to-one' | 'one-to-many'
  /** Labels that the many side takes from the one side. */
  readonly include: readonly string[]
}

export interface RangeAggregation {
  readonly kind: 'rangeAggregation'
  readonly operation: RangeOperation
  /** Of quantile_over_time. */
  readonly parameter: number | undefined
  readonly range: LogRange
  readonly grouping: Grouping | undefined
}

export interface VectorAggregation {
  readonly kind: 'vectorAggregation'
  readonly operation: VectorOperation
  /** How many: of topk, bottomk and approx_topk. */
  readonly count: number | undefined
  readonly input: MetricPlan
  readonly grouping: Grouping | undefined
}

export interface BinaryOperation {
  readonly kind: 'binary'
  readonly op: BinaryOp
  /** Comparisons answer 0 or 1 instead of filtering. */
  readonly isBool: boolean
  readonly left: MetricPlan
  readonly right: MetricPlan
  readonly matching: Matching | undefined
}

export type MetricPlan =
  | RangeAggregation
  | VectorAggregation
  | BinaryOperation
  | { readonly kind: 'literal'; readonly value: number }
  | { readonly kind: 'vector'; readonly value: number }
  | {
      readonly kind: 'labelReplace'
      readonly input: MetricPlan
      readonly target: string
      readonly replacement: string
      readonly source: string
      readonly pattern: string
    }
  /** Several aggregations of the same rows; series are told apart by `__variant__`. */
  | { readonly kind: 'variants'; readonly variants: readonly MetricPlan[]; readonly range: LogRange }

export type Plan = Selector | MetricPlan
