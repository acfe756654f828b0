import { type Attribute, encodeAttributes, type LogBatch, type SpanBatch } from '@vantage/model'
import { jsonFields } from '../json-lines/fields.ts'
import { severityOfWord } from '../log-line/read-line.ts'
import type { LateProcessor } from './processor.ts'
import { BatchRows, type RowWork, rewriteColumn } from './rows.ts'

/** Attributes that a row may have after it was parsed. */
const ATTRIBUTES_MAX = 128
const VALUE_CHARS_MAX = 4_096
const LEVELS = ['level', 'severity', 'lvl', 'loglevel']
/** `key=value` or `key="value"`. */
const LOGFMT = /([^\s="]{1,256})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))/g

type ParseProcessor = Extract<LateProcessor, { kind: 'parse' }>
type EnrichProcessor = Extract<LateProcessor, { kind: 'enrich' }>

/** Adds what lines say as attributes. What a row has stays. */
export function parseRows(batch: LogBatch | SpanBatch, processor: ParseProcessor): RowWork<void> {
  return addAttributes(batch, processor, (rows, row) => {
    const fields = fieldsOf(rows.text(row), processor)
    const { columns } = batch
    if ('severities' in columns && columns.severities[row] === 0) {
      const level = fields.find(([key]) => LEVELS.includes(key.toLowerCase()))
      if (level !== undefined) columns.severities[row] = severityOfWord(level[1])
    }
    return fields
  })
}

/** Adds the same attributes to each row. What a row has stays. */
export function enrichRows(batch: LogBatch | SpanBatch, processor: EnrichProcessor): RowWork<void> {
  return addAttributes(batch, processor, () => processor.set)
}

function* addAttributes(
  batch: LogBatch | SpanBatch,
  { where }: ParseProcessor | EnrichProcessor,
  fieldsOfRow: (rows: BatchRows, row: number) => readonly (readonly [string, string])[],
): RowWork<void> {
  const rows = new BatchRows(batch)
  yield* rewriteColumn(batch.columns.attributes, rows.count, (row) => {
    if (!rows.isSelected(row, where)) return undefined
    const fields = fieldsOfRow(rows, row)
    if (fields.length === 0) return undefined
    const own = rows.attributes(row)
    const known = new Set(own.map(({ key }) => key))
    const more: Attribute[] = []
    for (const [key, value] of fields) {
      if (known.has(key) || own.length + more.length >= ATTRIBUTES_MAX) continue
      known.add(key)
      more.push({ key, value: { kind: 'string', value: value.slice(0, VALUE_CHARS_MAX).toWellFormed() } })
    }
    if (more.length === 0) return undefined
    return encodeAttributes([...own, ...more])
  })
}

function fieldsOf(text: string, { format, pattern }: ParseProcessor): [string, string][] {
  if (format === 'json') return text.trimStart().startsWith('{') ? [...(jsonFields(text) ?? [])] : []
  if (format === 'logfmt') {
    return [...text.matchAll(LOGFMT)].map(([, key = '', quoted, plain = '']) => [key, unescaped(quoted) ?? plain])
  }
  const found = pattern?.find(text)
  const names = pattern?.groupNames ?? []
  if (found === undefined) return []
  return names.map((name, i): [string, string] => [name, found[i + 1] ?? '']).filter(([name]) => name !== '')
}

function unescaped(quoted: string | undefined): string | undefined {
  return quoted?.replaceAll(/\\(.)/g, '$1')
}
