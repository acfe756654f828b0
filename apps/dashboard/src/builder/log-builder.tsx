import { type Chain, isLiteral, type Step } from './chain.ts'
import { Chip, Fragment, withAt } from './chip.tsx'
import { LiteralField } from './fields.tsx'
import { LABEL_OPS, LINE_OPS, type LogBuilder, type LogSelection, NO_LINES, PARSERS, type Stage } from './logql.ts'
import { MatcherChips, type Words } from './matcher-chips.tsx'
import { literalOf, textOf } from './matchers.ts'
import { StepChips } from './step-chips.tsx'
import { Add, Select, SuggestField } from './suggest-field.tsx'

const WINDOWED = ['count_over_time', 'rate', 'bytes_over_time', 'bytes_rate', 'absent_over_time']
const RANGES = ['10s', '30s', '1m', '5m', '15m', '1h']
const RANGE_DEFAULT = '1m'
const NO_FUNCTIONS: readonly Step<LogSelection>[] = []
/** Only what is counted can be held against something. */
const OTHER_COUNT: Chain<LogSelection> = {
  leaf: { ...(NO_LINES.leaf as LogSelection), range: RANGE_DEFAULT },
  steps: [
    { kind: 'call', name: 'count_over_time', before: [], after: [] },
    { kind: 'aggregate', name: 'sum', parameter: '', grouping: undefined },
  ],
}

const NEW_STAGES: readonly { readonly title: string; readonly items: readonly { name: string; make: Stage }[] }[] = [
  {
    title: 'Lines',
    items: [
      { name: 'that hold a text', make: { kind: 'line', op: '|=', value: '' } },
      { name: 'that do not hold a text', make: { kind: 'line', op: '!=', value: '' } },
      { name: 'that a regular expression finds', make: { kind: 'line', op: '|~', value: '' } },
      { name: 'of a pattern', make: { kind: 'line', op: '|>', value: '' } },
    ],
  },
  { title: 'Read fields', items: PARSERS.map((name) => ({ name, make: { kind: 'parser', name } })) },
  { title: 'Fields', items: [{ name: 'filter by a field', make: { kind: 'label', label: '', op: '=', value: '' } }] },
]

interface LogBuilderViewProps {
  readonly model: LogBuilder
  readonly words: Words
  readonly onChange: (model: LogBuilder) => void
}

/** A query of lines as fields: whose, which of them, and how they are counted. */
export function LogBuilderView({ model, words, onChange }: LogBuilderViewProps) {
  const { leaf, steps } = model
  return (
    <>
      {isLiteral(leaf) ? (
        <LiteralField literal={leaf.literal} onCommit={(literal) => onChange({ ...model, leaf: { literal } })} />
      ) : (
        <SelectionFields leaf={leaf} words={words} onChange={(next) => onChange({ ...model, leaf: next })} />
      )}
      <StepChips
        steps={steps}
        windowed={WINDOWED}
        overResults={[]}
        functions={NO_FUNCTIONS}
        labels={words.labels}
        other={OTHER_COUNT}
        operand={(chain, put) => <LogBuilderView model={chain} words={words} onChange={put} />}
        onChange={(next) =>
          onChange({ leaf: isLiteral(leaf) ? leaf : { ...leaf, ...timeFor(leaf, next) }, steps: next })
        }
      />
    </>
  )
}

interface SelectionFieldsProps {
  readonly leaf: LogSelection
  readonly words: Words
  readonly onChange: (leaf: LogSelection) => void
}

function SelectionFields({ leaf, words, onChange }: SelectionFieldsProps) {
  const put = (change: Partial<LogSelection>) => onChange({ ...leaf, ...change })
  return (
    <>
      <MatcherChips braces={leaf.braces} words={words} onChange={(braces) => put({ braces })} />
      {leaf.stages.map((stage, at) => (
        <StageChip
          // biome-ignore lint/suspicious/noArrayIndexKey: stages have no name but their place.
          key={at}
          stage={stage}
          words={words}
          onChange={(next) => put({ stages: withAt(leaf.stages, at, next) })}
        />
      ))}
      <Add label="Stage" groups={NEW_STAGES} onAdd={(stage) => put({ stages: [...leaf.stages, stage] })} />
      {leaf.range !== '' && (
        <Select label="Window" value={leaf.range} options={RANGES} onSelect={(range) => put({ range })} />
      )}
      {leaf.modifiers !== '' && <span className="builder-chip code">{leaf.modifiers}</span>}
    </>
  )
}

/** Lines are counted over a window exactly where something counts them. */
function timeFor({ range, modifiers }: LogSelection, steps: readonly Step<LogSelection>[]) {
  const isTaken = steps.some(({ kind }) => kind === 'call')
  return isTaken ? { range: range || RANGE_DEFAULT, modifiers } : { range: '', modifiers: '' }
}

interface StageChipProps {
  readonly stage: Stage
  readonly words: Words
  readonly onChange: (stage: Stage | undefined) => void
}

function StageChip({ stage, words, onChange }: StageChipProps) {
  const remove = () => onChange(undefined)
  switch (stage.kind) {
    case 'other':
      return <Fragment text={stage.text} onRemove={remove} />
    case 'parser':
      return (
        <Chip name={`stage ${stage.name}`} onRemove={remove}>
          <Select
            label="Read fields as"
            value={stage.name}
            options={PARSERS}
            onSelect={(name) => onChange({ ...stage, name })}
          />
        </Chip>
      )
    case 'line':
      return (
        <Chip name={`stage ${stage.op}`} onRemove={remove}>
          <Select label="Lines" value={stage.op} options={LINE_OPS} onSelect={(op) => onChange({ ...stage, op })} />
          <SuggestField
            label="Text"
            value={textOf(stage.value)}
            placeholder="text"
            isNew={stage.value === ''}
            onCommit={(text) => onChange({ ...stage, value: literalOf(text, stage.value) })}
          />
        </Chip>
      )
    case 'label':
      return <LabelChip stage={stage} words={words} onChange={onChange} />
  }
}

/** What compares by size, and is written without quotes: 500, 1.5s, 20KiB. */
const SIZE = /^\d+(\.\d+)?([a-zµ]+|[kMGTPE]?i?B)?$/

function LabelChip({
  stage,
  words,
  onChange,
}: StageChipProps & { readonly stage: Extract<Stage, { readonly kind: 'label' }> }) {
  const { label, op, value } = stage
  const literal = (text: string, sign: string) =>
    /[<>]|==/.test(sign) && SIZE.test(text) ? text : literalOf(text, value)
  return (
    <Chip name={`field ${label}`.trim()} onRemove={() => onChange(undefined)}>
      <SuggestField
        label="Field"
        value={label}
        placeholder="field"
        suggest={words.labels}
        isNew={label === ''}
        onCommit={(text) => onChange({ ...stage, label: text.replace(/[^a-zA-Z0-9_]/g, '_') })}
      />
      <Select
        label="Operator"
        value={op}
        options={LABEL_OPS}
        onSelect={(next) => onChange({ ...stage, op: next, value: value === '' ? '' : literal(textOf(value), next) })}
      />
      <SuggestField
        label={`Value of ${label}`}
        value={textOf(value)}
        placeholder="value"
        suggest={() => words.values(label)}
        onCommit={(text) => onChange({ ...stage, value: literal(text, op) })}
      />
    </Chip>
  )
}
