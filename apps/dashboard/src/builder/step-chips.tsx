import { ARITHMETIC, COUNTED_AGGREGATIONS, type Grouping, PLAIN_AGGREGATIONS, type Step, stepsWith } from './chain.ts'
import { Chip, withAt } from './chip.tsx'
import { Add, Select, SuggestField } from './suggest-field.tsx'

interface StepChipsProps {
  readonly steps: readonly Step[]
  /** Functions over a window of time, which come first. */
  readonly windowed: readonly string[]
  /** Other functions, each with what stands before and after the query. */
  readonly functions: readonly Step[]
  readonly labels: () => Promise<readonly string[]>
  readonly onChange: (steps: readonly Step[]) => void
}

const call = (name: string): Step => ({ kind: 'call', name, before: [], after: [] })
const by = { word: 'by', labels: [], isLast: false, hasLastComma: false } as const
const SIGN_NAMES: Readonly<Record<string, string>> = { '*': '×', '/': '÷', '-': '−' }

/** What is done with the query, the innermost first. */
export function StepChips({ steps, windowed, functions, labels, onChange }: StepChipsProps) {
  // Put together anew, so that signs keep their order whatever was changed.
  const put = (next: readonly Step[]) => onChange(next.reduce<readonly Step[]>(stepsWith, []))
  const first = steps[0]
  const hasWindow = first?.kind === 'call' && windowed.includes(first.name)
  const groups = [
    {
      title: 'Over a window of time',
      items: hasWindow ? [] : windowed.map((name) => ({ name, make: [call(name), ...steps] })),
    },
    {
      title: 'Aggregate',
      items: [
        ...PLAIN_AGGREGATIONS.map((name): Step => ({ kind: 'aggregate', name, parameter: '', grouping: by })),
        ...COUNTED_AGGREGATIONS.map((name): Step => ({ kind: 'aggregate', name, parameter: '5', grouping: undefined })),
      ].map((step) => ({ name: nameOf(step), make: [...steps, step] })),
    },
    { title: 'Functions', items: functions.map((step) => ({ name: nameOf(step), make: [...steps, step] })) },
    {
      title: 'With a number',
      items: ARITHMETIC.map((sign) => ({
        name: SIGN_NAMES[sign] ?? sign,
        make: [...steps, { kind: 'arithmetic', sign, isBool: false, number: '1' } as Step],
      })),
    },
  ]
  return (
    <>
      {steps.map((step, at) => (
        <StepChip
          // biome-ignore lint/suspicious/noArrayIndexKey: operations have no name but their place.
          key={at}
          step={step}
          windowed={windowed}
          labels={labels}
          onChange={(next) => put(withAt(steps, at, next))}
        />
      ))}
      <Add label="Operation" groups={groups.filter(({ items }) => items.length > 0)} onAdd={put} />
    </>
  )
}

function nameOf(step: Step): string {
  return step.kind === 'call' || step.kind === 'aggregate' ? step.name : step.kind
}

interface StepChipProps extends Pick<StepChipsProps, 'windowed' | 'labels'> {
  readonly step: Step
  readonly onChange: (step: Step | undefined) => void
}

function StepChip({ step, windowed, labels, onChange }: StepChipProps) {
  const remove = () => onChange(undefined)
  // Operations are in order anyway.
  if (step.kind === 'parentheses') return null
  if (step.kind === 'arithmetic') {
    return (
      <Chip name={`operation ${step.sign} ${step.number}`} onRemove={remove}>
        <Select label="Sign" value={step.sign} options={ARITHMETIC} onSelect={(sign) => onChange({ ...step, sign })} />
        {step.isBool && <span className="code">bool</span>}
        <ArgumentField label="Number" value={step.number} onCommit={(number) => onChange({ ...step, number })} />
      </Chip>
    )
  }
  if (step.kind === 'aggregate') return <AggregateChip step={step} labels={labels} onChange={onChange} />
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
    <Chip name={`operation ${step.name}`} onRemove={remove}>
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

type AggregateStep = Extract<Step, { readonly kind: 'aggregate' }>

function AggregateChip({
  step,
  labels,
  onChange,
}: {
  readonly step: AggregateStep
  readonly labels: () => Promise<readonly string[]>
  readonly onChange: (step: Step | undefined) => void
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
    <SuggestField
      label={`Labels that ${name} groups by`}
      value={grouping.labels.join(', ')}
      placeholder="labels"
      suggest={labels}
      onCommit={(text) => onChange({ ...grouping, labels: labelsIn(text), hasLastComma: false })}
    />
  )
}

function labelsIn(text: string): readonly string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => (/^([a-zA-Z_][a-zA-Z0-9_]*|".*")$/.test(one) ? one : JSON.stringify(one)))
}

/** A number or a text in quotes, as it is written; what is neither becomes a text. */
function ArgumentField({
  label,
  value,
  onCommit,
}: {
  readonly label: string
  readonly value: string
  readonly onCommit: (value: string) => void
}) {
  const literal = (text: string) => {
    const trimmed = text.trim()
    if (/^[+-]?(\d|\.\d|inf$|nan$)/i.test(trimmed) || /^"(?:[^"\\]|\\.)*"$/.test(trimmed)) return trimmed
    return JSON.stringify(trimmed)
  }
  return <SuggestField label={label} value={value} placeholder="value" onCommit={(text) => onCommit(literal(text))} />
}
