import { Plus } from 'lucide-react'
import { Chip, withAt } from './chip.tsx'
import { type Braces, literalOf, MATCH_OPS, type Matcher, textOf } from './matchers.ts'
import { Select, SuggestField } from './suggest-field.tsx'

/** Where the words of a builder come from. */
export interface Words {
  readonly labels: () => Promise<readonly string[]>
  readonly values: (label: string) => Promise<readonly string[]>
}

interface MatcherChipsProps {
  readonly braces: Braces
  readonly words: Words
  readonly onChange: (braces: Braces) => void
}

/** A name that needs no quotes. */
const PLAIN_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const NEW_MATCHER: Matcher = { label: '', op: '=', value: '' }

/** The filters by labels. One that is not filled in yet is part of no query. */
export function MatcherChips({ braces, words, onChange }: MatcherChipsProps) {
  const { matchers } = braces
  const put = (next: readonly Matcher[]) => onChange({ ...braces, matchers: next, hasLastComma: false })
  return (
    <>
      {matchers.map((matcher, at) => (
        <MatcherChip
          // biome-ignore lint/suspicious/noArrayIndexKey: filters have no name but their place.
          key={at}
          matcher={matcher}
          words={words}
          onChange={(next) => put(withAt(matchers, at, next))}
        />
      ))}
      <button type="button" className="button small quiet" onClick={() => put([...matchers, NEW_MATCHER])}>
        <Plus className="icon" aria-hidden="true" />
        Filter
      </button>
    </>
  )
}

interface MatcherChipProps {
  readonly matcher: Matcher
  readonly words: Words
  readonly onChange: (matcher: Matcher | undefined) => void
}

function MatcherChip({ matcher, words, onChange }: MatcherChipProps) {
  const { label, op, value } = matcher
  const name = `filter ${textOf(label)}`.trim()
  const quoted = (text: string) => (PLAIN_NAME.test(text) ? text : literalOf(text, label))
  // A quoted name alone is the name of the metric.
  if (op === '') {
    return (
      <Chip name="metric" onRemove={() => onChange(undefined)}>
        <span className="code">{textOf(label)}</span>
      </Chip>
    )
  }
  return (
    <Chip name={name} onRemove={() => onChange(undefined)}>
      <SuggestField
        label="Label"
        value={textOf(label)}
        placeholder="label"
        suggest={words.labels}
        isNew={label === ''}
        onCommit={(text) => onChange({ ...matcher, label: quoted(text) })}
      />
      <Select label="Operator" value={op} options={MATCH_OPS} onSelect={(next) => onChange({ ...matcher, op: next })} />
      <SuggestField
        label={`Value of ${textOf(label)}`}
        value={textOf(value)}
        placeholder="value"
        suggest={() => words.values(textOf(label))}
        onCommit={(text) => onChange({ ...matcher, value: literalOf(text, value) })}
      />
    </Chip>
  )
}
