import { SuggestField } from './suggest-field.tsx'

interface ArgumentFieldProps {
  readonly label: string
  readonly value: string
  readonly onCommit: (value: string) => void
}

/** A number, a text in quotes or a call without a query, as it is written; what is none of them becomes a text. */
export function ArgumentField({ label, value, onCommit }: ArgumentFieldProps) {
  if (!isWrittenLiteral(value) && !/^['`]/.test(value) && value !== '') {
    // A query in the place of an argument.
    return (
      <span className="code" title={`${label}: kept as it is written; change it as code`}>
        {value}
      </span>
    )
  }
  const literal = (text: string) => {
    const trimmed = text.trim()
    return isWrittenLiteral(trimmed) ? trimmed : JSON.stringify(trimmed)
  }
  return <SuggestField label={label} value={value} placeholder="value" onCommit={(text) => onCommit(literal(text))} />
}

function isWrittenLiteral(text: string): boolean {
  return (
    /^[+-]?(\d[\w.]*|\.\d[\w.]*|inf|nan)([eE][+-]?\d+)?$/i.test(text) ||
    /^"(?:[^"\\]|\\.)*"$/.test(text) ||
    /^[a-z_]\w*\([\d.]*\)$/.test(text)
  )
}

interface LabelsFieldProps {
  readonly label: string
  readonly value: readonly string[]
  readonly suggest: () => Promise<readonly string[]>
  readonly onCommit: (labels: readonly string[]) => void
}

/** Labels with commas between them. */
export function LabelsField({ label, value, suggest, onCommit }: LabelsFieldProps) {
  return (
    <SuggestField
      label={label}
      value={value.join(', ')}
      placeholder="labels"
      suggest={suggest}
      onCommit={(text) => onCommit(labelsIn(text))}
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

interface LiteralFieldProps {
  readonly literal: string
  readonly onCommit: (literal: string) => void
}

/** A number in the place of a query. */
export function LiteralField({ literal, onCommit }: LiteralFieldProps) {
  return (
    <span className="builder-chip">
      <ArgumentField label="Number" value={literal} onCommit={onCommit} />
    </span>
  )
}
