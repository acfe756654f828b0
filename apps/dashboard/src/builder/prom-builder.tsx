import { isLiteral, type Step } from './chain.ts'
import { LiteralField } from './fields.tsx'
import { MatcherChips, type Words } from './matcher-chips.tsx'
import { NO_QUERY, type PromBuilder, type Selector } from './promql.ts'
import { StepChips } from './step-chips.tsx'
import { Select, SuggestField } from './suggest-field.tsx'

const WINDOWED = [
  ...['rate', 'increase', 'irate', 'delta', 'idelta', 'deriv', 'changes', 'resets'],
  ...['avg', 'min', 'max', 'sum', 'count', 'last', 'stddev'].map((name) => `${name}_over_time`),
]
const call = (name: string, before: readonly string[] = [], after: readonly string[] = []): Step<Selector> => ({
  ...{ kind: 'call', name },
  before,
  after,
})
const FUNCTIONS: readonly Step<Selector>[] = [
  call('histogram_quantile', ['0.95']),
  ...['abs', 'ceil', 'floor', 'sqrt', 'ln', 'sort_desc', 'absent', 'timestamp'].map((name) => call(name)),
  call('round', [], ['1']),
  call('clamp_min', [], ['0']),
  call('clamp_max', [], ['1']),
]
const RANGES = ['30s', '1m', '5m', '15m', '1h', '1d']
const RANGE_DEFAULT = '5m'

interface PromBuilderViewProps {
  readonly model: PromBuilder
  readonly metrics: () => Promise<readonly string[]>
  readonly wordsOf: (metric: string) => Words
  readonly onChange: (model: PromBuilder) => void
}

/** A query of metrics as fields: which series, over which window, and what is done with them. */
export function PromBuilderView(props: PromBuilderViewProps) {
  const { model, metrics, wordsOf, onChange } = props
  const { leaf, steps } = model
  const metric = isLiteral(leaf) ? '' : leaf.metric
  return (
    <>
      {isLiteral(leaf) ? (
        <LiteralField literal={leaf.literal} onCommit={(literal) => onChange({ ...model, leaf: { literal } })} />
      ) : (
        <SelectorFields leaf={leaf} {...props} />
      )}
      <StepChips
        steps={steps}
        windowed={WINDOWED}
        overResults={WINDOWED}
        functions={FUNCTIONS}
        labels={wordsOf(metric).labels}
        other={NO_QUERY}
        operand={(chain, put) => <PromBuilderView model={chain} metrics={metrics} wordsOf={wordsOf} onChange={put} />}
        onChange={(next) =>
          onChange({ leaf: isLiteral(leaf) ? leaf : { ...leaf, range: rangeFor(leaf.range, next) }, steps: next })
        }
      />
    </>
  )
}

function SelectorFields({
  leaf,
  model,
  metrics,
  wordsOf,
  onChange,
}: PromBuilderViewProps & { readonly leaf: Selector }) {
  const put = (change: Partial<Selector>) => onChange({ ...model, leaf: { ...leaf, ...change } })
  return (
    <>
      {(leaf.metric !== '' || leaf.braces === undefined) && (
        <SuggestField
          label="Metric"
          value={leaf.metric}
          placeholder="metric"
          suggest={metrics}
          onCommit={(metric) => put(metricOf(metric, leaf))}
        />
      )}
      <MatcherChips
        braces={leaf.braces ?? { matchers: [], hasLastComma: false }}
        words={wordsOf(leaf.metric)}
        onChange={(braces) => put({ braces: leaf.metric !== '' && braces.matchers.length === 0 ? undefined : braces })}
      />
      {leaf.range !== '' && (
        <Select label="Window" value={leaf.range} options={RANGES} onSelect={(range) => put({ range })} />
      )}
      {leaf.modifiers !== '' && <span className="builder-chip code">{leaf.modifiers}</span>}
    </>
  )
}

/** A name that needs quotes stands in the braces. */
function metricOf(text: string, leaf: Selector): Partial<Selector> {
  const metric = text.trim()
  if (metric === '' || /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric)) return { metric }
  const { matchers } = leaf.braces ?? { matchers: [] }
  const name = { label: JSON.stringify(metric), op: '', value: '' }
  return { metric: '', braces: { matchers: [name, ...matchers], hasLastComma: false } }
}

/** A window is there exactly where a function takes one. */
function rangeFor(range: string, steps: readonly Step<Selector>[]): string {
  const first = steps[0]
  const isTaken = first?.kind === 'call' && (WINDOWED.includes(first.name) || range !== '')
  return isTaken ? range || RANGE_DEFAULT : ''
}
