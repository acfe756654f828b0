import type { TimeRange } from '@vantage/model'
import { Copy, Eye, EyeOff, Trash2 } from 'lucide-react'
import { useMemo } from 'react'
import type { QueryRow, RowRef } from './explore-url.ts'
import { faultPosition } from './fault-position.ts'
import { CodeEditor, QueryBuilder } from './query-editors.tsx'
import type { RowResult } from './run-queries.ts'

export interface RowActions {
  readonly onText: (ref: RowRef, text: string) => void
  readonly onLegend: (ref: RowRef, legend: string) => void
  readonly onToggle: (ref: RowRef) => void
  readonly onDuplicate: (ref: RowRef) => void
  readonly onRemove: (ref: RowRef) => void
  readonly onRun: () => void
  /** Runs with a text that may be newer than the drafts. */
  readonly onRunText: (ref: RowRef, text: string) => void
}

interface QueryRowProps extends RowActions {
  readonly row: QueryRow
  readonly result: RowResult | undefined
  readonly isOnly: boolean
  readonly canAdd: boolean
  /** As fields in place of code. */
  readonly isBuilder: boolean
  readonly range: TimeRange
}

export function QueryRowEditor(props: QueryRowProps) {
  const { row, result } = props
  const letter = row.ref.toUpperCase()
  const message = result?.text === row.text ? result.fault?.message : undefined
  const isMistake = result?.fault?.errorType === 'bad_data'
  const fault = useMemo(
    () => (message === undefined || !isMistake ? undefined : { message, position: faultPosition(row.text, message) }),
    [message, isMistake, row.text],
  )
  return (
    <div className="query-row" data-off={row.isOff}>
      <span className="row-letter">{letter}</span>
      <div className="row-editor">
        {props.isBuilder ? (
          <QueryBuilder
            label={`Query ${letter}`}
            language="promql"
            text={row.text}
            range={props.range}
            onChange={(text) => props.onRunText(row.ref, text)}
          />
        ) : (
          <CodeEditor
            label={`Query ${letter}`}
            text={row.text}
            fault={fault}
            onChange={(text) => props.onText(row.ref, text)}
            onRun={(text) => props.onRunText(row.ref, text)}
          />
        )}
      </div>
      <label className="field legend-field">
        <span className="visually-hidden">Legend of query {letter}</span>
        <input
          value={row.legend}
          placeholder="Legend, e.g. {{instance}}"
          onChange={(event) => props.onLegend(row.ref, event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') props.onRun()
          }}
        />
      </label>
      <RowTools {...props} letter={letter} />
    </div>
  )
}

function RowTools({ row, letter, isOnly, canAdd, ...on }: QueryRowProps & { readonly letter: string }) {
  const Shown = row.isOff ? EyeOff : Eye
  const toggleLabel = row.isOff ? `Show query ${letter}` : `Hide query ${letter}`
  return (
    <div className="row-tools">
      <button
        type="button"
        className="button quiet icon-only small"
        aria-pressed={row.isOff}
        aria-label={toggleLabel}
        title={toggleLabel}
        onClick={() => on.onToggle(row.ref)}
      >
        <Shown className="icon" />
      </button>
      <button
        type="button"
        className="button quiet icon-only small"
        aria-label={`Duplicate query ${letter}`}
        title={`Duplicate query ${letter}`}
        disabled={!canAdd}
        onClick={() => on.onDuplicate(row.ref)}
      >
        <Copy className="icon" />
      </button>
      <button
        type="button"
        className="button quiet icon-only small"
        aria-label={`Remove query ${letter}`}
        title={isOnly ? 'The last row stays' : `Remove query ${letter}`}
        disabled={isOnly}
        onClick={() => on.onRemove(row.ref)}
      >
        <Trash2 className="icon" />
      </button>
    </div>
  )
}
