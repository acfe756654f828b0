import type { ReactNode } from 'react'
import {
  ARITHMETIC,
  type BinaryStep,
  type Chain,
  COMPARISONS,
  type GroupSide,
  isLiteral,
  type Matching,
  SETS,
} from './chain.ts'
import { Chip } from './chip.tsx'
import { ArgumentField, LabelsField } from './fields.tsx'
import { Select } from './suggest-field.tsx'

/** A word that is written, and what it says. */
type Choices = Readonly<Record<string, string>>

const MATCHINGS: Choices = { '': 'by all labels', on: 'on', ignoring: 'ignoring' }
const SIDES: Choices = { '': 'one to one', group_left: 'many to one', group_right: 'one to many' }

interface BinaryChipProps<Leaf extends object> {
  readonly step: BinaryStep<Leaf>
  readonly labels: () => Promise<readonly string[]>
  /** Draws the fields of the other query. */
  readonly operand: (chain: Chain<Leaf>, onChange: (chain: Chain<Leaf>) => void) => ReactNode
  readonly onChange: (step: BinaryStep<Leaf> | undefined) => void
}

/** An operation with a number, or with another query, which has all fields of its own. */
export function BinaryChip<Leaf extends object>(props: BinaryChipProps<Leaf>) {
  const { step, onChange } = props
  const { sign, isBool, right } = step
  const put = (change: Partial<BinaryStep<Leaf>>) => onChange({ ...step, ...change })
  const compares = COMPARISONS.includes(sign)
  const isNumber = isLiteral(right.leaf) && right.steps.length === 0
  const signs = (
    <>
      <Select
        label="Sign"
        value={sign}
        options={isNumber ? ARITHMETIC : [...ARITHMETIC, ...SETS]}
        onSelect={(next) => put({ sign: next, isBool: isBool && COMPARISONS.includes(next) })}
      />
      {(compares || isBool) && (
        <Select
          label="Comparison gives"
          value={isBool ? '0 or 1' : 'a filter'}
          options={['a filter', '0 or 1']}
          onSelect={(next) => put({ isBool: next === '0 or 1' })}
        />
      )}
    </>
  )
  if (isNumber && isLiteral(right.leaf)) {
    return (
      <Chip name={`operation ${sign} ${right.leaf.literal}`} onRemove={() => onChange(undefined)}>
        {signs}
        <ArgumentField
          label="Number"
          value={right.leaf.literal}
          onCommit={(literal) => put({ right: { leaf: { literal }, steps: [] } })}
        />
      </Chip>
    )
  }
  return (
    <Chip name={`operation ${sign} another query`} hasQuery={true} onRemove={() => onChange(undefined)}>
      <div className="builder-group">
        {signs}
        <MatchingFields {...props} />
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset has a look of its own. */}
      <div className="builder-operand" role="group" aria-label={`The query behind ${sign}`}>
        {props.operand(right, (next) => put({ right: next }))}
      </div>
    </Chip>
  )
}

/** Which series of both sides are put together. */
function MatchingFields<Leaf extends object>({ step, labels, onChange }: BinaryChipProps<Leaf>) {
  const { matching, sign } = step
  const put = (next: Matching | undefined) => onChange({ ...step, matching: next })
  return (
    <>
      <WordSelect
        label="Series belong together"
        choices={MATCHINGS}
        word={matching?.word ?? ''}
        onSelect={(word) =>
          put(word === '' ? undefined : { labels: [], hasLastComma: false, group: undefined, ...matching, word })
        }
      />
      {matching !== undefined && (
        <LabelsField
          label={`Labels of ${matching.word}`}
          value={matching.labels}
          suggest={labels}
          onCommit={(next) => put({ ...matching, labels: next, hasLastComma: false })}
        />
      )}
      {matching !== undefined && (!SETS.includes(sign.toLowerCase()) || matching.group !== undefined) && (
        <SideFields side={matching.group} labels={labels} onChange={(group) => put({ ...matching, group })} />
      )}
    </>
  )
}

interface SideFieldsProps {
  readonly side: GroupSide | undefined
  readonly labels: () => Promise<readonly string[]>
  readonly onChange: (side: GroupSide | undefined) => void
}

function SideFields({ side, labels, onChange }: SideFieldsProps) {
  return (
    <>
      <WordSelect
        label="How many belong together"
        choices={SIDES}
        word={side?.word ?? ''}
        onSelect={(word) =>
          onChange(word === '' ? undefined : { labels: undefined, hasLastComma: false, ...side, word })
        }
      />
      {side !== undefined && (
        <LabelsField
          label={`Labels that ${side.word} copies`}
          value={side.labels ?? []}
          suggest={labels}
          onCommit={(next) => onChange({ ...side, labels: next.length === 0 ? undefined : next, hasLastComma: false })}
        />
      )}
    </>
  )
}

interface WordSelectProps {
  readonly label: string
  readonly choices: Choices
  readonly word: string
  readonly onSelect: (word: string) => void
}

/** A choice between words of the language, said in other words. */
function WordSelect({ label, choices, word, onSelect }: WordSelectProps) {
  const name = choices[word.toLowerCase()] ?? word
  return (
    <Select
      label={label}
      value={name}
      options={Object.values(choices)}
      onSelect={(next) => onSelect(Object.keys(choices).find((key) => choices[key] === next) ?? '')}
    />
  )
}
