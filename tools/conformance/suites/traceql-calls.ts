/**
 * Constructors of upstream's syntax tree, as its tables name them, written out as TraceQL with every operand in
 * parentheses: the tree says then what binds to what.
 */
export interface Call {
  readonly call?: string
  readonly args?: readonly unknown[]
  readonly id?: string
  readonly seconds?: number
}

const INTRINSICS: Readonly<Record<string, string>> = {
  Duration: 'duration',
  Name: 'name',
  Status: 'status',
  StatusMessage: 'statusMessage',
  Kind: 'kind',
  Parent: 'parent',
  TraceRootSpan: 'rootName',
  TraceRootService: 'rootServiceName',
  TraceDuration: 'traceDuration',
  TraceID: 'trace:id',
  SpanID: 'span:id',
  ParentID: 'span:parentID',
  ChildCount: 'span:childCount',
  NestedSetLeft: 'nestedSetLeft',
  NestedSetRight: 'nestedSetRight',
  NestedSetParent: 'nestedSetParent',
  EventName: 'event:name',
  EventTimeSinceStart: 'event:timeSinceStart',
  LinkTraceID: 'link:traceID',
  LinkSpanID: 'link:spanID',
  InstrumentationName: 'instrumentation:name',
  InstrumentationVersion: 'instrumentation:version',
}

const OPERATORS: Readonly<Record<string, string>> = {
  Add: '+',
  Sub: '-',
  Div: '/',
  Mod: '%',
  Mult: '*',
  Equal: '=',
  NotEqual: '!=',
  Regex: '=~',
  NotRegex: '!~',
  Greater: '>',
  GreaterEqual: '>=',
  Less: '<',
  LessEqual: '<=',
  Power: '^',
  And: '&&',
  Or: '||',
  Not: '!',
  TopK: 'topk',
  BottomK: 'bottomk',
  SpansetChild: '>',
  SpansetParent: '<',
  SpansetDescendant: '>>',
  SpansetAncestor: '<<',
  SpansetAnd: '&&',
  SpansetUnion: '||',
  SpansetSibling: '~',
  SpansetNotChild: '!>',
  SpansetNotParent: '!<',
  SpansetNotSibling: '!~',
  SpansetNotAncestor: '!<<',
  SpansetNotDescendant: '!>>',
  SpansetUnionChild: '&>',
  SpansetUnionParent: '&<',
  SpansetUnionSibling: '&~',
  SpansetUnionAncestor: '&<<',
  SpansetUnionDescendant: '&>>',
}

const OVER_TIME: Readonly<Record<string, string>> = {
  metricsAggregateRate: 'rate',
  metricsAggregateCountOverTime: 'count_over_time',
  metricsAggregateMinOverTime: 'min_over_time',
  metricsAggregateMaxOverTime: 'max_over_time',
  metricsAggregateSumOverTime: 'sum_over_time',
  metricsAggregateHistogramOverTime: 'histogram_over_time',
}

function known(table: Readonly<Record<string, string>>, name: string): string {
  const found = table[name]
  if (found === undefined) throw new Error(`unknown constructor argument ${name}`)
  return found
}

function operator(arg: unknown): string {
  return known(OPERATORS, ((arg as Call).id ?? '').replace(/^Op/, ''))
}

/** A field or a constant; an intrinsic may also stand alone, as `{"id": "IntrinsicName"}`. */
export function fieldText(call: Call): string {
  const args = call.args ?? []
  if (call.call === undefined) {
    const name = (call.id ?? '').replace(/^Intrinsic/, '')
    return name.startsWith('Structural') ? 'structural' : known(INTRINSICS, name)
  }
  if (call.call === 'NewIntrinsic') return fieldText(args[0] as Call)
  if (call.call === 'NewAttribute') return `.${JSON.stringify(args[0])}`
  if (call.call === 'NewScopedAttribute') {
    const scope = ((args[0] as Call).id ?? '').replace(/^AttributeScope/, '').toLowerCase()
    const parent = args[1] === true ? 'parent' : ''
    if (scope === 'none') return `${parent}.${JSON.stringify(args[2])}`
    return `${parent === '' ? '' : 'parent.'}${scope}.${JSON.stringify(args[2])}`
  }
  return staticText(call)
}

function staticText({ call, args = [] }: Call): string {
  const [first] = args
  switch (call) {
    case 'NewStaticString':
      return JSON.stringify(first)
    case 'NewStaticInt':
    case 'NewStaticBool':
      return String(first)
    case 'NewStaticFloat':
      return Number.isInteger(first) ? `${first}.0` : String(first)
    case 'NewStaticDuration':
      return `${Math.round((first as Call).seconds === undefined ? Number(first) : (first as { seconds: number }).seconds * 1e9)}ns`
    case 'NewStaticStatus':
    case 'NewStaticKind':
      return ((first as Call).id ?? '').replace(/^(Status|Kind)/, '').toLowerCase()
    case 'NewStaticNil':
      return 'nil'
    default:
      throw new Error(`unknown constructor ${call}`)
  }
}

