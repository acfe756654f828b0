import { assert, type Histogram, RESET_HINT } from '@vantage/model'
import { add, areCompatible, areEqual, compact, divide, multiply, subtract, withHint } from '@vantage/model/histograms'
import type { EvaluationContext } from '../evaluate/context.ts'
import { trimHistogram } from '../histogram/trim.ts'
import { isComparisonOp, isSetOp } from '../language/operators.ts'
import type { BinaryPlan } from '../plan/plan.ts'
import { arithmetic, compare } from './operators.ts'

/**
 * One operator on one pair of samples of any kind; what does not go together has no result and a note says so.
 * Holds the result of the last pair: one object serves an evaluation.
 * Source: prometheus/prometheus docs/querying/operators.md.
 */
export class BinaryElement {
  readonly #context: EvaluationContext
  readonly #plan: BinaryPlan
  /** The result, unless it is a histogram; of a comparison the left side. */
  value = 0
  histogram: Histogram | undefined
  /** What a comparison came to. */
  holds = true

  constructor(context: EvaluationContext, plan: BinaryPlan) {
    this.#context = context
    this.#plan = plan
  }

  get isComparison(): boolean {
    return isComparisonOp(this.#plan.op)
  }

  /** @returns false where the pair has no result */
  apply(
    left: number,
    leftHistogram: Histogram | undefined,
    right: number,
    rightHistogram: Histogram | undefined,
  ): boolean {
    this.holds = true
    this.histogram = undefined
    if (leftHistogram === undefined) {
      return rightHistogram === undefined ? this.#floats(left, right) : this.#floatAndHistogram(left, rightHistogram)
    }
    if (rightHistogram === undefined) return this.#histogramAndFloat(leftHistogram, right)
    return this.#histograms(leftHistogram, rightHistogram)
  }

  #floats(left: number, right: number): boolean {
    const { op } = this.#plan
    if (op === '</' || op === '>/') return this.#incompatible('float', 'float')
    assert(!isSetOp(op), `${op} is evaluated elsewhere`)
    this.value = left
    if (isComparisonOp(op)) this.holds = compare(op, left, right)
    else this.value = arithmetic(op, left, right)
    return true
  }

  #floatAndHistogram(left: number, right: Histogram): boolean {
    if (this.#plan.op !== '*') return this.#incompatible('float', 'histogram')
    this.histogram = compact(multiply(right, left))
    return true
  }

  #histogramAndFloat(left: Histogram, right: number): boolean {
    switch (this.#plan.op) {
      case '*':
        this.histogram = compact(multiply(left, right))
        return true
      case '/':
        this.histogram = compact(divide(left, right))
        return true
      case '</':
        this.histogram = trimHistogram(left, right, 'below')
        return true
      case '>/':
        this.histogram = trimHistogram(left, right, 'above')
        return true
      default:
        return this.#incompatible('histogram', 'float')
    }
  }

  #histograms(left: Histogram, right: Histogram): boolean {
    switch (this.#plan.op) {
      case '+':
      case '-':
        return this.#total(left, right)
      case '==':
      case '!=':
        this.histogram = left
        this.holds = areEqual(left, right) === (this.#plan.op === '==')
        return true
      default:
        return this.#incompatible('histogram', 'histogram')
    }
  }

  /** A difference is a gauge, whatever its operands were. */
  #total(left: Histogram, right: Histogram): boolean {
    const { op, expr } = this.#plan
    const { annotations } = this.#context
    const isSum = op === '+'
    const operation = isSum ? 'addition' : 'subtraction'
    if (!areCompatible(left, right)) {
      annotations.incompatibleBuckets(op, expr)
      return false
    }
    const total = isSum ? add(left, right) : subtract(left, right)
    assert(total !== undefined, 'compatible histograms have a total')
    if (total.hasResetConflict) {
      annotations.conflictingResets(operation, expr)
      return false
    }
    if (total.isReconciled) annotations.reconciledBounds(operation, expr)
    const histogram = compact(total.histogram)
    this.histogram = isSum ? histogram : withHint(histogram, RESET_HINT.gauge)
    return true
  }

  #incompatible(left: string, right: string): boolean {
    this.#context.annotations.incompatibleTypes(left, this.#plan.op, right, this.#plan.expr)
    return false
  }
}
