import type { ColumnSpec } from '../parquet/column-values.ts'

/** Where a column of a file comes from in a `ColumnSet`. Zeros of ids and of second times, and empty ranges, are absent. */
export type ColumnSource =
  | { readonly of: 'long'; readonly column: number }
  /** The second time less the first. */
  | { readonly of: 'duration' }
  | { readonly of: 'byte' | 'word'; readonly column: number }
  /** Eight bytes of an id from `at` on, as an unsigned number, the first byte highest. */
  | { readonly of: 'id'; readonly column: number; readonly at: number }
  | { readonly of: 'range'; readonly column: number }
  /** Lines: text, or the text of a value; and the value's own bytes. */
  | { readonly of: 'line' | 'lineValue' }
  | { readonly of: 'origin' | 'service' | 'resource' | 'scopeName' | 'scopeVersion' }

/** When a reader loads a column: always, with the times, for ids, for what is searched, for counts, or with other fields. */
export type ColumnPart = 'key' | 'time' | 'ids' | 'line' | 'state' | 'level' | 'small' | 'wide'

export interface FixedColumn {
  readonly spec: ColumnSpec
  readonly source: ColumnSource
  /** Undefined: for others who read the file; ours does not. */
  readonly part: ColumnPart | undefined
}

function column(
  name: string,
  type: ColumnSpec['type'],
  source: ColumnSource,
  part: ColumnPart | undefined,
  rest: Omit<ColumnSpec, 'name' | 'type' | 'isOptional'> & { readonly isOptional?: boolean } = {},
): FixedColumn {
  return { spec: { name, type, isOptional: true, ...rest }, source, part }
}

function id(name: string, place: number, at: number): FixedColumn {
  return column(name, 'long', { of: 'id', column: place, at }, 'ids', { annotation: 'u64', isPlain: true })
}

const TEXT = { annotation: 'utf8' } as const
const COUNT = { annotation: 'u32', isOptional: false } as const

const ORIGIN_COLUMNS: readonly FixedColumn[] = [
  column('service_name', 'bytes', { of: 'service' }, undefined, { ...TEXT, isOptional: false }),
  column('resource_attributes', 'bytes', { of: 'resource' }, undefined, { ...TEXT, isOptional: false }),
  column('scope_name', 'bytes', { of: 'scopeName' }, undefined, { ...TEXT, isOptional: false }),
  column('scope_version', 'bytes', { of: 'scopeVersion' }, undefined, { ...TEXT, isOptional: false }),
  column('_origin', 'bytes', { of: 'origin' }, 'key', { isOptional: false }),
]

/** Columns of a file of logs; those of attributes follow. */
const LOG_COLUMNS: readonly FixedColumn[] = [
  column('time', 'long', { of: 'long', column: 0 }, 'time', { annotation: 'timestamp', isOptional: false }),
  column('observed_time', 'long', { of: 'long', column: 1 }, 'small', { annotation: 'timestamp' }),
  column('severity_number', 'int', { of: 'byte', column: 0 }, 'state', { annotation: 'u8', isOptional: false }),
  column('severity_text', 'bytes', { of: 'range', column: 1 }, 'level', TEXT),
  ...ORIGIN_COLUMNS,
  column('body', 'bytes', { of: 'line' }, 'line', TEXT),
  column('_body_value', 'bytes', { of: 'lineValue' }, 'line'),
  id('trace_id_high', 0, 0),
  id('trace_id_low', 0, 8),
  id('span_id', 1, 0),
  column('flags', 'int', { of: 'word', column: 0 }, 'small', COUNT),
  column('dropped_attributes_count', 'int', { of: 'word', column: 1 }, 'small', COUNT),
  column('event_name', 'bytes', { of: 'range', column: 2 }, 'small', TEXT),
]

/** Columns of a file of spans; those of attributes follow. */
const SPAN_COLUMNS: readonly FixedColumn[] = [
  column('start_time', 'long', { of: 'long', column: 0 }, 'time', { annotation: 'timestamp', isOptional: false }),
  column('duration_ns', 'long', { of: 'duration' }, 'state', { isOptional: false }),
  ...ORIGIN_COLUMNS,
  column('name', 'bytes', { of: 'range', column: 0 }, 'line', TEXT),
  id('trace_id_high', 0, 0),
  id('trace_id_low', 0, 8),
  id('span_id', 1, 0),
  id('parent_span_id', 2, 0),
  column('kind', 'int', { of: 'byte', column: 0 }, 'state', { annotation: 'u8', isOptional: false }),
  column('status_code', 'int', { of: 'byte', column: 1 }, 'state', { annotation: 'u8', isOptional: false }),
  column('status_message', 'bytes', { of: 'range', column: 1 }, 'small', TEXT),
  column('trace_state', 'bytes', { of: 'range', column: 2 }, 'small', TEXT),
  column('flags', 'int', { of: 'word', column: 0 }, 'small', COUNT),
  column('dropped_attributes_count', 'int', { of: 'word', column: 1 }, 'small', COUNT),
  column('dropped_events_count', 'int', { of: 'word', column: 2 }, 'small', COUNT),
  column('dropped_links_count', 'int', { of: 'word', column: 3 }, 'small', COUNT),
  column('_events', 'bytes', { of: 'range', column: 4 }, 'wide'),
  column('_links', 'bytes', { of: 'range', column: 5 }, 'wide'),
]

export const SCHEMAS = {
  logs: { columns: LOG_COLUMNS, hasLines: true },
  spans: { columns: SPAN_COLUMNS, hasLines: false },
} as const satisfies Record<
  string,
  {
    readonly columns: readonly FixedColumn[]
    /** Bodies may be values. */
    readonly hasLines: boolean
  }
>

/** Columns that say which attributes a row has, and hold those without a column of their own. */
export const LAYOUT_COLUMN: ColumnSpec = { name: '_attributes_layout', type: 'bytes', isOptional: true }
export const REST_COLUMN: ColumnSpec = {
  name: '_attributes_rest',
  type: 'bytes',
  isOptional: true,
  isPlain: true,
}
