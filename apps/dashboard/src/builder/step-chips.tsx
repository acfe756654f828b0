import type { ReactNode } from 'react'
import { BinaryChip } from './binary-chip.tsx'
import {
  ARITHMETIC,
  type Chain,
  COUNTED_AGGREGATIONS,
  type Grouping,
  PLAIN_AGGREGATIONS,
  SETS,
  type Step,
} from './chain.ts'
import { Chip, withAt } from './chip.tsx'
import { ArgumentField, LabelsField } from './fields.tsx'
import { Add, Select, SuggestField } from './suggest-field.tsx'

interface StepChipsProps<Leaf extends object> {
  readonly steps: readonly Step<Leaf>[]
  /** Functions over a window of time, which come first. */
  readonly windowed: readonly string[]
  /** Of these, those that may stand over a subquery; none in a language without them. */
  readonly overResults: readonly string[]
  /** Other functions, each with what stands before and after the query. */
  readonly functions: readonly Step<Leaf>[]
  readonly labels: () => Promise<readonly string[]>
  /** What another query begins with, and how its fields are drawn. */
  readonly other: Chain<Leaf>
  readonly operand: (chain: Chain<Leaf>, onChange: (chain: Chain<Leaf>) => void) => ReactNode
  readonly onChange: (steps: readonly Step<Leaf>[]) => void
}

type CallStep = Extract<Step<never>, { readonly kind: 'call' }>
type SubqueryStep = Extract<Step<never>, { readonly kind: 'subquery' }>

const call = (name: string): CallStep => ({ kind: 'call', name, before: [], after: [] })
const by = { word: 'by', labels: [], isLast: false, hasLastComma: false } as const
const SIGN_NAMES: Readonly<Record<string, string>> = { '*': '×', '/': '÷', '-': '−' }
const SUBQUERY: SubqueryStep = { kind: 'subquery', range: '1h:1m', modifiers: '' }

/** What is done with the query, the innermost first. */
export function StepChips<Leaf extends object>(props: StepChipsProps<Leaf>) {
  const { steps, windowed, labels, operand, onChange } = props
  return (
    <>
      {steps.map((step, at) => (
        <StepChip
          // biome-ignore lint/suspicious/noArrayIndexKey: operations have no name but their place.
          key={at}
          step={step}
          windowed={windowed}
          labels={labels}
          operand={operand}
          onChange={(next) => onChange(tidy(withAt(steps, at, next), windowed))}
        />
      ))}
      <Add label="Operation" groups={additions(props).filter(({ items }) => items.length > 0)} onAdd={onChange} />
    </>
  )
}

/** Without a subquery that no function takes, and without a function whose subquery is gone. */
function tidy<Leaf>(steps: readonly Step<Leaf>[], windowed: readonly string[]): readonly Step<Leaf>[] {
  const isTaken = (step: Step<Leaf>, at: number): boolean => {
    const next = steps[at + 1]
    if (step.kind === 'subquery') return next?.kind === 'call'
    if (step.kind !== 'call' || !windowed.includes(step.name) || at === 0) return true
    return steps[at - 1]?.kind === 'subquery' || steps[at - 1]?.kind === 'parentheses'
  }
  return steps.filter(isTaken)
}

function additions<Leaf extends object>({ steps, windowed, overResults, functions, other }: StepChipsProps<Leaf>) {
  const first = steps[0]
  const hasWindow = first?.kind === 'call' && windowed.includes(first.name)
  const binary = (sign: string, right: Chain<Leaf>): Step<Leaf> => {
    return { kind: 'binary', sign, isBool: false, matching: undefined, right }
  }
  const signItem = (sign: string, right: Chain<Leaf>, end: string) => {
    return { name: `${SIGN_NAMES[sign] ?? sign}${end}`, make: [...steps, binary(sign, right)] }
  }
  return [
    {
      title: 'Over a window of time',
      items: hasWindow ? [] : windowed.map((name) => ({ name, make: [call(name), ...steps] })),
    },
    {
      title: 'Aggregate',
      items: [
        ...PLAIN_AGGREGATIONS.map((name): Step<Leaf> => ({ kind: 'aggregate', name, parameter: '', grouping: by })),
        ...COUNTED_AGGREGATIONS.map(
          (name): Step<Leaf> => ({ kind: 'aggregate', name, parameter: '5', grouping: undefined }),
        ),
      ].map((step) => ({ name: nameOf(step), make: [...steps, step] })),
    },
    { title: 'Functions', items: functions.map((step) => ({ name: nameOf(step), make: [...steps, step] })) },
    {
      title: 'With a number',
      items: [
        ...ARITHMETIC.map((sign) => signItem(sign, { leaf: { literal: '1' }, steps: [] }, '')),
        { name: 'negative', make: [...steps, { kind: 'sign', sign: '-' } as const] },
      ],
    },
    { title: 'With another query', items: [...ARITHMETIC, ...SETS].map((sign) => signItem(sign, other, ' query')) },
    {
      title: 'Over a window of the result',
      items: (hasWindow || steps.length > 0 ? overResults : []).map((name) => {
        return { name: `${name} of a subquery`, make: [...steps, SUBQUERY, call(name)] }
      }),
    },
  ]
}

function nameOf<Leaf>(step: Step<Leaf>): string {
  return step.kind === 'call' || step.kind === 'aggregate' ? step.name : step.kind
}

