import type { Clock } from '@vantage/model'
import { formatExpr } from '../language/print.ts'
import type { Plan } from '../plan/plan.ts'
import type { EvaluationContext } from './context.ts'
import type { Value } from './rows.ts'

/** What one node of the plan did, its children included in all figures. */
export interface Explanation {
  /** The node as PromQL. */
  readonly node: string
  readonly kind: Plan['kind']
  /** True where the node was evaluated together with its parent and held no series of its own. */
  readonly isFused: boolean
  /** Series of the result. */
  readonly series: number
  /** Samples read from the store. */
  readonly samples: number
  /** Points of the result. */
  readonly points: number
  readonly elapsedMs: number
  readonly children: readonly Explanation[]
}

/** Records a tree of explanations while the evaluator walks the plan. */
export class Explainer {
  readonly #clock: Clock
  readonly #context: EvaluationContext
  #children: Explanation[] = []

  constructor(clock: Clock, context: EvaluationContext) {
    this.#clock = clock
    this.#context = context
  }

  measure(plan: Plan, evaluate: () => Value): Value {
    const siblings = this.#children
    this.#children = []
    const startMs = this.#clock.monotonicMs()
    const samplesBefore = this.#context.samplesRead
    const value = evaluate()
    siblings.push({
      node: formatExpr(plan.expr),
      kind: plan.kind,
      isFused: false,
      series: seriesOf(value),
      samples: this.#context.samplesRead - samplesBefore,
      points: pointsOf(value),
      elapsedMs: this.#clock.monotonicMs() - startMs,
      children: this.#children,
    })
    this.#children = siblings
    return value
  }

  /** A node that its parent evaluated row by row. */
  noteFused(plan: Plan, series: number, points: number, samples: number): void {
    this.#children.push({
      node: formatExpr(plan.expr),
      kind: plan.kind,
      isFused: true,
      series,
      samples,
      points,
      elapsedMs: 0,
      children: [],
    })
  }

  root(): Explanation | undefined {
    return this.#children[0]
  }
}

function seriesOf(value: Value): number {
  return value.kind === 'vector' ? value.rows.length : 0
}

function pointsOf(value: Value): number {
  if (value.kind === 'scalar') return value.values.length
  if (value.kind === 'string') return 1
  let points = 0
  for (const { present } of value.rows) for (const one of present) points += one
  return points
}
