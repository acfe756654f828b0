import { Plus } from 'lucide-react'
import { Chip, Fragment, withAt } from './chip.tsx'
import { textOf } from './matchers.ts'
import { Select, SuggestField } from './suggest-field.tsx'
import { COMPARE_OPS, type Condition, RELATIONS, type SpanFilter, type TraceBuilder } from './traceql.ts'

interface TraceBuilderViewProps {
  readonly model: TraceBuilder
  readonly fields: () => Promise<readonly string[]>
  readonly onChange: (model: TraceBuilder) => void
}

const NEW_CONDITION: Condition = { kind: 'compare', field: '', op: '=', value: '' }

/** A query of traces as fields: what is asked of spans, and how the spans stand to one another. */
export function TraceBuilderView({ model, fields, onChange }: TraceBuilderViewProps) {
  const { filters, relations, stages } = model
  const putFilter = (at: number, filter: SpanFilter | undefined) =>
    onChange({
      ...model,
      filters: withAt(filters, at, filter),
      relations: filter === undefined ? withAt(relations, Math.max(0, at - 1), undefined) : relations,
    })
  return (
    <>
      {filters.map((filter, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: filters have no name but their place.
        <fieldset key={at} className="builder-group" aria-label={`Spans ${at + 1}`}>
          {at > 0 && (
            <Select
              label="Relation"
              value={relations[at - 1] ?? '&&'}
              options={RELATIONS}
              onSelect={(relation) => onChange({ ...model, relations: withAt(relations, at - 1, relation) })}
            />
          )}
          <FilterChips
            filter={filter}
            fields={fields}
            onChange={(next) => putFilter(at, next)}
            onRemove={filters.length === 1 ? undefined : () => putFilter(at, undefined)}
          />
        </fieldset>
      ))}
      <button
        type="button"
        className="button small quiet"
        onClick={() =>
          onChange({
            ...model,
            filters: [...filters, { join: '&&', conditions: [] }],
            relations: [...relations, '>>'],
          })
        }
      >
        <Plus className="icon" aria-hidden="true" />
        Related spans
      </button>
      {stages.map((stage, at) => (
        <Fragment
          // biome-ignore lint/suspicious/noArrayIndexKey: stages have no name but their place.
          key={at}
          text={stage}
          onRemove={() => onChange({ ...model, stages: withAt(stages, at, undefined) })}
        />
      ))}
    </>
  )
}

interface FilterChipsProps {
  readonly filter: SpanFilter
  readonly fields: () => Promise<readonly string[]>
  readonly onChange: (filter: SpanFilter) => void
  readonly onRemove: (() => void) | undefined
}

function FilterChips({ filter, fields, onChange, onRemove }: FilterChipsProps) {
  const { join, conditions } = filter
  const put = (next: readonly Condition[]) => onChange({ ...filter, conditions: next })
  return (
    <>
      {conditions.length === 0 && <span className="builder-any">any span</span>}
      {conditions.map((condition, at) => {
        const change = (next: Condition | undefined) => put(withAt(conditions, at, next))
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: conditions have no name but their place.
          <div key={at} className="builder-group">
            {at > 0 && (
              <Select
                label="All or any"
                value={join}
                options={['&&', '||']}
                onSelect={(next) => onChange({ ...filter, join: next === '||' ? '||' : '&&' })}
              />
            )}
            {condition.kind === 'other' ? (
              <Fragment text={condition.text} onRemove={() => change(undefined)} />
            ) : (
              <ConditionChip condition={condition} fields={fields} onChange={change} />
            )}
          </div>
        )
      })}
      <button type="button" className="button small quiet" onClick={() => put([...conditions, NEW_CONDITION])}>
        <Plus className="icon" aria-hidden="true" />
        Condition
      </button>
      {onRemove !== undefined && (
        <button type="button" className="button small quiet" onClick={onRemove}>
          Remove these spans
        </button>
      )}
    </>
  )
}

/** Words of the language, numbers and durations are written without quotes. */
const UNQUOTED = /^(-?\d+(\.\d+)?([a-zµ]+)?|true|false|nil|error|ok|unset|server|client|internal|producer|consumer)$/
/** Fields that every span has. */
const OWN_FIELDS = ['name', 'duration', 'status', 'kind', 'rootName', 'rootServiceName', 'traceDuration']

function ConditionChip({
  condition,
  fields,
  onChange,
}: {
  readonly condition: Extract<Condition, { readonly kind: 'compare' }>
  readonly fields: () => Promise<readonly string[]>
  readonly onChange: (condition: Condition | undefined) => void
}) {
  const { field, op, value } = condition
  const literal = (text: string) => {
    if (value !== '' && textOf(value) === text) return value
    const isText = /^(name|rootName|rootServiceName)$/.test(field) || !UNQUOTED.test(text)
    return isText ? JSON.stringify(text) : text
  }
  return (
    <Chip name={`condition ${field}`.trim()} onRemove={() => onChange(undefined)}>
      <SuggestField
        label="Field"
        value={field}
        placeholder="field"
        suggest={async () => [...OWN_FIELDS, ...(await fields())]}
        isNew={field === ''}
        onCommit={(text) => onChange({ ...condition, field: fieldOf(text) })}
      />
      <Select
        label="Operator"
        value={op}
        options={COMPARE_OPS}
        onSelect={(next) => onChange({ ...condition, op: next })}
      />
      <SuggestField
        label={`Value of ${field}`}
        value={textOf(value)}
        placeholder="value"
        onCommit={(text) => onChange({ ...condition, value: literal(text) })}
      />
    </Chip>
  )
}

/** A name that is none of the language's own is an attribute. */
function fieldOf(text: string): string {
  const name = text.trim().replace(/[\s{}()[\]=~!<>&|^,"'`+*#]/g, '_')
  const isKnown =
    OWN_FIELDS.includes(name) || /^(\.|(span|resource|event|link|trace|parent|instrumentation)[.:])/.test(name)
  return isKnown || name === '' ? name : `.${name}`
}
