import type { Value } from '../value.ts'

/** `any`: the span's attributes, then its resource's. */
export type Scope = 'any' | 'span' | 'resource' | 'event' | 'link' | 'instrumentation'

/** Fields that every span has, under the names that this product prints. */
export const INTRINSICS = [
  'duration',
  'name',
  'status',
  'statusMessage',
  'kind',
  'parent',
  'traceDuration',
  'rootName',
  'rootServiceName',
  'nestedSetLeft',
  'nestedSetRight',
  'nestedSetParent',
  'span:id',
  'span:parentID',
  'span:childCount',
  'trace:id',
  'event:name',
  'event:timeSinceStart',
  'link:traceID',
  'link:spanID',
  'instrumentation:name',
  'instrumentation:version',
] as const

export type Intrinsic = (typeof INTRINSICS)[number]

/** A place where a span holds a value. `isParent`: of the span's parent. */
export type Field =
  | { readonly kind: 'attribute'; readonly scope: Scope; readonly isParent: boolean; readonly name: string }
  | { readonly kind: 'intrinsic'; readonly isParent: boolean; readonly name: Intrinsic }

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^'
export type ComparisonOp = '=' | '!=' | '<' | '<=' | '>' | '>='
export type FieldOp = ArithmeticOp | ComparisonOp | '=~' | '!~' | '&&' | '||'

/** What stands between braces, in `by()` and in aggregates. */
export type FieldExpression =
  | Field
  | { readonly kind: 'static'; readonly value: Value }
  | {
      readonly kind: 'binary'
      readonly op: FieldOp
      readonly left: FieldExpression
      readonly right: FieldExpression
    }
  | { readonly kind: 'unary'; readonly op: '-' | '!'; readonly operand: FieldExpression }
  /** `x != nil`; not wanted: `x = nil`. */
  | { readonly kind: 'exists'; readonly isWanted: boolean; readonly operand: FieldExpression }

/** `!…`: spans on the right that have no such relation to any on the left; `&…`: spans of both sides. */
export const SPANSET_OPS = [
  '&&',
  '||',
  '>',
  '>>',
  '<',
  '<<',
  '~',
  '!>',
  '!>>',
  '!<',
  '!<<',
  '!~',
  '&>',
  '&>>',
  '&<',
  '&<<',
  '&~',
] as const

export type SpansetOp = (typeof SPANSET_OPS)[number]

export type Spanset =
  | { readonly kind: 'filter'; readonly condition: FieldExpression }
  | { readonly kind: 'relation'; readonly op: SpansetOp; readonly left: Spanset; readonly right: Spanset }
  | Pipeline

/** Stages in order; as an operand it stands in parentheses. */
export interface Pipeline {
  readonly kind: 'pipeline'
  readonly stages: readonly Stage[]
}

export type Stage =
  | Spanset
  | {
      readonly kind: 'scalar-filter'
      readonly op: ComparisonOp
      readonly left: Scalar
      readonly right: Scalar
    }
  | { readonly kind: 'group'; readonly by: FieldExpression }
  | { readonly kind: 'coalesce' }
  | { readonly kind: 'select'; readonly fields: readonly Field[] }

export type AggregateOp = 'count' | 'avg' | 'max' | 'min' | 'sum'

/** One number for a spanset. */
export type Scalar =
  | { readonly kind: 'static'; readonly value: Value }
  | { readonly kind: 'aggregate'; readonly op: AggregateOp; readonly of: FieldExpression | undefined }
  | { readonly kind: 'scalar-math'; readonly op: ArithmeticOp; readonly left: Scalar; readonly right: Scalar }
  /** `({…} | … | count())`. */
  | { readonly kind: 'scalar-pipeline'; readonly stages: readonly Stage[]; readonly aggregate: Aggregate }

export type Aggregate = Extract<Scalar, { kind: 'aggregate' }>

export type OverTimeOp =
  | 'min_over_time'
  | 'max_over_time'
  | 'avg_over_time'
  | 'sum_over_time'
  | 'quantile_over_time'
  | 'histogram_over_time'

/** First stage of a metrics query: spans to series. */
export type MetricsAggregate =
  | { readonly kind: 'count'; readonly op: 'rate' | 'count_over_time'; readonly by: readonly Field[] }
  | {
      readonly kind: 'over-time'
      readonly op: OverTimeOp
      readonly of: Field
      /** Of `quantile_over_time`. */
      readonly quantiles: readonly number[]
      readonly by: readonly Field[]
    }
  | {
      readonly kind: 'compare'
      readonly selection: FieldExpression
      readonly top: number
      /** Unix ns; of the selection. Absent = the query's. */
      readonly range: { readonly startNs: bigint; readonly endNs: bigint } | undefined
    }

/** Series to fewer series. */
export type SecondStage =
  | { readonly kind: 'top'; readonly op: 'topk' | 'bottomk'; readonly count: number }
  | { readonly kind: 'keep'; readonly op: ComparisonOp; readonly than: number }

export type MathOp = '+' | '-' | '*' | '/'

export type Metrics =
  | {
      readonly kind: 'series'
      readonly stages: readonly Stage[]
      readonly aggregate: MetricsAggregate
      readonly second: readonly SecondStage[]
    }
  | { readonly kind: 'math'; readonly op: MathOp; readonly left: Metrics; readonly right: Metrics }
  | {
      readonly kind: 'number-math'
      readonly op: MathOp
      readonly number: number
      readonly isNumberLeft: boolean
      readonly input: Metrics
    }
  /** Second stages behind arithmetic; only at the root. */
  | { readonly kind: 'staged'; readonly input: Metrics; readonly second: readonly SecondStage[] }

export interface Hint {
  readonly name: string
  readonly value: Value
}

/** A whole query. */
export type Query =
  | { readonly kind: 'search'; readonly pipeline: Pipeline; readonly hints: readonly Hint[] }
  | { readonly kind: 'metrics'; readonly metrics: Metrics; readonly hints: readonly Hint[] }