type StepChipProps<Leaf extends object> = Pick<StepChipsProps<Leaf>, 'windowed' | 'labels' | 'operand'> & {
  readonly step: Step<Leaf>
  readonly onChange: (step: Step<Leaf> | undefined) => void
}

function StepChip<Leaf extends object>({ step, windowed, labels, operand, onChange }: StepChipProps<Leaf>) {
  switch (step.kind) {
    case 'parentheses':
      // Operations are in order anyway.
      return null
    case 'sign':
      return (
        <Chip name={`sign ${step.sign}`} onRemove={() => onChange(undefined)}>
          <Select
            label="Sign"
            value={step.sign}
            options={['-', '+']}
            onSelect={(sign) => onChange({ kind: 'sign', sign })}
          />
        </Chip>
      )
    case 'binary':
      return <BinaryChip step={step} labels={labels} operand={operand} onChange={onChange} />
    case 'aggregate':
      return <AggregateChip step={step} labels={labels} onChange={onChange} />
    case 'subquery':
      return <SubqueryChip step={step} onChange={onChange} />
    case 'call':
      return <CallChip step={step} windowed={windowed} labels={labels} onChange={onChange} />
  }
}

interface CallChipProps {
  readonly step: CallStep
  readonly windowed: readonly string[]
  readonly labels: () => Promise<readonly string[]>
  readonly onChange: (step: CallStep | undefined) => void
}

function CallChip({ step, windowed, labels, onChange }: CallChipProps) {
  const isWindowed = windowed.includes(step.name)
  const argumentsOf = (part: 'before' | 'after') =>
    step[part].map((value, at) => (
      <ArgumentField
        // biome-ignore lint/suspicious/noArrayIndexKey: arguments have no name but their place.
        key={at}
        label={`Argument of ${step.name}`}
        value={value}
        onCommit={(next) => onChange({ ...step, [part]: withAt(step[part], at, next) })}
      />
    ))
  return (
    <Chip name={`operation ${step.name}`} onRemove={() => onChange(undefined)}>
      {argumentsOf('before')}
      {isWindowed ? (
        <Select
          label="Function"
          value={step.name}
          options={windowed}
          onSelect={(name) => onChange({ ...step, name })}
        />
      ) : (
        <span className="code">{step.name}</span>
      )}
      {argumentsOf('after')}
      {step.grouping !== undefined && (
        <GroupLabels
          grouping={step.grouping}
          name={step.name}
          labels={labels}
          onChange={(grouping) => onChange({ ...step, grouping })}
        />
      )}
    </Chip>
  )
}

/** `1h:1m`: over which time what stands before it is asked, and how often in it. */
function SubqueryChip({
  step,
  onChange,
}: {
  readonly step: SubqueryStep
  readonly onChange: (step: SubqueryStep | undefined) => void
}) {
  const colon = step.range.indexOf(':')
  const [window, resolution] = [step.range.slice(0, colon).trim(), step.range.slice(colon + 1).trim()]
  const put = (range: string) => onChange({ ...step, range })
  return (
    <Chip name="subquery" onRemove={() => onChange(undefined)}>
      <span className="code">over</span>
      <SuggestField
        label="Window of the subquery"
        value={window}
        placeholder="1h"
        onCommit={(text) => put(`${text.trim()}:${resolution}`)}
      />
      <span className="code">every</span>
      <SuggestField
        label="Step of the subquery"
        value={resolution}
        placeholder="default"
        onCommit={(text) => put(`${window}:${text.trim()}`)}
      />
      {step.modifiers !== '' && <span className="code">{step.modifiers}</span>}
    </Chip>
  )
}

type AggregateStep = Extract<Step<never>, { readonly kind: 'aggregate' }>

function AggregateChip({
  step,
  labels,
  onChange,
}: {
  readonly step: AggregateStep
  readonly labels: () => Promise<readonly string[]>
  readonly onChange: (step: AggregateStep | undefined) => void
}) {
  const { name, parameter, grouping } = step
  const names = parameter === '' ? PLAIN_AGGREGATIONS : COUNTED_AGGREGATIONS
  return (
    <Chip name={`operation ${name}`} onRemove={() => onChange(undefined)}>
      <Select label="Aggregation" value={name} options={names} onSelect={(next) => onChange({ ...step, name: next })} />
      {parameter !== '' && (
        <ArgumentField
          label={`Parameter of ${name}`}
          value={parameter}
          onCommit={(next) => onChange({ ...step, parameter: next })}
        />
      )}
      <Select
        label="Grouping"
        value={grouping?.word.toLowerCase() ?? 'of all'}
        options={['of all', 'by', 'without']}
        onSelect={(word) =>
          onChange({ ...step, grouping: word === 'of all' ? undefined : { ...by, ...grouping, word } })
        }
      />
      {grouping !== undefined && (
        <GroupLabels
          grouping={grouping}
          name={name}
          labels={labels}
          onChange={(next) => onChange({ ...step, grouping: next })}
        />
      )}
    </Chip>
  )
}

interface GroupLabelsProps {
  readonly grouping: Grouping
  readonly name: string
  readonly labels: () => Promise<readonly string[]>
  readonly onChange: (grouping: Grouping) => void
}

function GroupLabels({ grouping, name, labels, onChange }: GroupLabelsProps) {
  return (
    <LabelsField
      label={`Labels that ${name} groups by`}
      value={grouping.labels}
      suggest={labels}
      onCommit={(next) => onChange({ ...grouping, labels: next, hasLastComma: false })}
    />
  )
}
