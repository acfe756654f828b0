import { csvCell } from '../share/export.ts'
import type { LogRow } from './log-rows.ts'

/** Lines as CSV (RFC 4180): time in ISO 8601 with its nanoseconds, labels that have columns, the line. */
export function linesCsv(rows: readonly LogRow[], columns: readonly string[]): string {
  const head = ['time', 'unix_ns', ...columns, 'line']
  const body = rows.map(({ timeNs, labels, line }) => [
    new Date(Number(timeNs / 1_000_000n)).toISOString(),
    String(timeNs),
    ...columns.map((label) => labels[label] ?? ''),
    line,
  ])
  return `${[head, ...body].map((cells) => cells.map(csvCell).join(',')).join('\r\n')}\r\n`
}

/** Lines as JSON, one object in each line of the file. */
export function linesJson(rows: readonly LogRow[]): string {
  return rows
    .map(({ timeNs, labels, line }) => `${JSON.stringify({ timeNs: String(timeNs), labels, line })}\n`)
    .join('')
}

/** The lines alone. */
export function linesText(rows: readonly LogRow[]): string {
  return rows.map(({ line }) => `${line}\n`).join('')
}
