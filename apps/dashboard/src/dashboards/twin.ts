import { formatExact, formatInstant, formatMs, formatValue, PLAIN, type Unit, type Zone } from '@vantage/charts'
import { bucketName } from '@vantage/charts/panels'
import { unreachable } from '@vantage/model'
import { csvCell } from '../share/export.ts'
import type { PanelView } from './panel-view.ts'

/** A value as it is read, and as it is exported. */
export interface TwinCell {
  readonly text: string
  readonly exact: string
  readonly isNumber: boolean
}

/** A panel as a table: for eyes that read numbers, for screen readers, and for export. */
export interface Twin {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly TwinCell[])[]
}

/** Rows that the page shows; an export has all. */
export const TWIN_ROWS_MAX = 500

const words = (text: string): TwinCell => ({ text, exact: text, isNumber: false })
const numberOf = (unit: Unit) => (value: number | null) => {
  const exact = value === null ? '' : formatExact(value)
  return { text: formatValue(value ?? Number.NaN, unit), exact, isNumber: true }
}
const timeOf = (ms: number, zone: Zone): TwinCell => {
  return { text: formatInstant(ms, zone), exact: new Date(ms).toISOString(), isNumber: false }
}
const count = numberOf(PLAIN)

export function twinOf(view: PanelView): Twin {
  switch (view.kind) {
    case 'time-series': {
      const { frame } = view
      const visible = frame.series.filter(({ key }) => !frame.hidden.has(key))
      const rows = frame.timesSeconds.map((seconds, i) => [
        timeOf(seconds * 1000, frame.zone),
        ...visible.map(({ values }) => numberOf(frame.unit)(values[i] ?? null)),
      ])
      return { columns: ['Time', ...visible.map(({ label }) => label)], rows: rows.reverse() }
    }
    case 'stat':
    case 'gauge':
      return namedValues(view.items, view.unit)
    case 'bars':
      return namedValues(view.rows, view.unit)
    case 'pie':
      return withShares(view.pie.slices, view.unit)
    case 'heatmap': {
      const { rows, timesMs, unit, zone } = view.heatmap
      const names = rows.map((row) => bucketName(row, (value) => formatValue(value, unit)))
      const cells = timesMs.map((ms, i) => [timeOf(ms, zone), ...rows.map(({ counts }) => count(counts[i] ?? null))])
      return { columns: ['Until', ...names], rows: cells.reverse() }
    }
    case 'histogram': {
      const { bars, unit } = view.histogram
      const named = bars.map((bar) => ({
        ...bar,
        value: bar.count,
        label: bucketName(bar, (one) => formatValue(one, unit)),
      }))
      return withShares(named, PLAIN)
    }
    case 'state-timeline': {
      const { rows, zone } = view.timeline
      const cells = rows.flatMap(({ label, runs }) =>
        runs.map(({ fromMs, toMs, name }) => [words(label), timeOf(fromMs, zone), timeOf(toMs, zone), words(name)]),
      )
      return { columns: ['Series', 'From', 'To', 'State'], rows: cells }
    }
    case 'table': {
      const { labels, columns, rows } = view.table
      const cells = rows.map((row) => [
        ...row.labels.map(words),
        ...row.values.map((value, i) => numberOf(columns[i]?.unit ?? PLAIN)(value)),
      ])
      return { columns: [...labels, ...columns.map(({ name }) => name)], rows: cells }
    }
    case 'logs': {
      const rows = view.lines.map(({ timeNs, line, labels }) => [
        timeOf(Number(timeNs / 1_000_000n), view.zone),
        words(labels['service_name'] ?? ''),
        words(line),
      ])
      return { columns: ['Time', 'Service', 'Line'], rows }
    }
    case 'traces': {
      const rows = view.traces.map(({ traceId, startNs, rootService, rootName, durationMs }) => [
        timeOf(Number(startNs / 1_000_000n), view.zone),
        words(rootService),
        words(rootName),
        { text: formatMs(durationMs), exact: formatExact(durationMs / 1_000), isNumber: true },
        words(traceId),
      ])
      return { columns: ['Start', 'Service', 'Root', 'Duration', 'Trace'], rows }
    }
    default:
      return unreachable(view)
  }
}

function namedValues(items: readonly { readonly label: string; readonly value: number }[], unit: Unit): Twin {
  return { columns: ['Name', 'Value'], rows: items.map(({ label, value }) => [words(label), numberOf(unit)(value)]) }
}

function withShares(
  items: readonly { readonly label: string; readonly value: number; readonly share: number }[],
  unit: Unit,
): Twin {
  const ratio = numberOf({ kind: 'ratio' })
  const rows = items.map(({ label, value, share }) => [words(label), numberOf(unit)(value), ratio(share)])
  return { columns: ['Name', 'Value', 'Share'], rows }
}

/** RFC 4180, with exact values. */
export function twinCsv({ columns, rows }: Twin): string {
  const lines = [columns.map(csvCell), ...rows.map((row) => row.map(csvOf))]
  return `${lines.map((cells) => cells.join(',')).join('\r\n')}\r\n`
}

/** A negative number is a number; text that a spreadsheet would run is made harmless. */
function csvOf({ exact, isNumber }: TwinCell): string {
  return isNumber ? exact : csvCell(exact)
}

/** `{columns, rows}` with numbers as numbers; what is no number has null. */
export function twinJson({ columns, rows }: Twin): string {
  const plain = ({ exact, isNumber }: TwinCell) => {
    if (!isNumber) return exact
    return exact !== '' && Number.isFinite(Number(exact)) ? Number(exact) : null
  }
  return JSON.stringify({ columns, rows: rows.map((row) => row.map(plain)) }, undefined, 2)
}