function expressionText(call: Call): string {
  const args = (call.args ?? []) as readonly Call[]
  const inner = (i: number): string => `(${expressionText(args[i] as Call)})`
  switch (call.call) {
    case 'newBinaryOperation':
      return `${inner(1)} ${operator(args[0])} ${inner(2)}`
    case 'newUnaryOperation': {
      const op = (args[0]?.id ?? '') as string
      if (op === 'OpExists') return `${inner(1)} != nil`
      if (op === 'OpNotExists') return `${inner(1)} = nil`
      return `${operator(args[0])}${inner(1)}`
    }
    default:
      return fieldText(call)
  }
}

function list(arg: unknown): readonly Call[] {
  return Array.isArray(arg) ? (arg as Call[]) : []
}

function aggregateText([op, of]: readonly Call[]): string {
  const name = (op?.id ?? '').replace('aggregate', '').toLowerCase()
  return `${name}(${of === undefined || of === null ? '' : expressionText(of)})`
}

/** Stages, or the side of an operator. `isSide`: in parentheses of its own. */
function stageText(call: Call, isSide: boolean): string {
  const args = (call.args ?? []) as readonly Call[]
  const wrapped = (text: string): string => (isSide ? `(${text})` : text)
  switch (call.call) {
    case 'newPipeline':
      return wrapped(args.map((stage) => stageText(stage, false)).join(' | '))
    case 'newSpansetFilter':
      return wrapped(`{ ${expressionText(args[0] as Call)} }`)
    case 'newSpansetOperation':
      return wrapped(`${stageText(args[1] as Call, true)} ${operator(args[0])} ${stageText(args[2] as Call, true)}`)
    case 'newScalarFilter':
      return `${scalarText(args[1] as Call)} ${operator(args[0])} ${scalarText(args[2] as Call)}`
    case 'newScalarOperation':
      return `(${scalarText(args[1] as Call)}) ${operator(args[0])} (${scalarText(args[2] as Call)})`
    case 'newAggregate':
      return aggregateText(args)
    case 'newGroupOperation':
      return `by(${expressionText(args[0] as Call)})`
    case 'newCoalesceOperation':
      return 'coalesce()'
    case 'newSelectOperation':
      return `select(${list(args[0]).map(fieldText).join(', ')})`
    default:
      throw new Error(`unknown constructor ${call.call}`)
  }
}

function scalarText(call: Call): string {
  if (call.call === 'newPipeline') return stageText(call, true)
  if (call.call === 'newScalarOperation') return `(${stageText(call, false)})`
  return call.call === 'newAggregate' ? stageText(call, false) : staticText(call)
}

function firstStageText({ call, args = [] }: Call): string {
  const by = (fields: unknown): string =>
    list(fields).length === 0 ? '' : ` by(${list(fields).map(fieldText).join(', ')})`
  switch (call) {
    case 'newMetricsAggregate':
      return `${known(OVER_TIME, (args[0] as Call).id ?? '')}()${by(args[1])}`
    case 'newMetricsAggregateWithAttr':
      return `${known(OVER_TIME, (args[0] as Call).id ?? '')}(${fieldText(args[1] as Call)})${by(args[2])}`
    case 'newAverageOverTimeMetricsAggregator':
      return `avg_over_time(${fieldText(args[0] as Call)})${by(args[1])}`
    case 'newMetricsAggregateQuantileOverTime':
      return `quantile_over_time(${[fieldText(args[0] as Call), ...(args[1] as number[])].join(', ')})${by(args[2])}`
    default:
      throw new Error(`unknown constructor ${call}`)
  }
}

function secondStagesText(stages: unknown): string {
  return list(stages)
    .map(({ call, args = [] }) =>
      /TopKBottomK$/.test(call ?? '') ? ` | ${operator(args[0])}(${args[1]})` : ` ${operator(args[0])} ${args[1]}`,
    )
    .join('')
}

/** @param isField a field expression alone stands for the filter around it */
export function queryText(call: Call, isField: boolean): string {
  const args = (call.args ?? []) as readonly Call[]
  switch (call.call) {
    case 'newRootExprWithMetrics':
    case 'newRootExprWithMetricsTwoStage':
      return `${stageText(args[0] as Call, false)} | ${firstStageText(args[1] as Call)}${secondStagesText(args[2])}`
    case 'w':
    case 'newWrappedMetricsPipeline':
      return `(${stageText(args[0] as Call, false)} | ${firstStageText(args[1] as Call)}${secondStagesText(args[2])})`
    case 'newRootExprMath':
      return `(${queryText(args[1] as Call, false)} ${operator(args[0])} ${queryText(args[2] as Call, false)})`
    case 'newRootExprScalarMath': {
      const [number, input] = [String(args[1]), queryText(args[2] as Call, false)]
      const isNumberLeft = (args[3] as unknown) === true
      return `(${isNumberLeft ? number : input} ${operator(args[0])} ${isNumberLeft ? input : number})`
    }
    case 'chainMathSecondStage':
      return `${queryText(args[0] as Call, false)}${secondStagesText(args[1])}`
    default:
  }
  const isExpression = call.call === undefined || /^New|^newBinary|^newUnary/.test(call.call)
  return isField && isExpression ? `{ ${expressionText(call)} }` : stageText(call, false)
}
