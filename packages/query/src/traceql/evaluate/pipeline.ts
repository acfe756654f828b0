import { unreachable } from '@vantage/model'
import { printScalar, printStage } from '../language/print.ts'
import type { Aggregate, Scalar, Spanset, Stage } from '../language/syntax.ts'
import type { TraceqlLimits } from '../limits.ts'
import { arithmetic, compareValues } from '../operators.ts'
import { isNumeric, NIL, type Value } from '../value.ts'
import { compileCondition, compileField } from './compile.ts'
import { relate } from './relate.ts'
import type { SpanView } from './span-view.ts'
import type { TraceView } from './trace-view.ts'
import { valueKey } from './value-text.ts'

/** Some spans of a trace, by place, ascending; `facts` are what stages found of them: groups and aggregates. */
export interface SpanSet {
  readonly places: readonly number[]
  readonly facts: readonly { readonly name: string; readonly value: Value }[]
}

/** A pipeline that is ready to be asked of traces. */
export type RunPipeline = (trace: TraceView, sets: readonly SpanSet[]) => readonly SpanSet[]

type RunScalar = (trace: TraceView, set: SpanSet) => Value

/** All spans of a trace: what a pipeline begins with. */
export function wholeTrace(trace: TraceView): SpanSet[] {
  return [{ places: trace.spans.map((_, place) => place), facts: [] }]
}

export function compileStages(stages: readonly Stage[], limits: TraceqlLimits): RunPipeline {
  const runs = stages.map((stage) => compileStage(stage, limits))
  return (trace, sets) => runs.reduce((current, run) => (current.length === 0 ? current : run(trace, current)), sets)
}

function compileStage(stage: Stage, limits: TraceqlLimits): RunPipeline {
  switch (stage.kind) {
    case 'filter':
    case 'relation':
    case 'pipeline':
      return compileSpanset(stage, limits)
    case 'scalar-filter':
      return compileScalarFilter(stage, limits)
    case 'group':
      return compileGroup(stage, limits)
    case 'coalesce':
      return (_, sets) => {
        const places = allPlaces(sets)
        return places.length === 0 ? [] : [{ places, facts: [] }]
      }
    case 'select':
      return (_, sets) => sets
    default:
      return unreachable(stage)
  }
}

function allPlaces(sets: readonly SpanSet[]): number[] {
  if (sets.length === 1) return [...(sets[0] as SpanSet).places]
  return [...new Set(sets.flatMap((set) => set.places))].sort((a, b) => a - b)
}

function compileSpanset(spanset: Spanset, limits: TraceqlLimits): RunPipeline {
  switch (spanset.kind) {
    case 'filter': {
      const isMatch = compileCondition(spanset.condition, limits.regexCharsMax)
      return (trace, sets) =>
        sets
          .map(({ places, facts }) => ({
            places: places.filter((place) => isMatch(trace.spans[place] as SpanView)),
            facts,
          }))
          .filter(({ places }) => places.length > 0)
    }
    case 'pipeline':
      return compileStages(spanset.stages, limits)
    case 'relation': {
      const left = compileSpanset(spanset.left, limits)
      const right = compileSpanset(spanset.right, limits)
      const { op } = spanset
      return (trace, sets) =>
        sets
          .map((set) => ({
            places: relate(op, trace, allPlaces(left(trace, [set])), allPlaces(right(trace, [set]))),
            facts: set.facts,
          }))
          .filter(({ places }) => places.length > 0)
    }
    default:
      return unreachable(spanset)
  }
}

function compileGroup(stage: Extract<Stage, { kind: 'group' }>, limits: TraceqlLimits): RunPipeline {
  const read = compileField(stage.by, limits.regexCharsMax)
  const name = printStage(stage)
  return (trace, sets) => {
    const out: { places: number[]; facts: SpanSet['facts'] }[] = []
    for (const set of sets) {
      const groups = new Map<string, { places: number[]; facts: SpanSet['facts'] }>()
      for (const place of set.places) {
        const value = read(trace.spans[place] as SpanView)
        const key = valueKey(value)
        let group = groups.get(key)
        if (group === undefined) {
          group = { places: [], facts: [...set.facts, { name, value }] }
          groups.set(key, group)
          out.push(group)
        }
        group.places.push(place)
      }
    }
    return out
  }
}

function compileScalarFilter(stage: Extract<Stage, { kind: 'scalar-filter' }>, limits: TraceqlLimits): RunPipeline {
  const left = compileScalar(stage.left, limits)
  const right = compileScalar(stage.right, limits)
  const sides = [stage.left, stage.right]
  const runs = [left, right]
  const spans = sides.flatMap((side) => spansOf(side, limits))
  return (trace, sets) => {
    const out: SpanSet[] = []
    for (const set of sets) {
      const values = runs.map((run) => run(trace, set))
      if (!compareValues(stage.op, values[0] as Value, values[1] as Value)) continue
      const facts = sides.flatMap((side, i) =>
        side.kind === 'aggregate' ? [{ name: printScalar(side), value: values[i] as Value }] : [],
      )
      const places = spans.length === 0 ? set.places : allPlaces(spans.flatMap((run) => run(trace, [set])))
      if (places.length > 0) out.push({ places, facts: [...set.facts, ...facts] })
    }
    return out
  }
}

/** Pipelines whose spans are what a comparison of their numbers gives. */
function spansOf(scalar: Scalar, limits: TraceqlLimits): RunPipeline[] {
  if (scalar.kind === 'scalar-pipeline') return [compileStages(scalar.stages, limits)]
  if (scalar.kind === 'scalar-math') return [...spansOf(scalar.left, limits), ...spansOf(scalar.right, limits)]
  return []
}

function compileScalar(scalar: Scalar, limits: TraceqlLimits): RunScalar {
  switch (scalar.kind) {
    case 'static': {
      const { value } = scalar
      return () => value
    }
    case 'aggregate':
      return compileAggregate(scalar, limits)
    case 'scalar-math': {
      const left = compileScalar(scalar.left, limits)
      const right = compileScalar(scalar.right, limits)
      const { op } = scalar
      return (trace, set) => arithmetic(op, left(trace, set), right(trace, set))
    }
    case 'scalar-pipeline': {
      const stages = compileStages(scalar.stages, limits)
      const aggregate = compileAggregate(scalar.aggregate, limits)
      return (trace, set) => aggregate(trace, { places: allPlaces(stages(trace, [set])), facts: [] })
    }
    default:
      return unreachable(scalar)
  }
}

/** Spans without a number do not count; without any number the aggregate is nil. */
function compileAggregate({ op, of }: Aggregate, limits: TraceqlLimits): RunScalar {
  if (of === undefined) return (_, { places }) => ({ kind: 'int', value: BigInt(places.length) })
  const read = compileField(of, limits.regexCharsMax)
  return (trace, { places }) => {
    let result: Value = NIL
    let count = 0
    for (const place of places) {
      const value = read(trace.spans[place] as SpanView)
      if (!isNumeric(value)) continue
      count++
      if (result === NIL) result = value
      else if (op === 'sum' || op === 'avg') result = arithmetic('+', result, value)
      else if (compareValues(op === 'max' ? '>' : '<', value, result)) result = value
    }
    return op === 'avg' && isNumeric(result) ? average(result, count) : result
  }
}

function average(sum: Extract<Value, { kind: 'int' | 'double' | 'duration' }>, count: number): Value {
  const value = Number(sum.value) / count
  return { kind: sum.kind === 'duration' ? 'duration' : 'double', value }
}
