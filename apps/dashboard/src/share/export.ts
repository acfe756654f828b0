import type { TimeSeriesFrame } from '@vantage/charts'

/**
 * A frame as CSV (RFC 4180): a time column in ISO 8601 and one column per visible series. A cell that a
 * spreadsheet would run as a formula gets an apostrophe in front.
 */
export function frameCsv(frame: TimeSeriesFrame): string {
  const visible = frame.series.filter((one) => !frame.hidden.has(one.key))
  const lines = [['time', ...visible.map((one) => one.label)].map(csvCell).join(',')]
  frame.timesSeconds.forEach((seconds, i) => {
    const cells = visible.map((one) => {
      const value = one.values[i] ?? null
      return value === null ? '' : String(value)
    })
    lines.push([new Date(seconds * 1000).toISOString(), ...cells].join(','))
  })
  return `${lines.join('\r\n')}\r\n`
}

/** A cell of CSV. One that a spreadsheet would run as a formula gets an apostrophe in front. */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** The same as JSON: `{startMs, endMs, stepMs, series: [{label, values: [[ms, value], …]}]}`; gaps are left out. */
export function frameJson(frame: TimeSeriesFrame): string {
  const series = frame.series
    .filter((one) => !frame.hidden.has(one.key))
    .map((one) => ({
      label: one.label,
      values: one.values.flatMap((value, i) =>
        value === null ? [] : [[Math.round((frame.timesSeconds[i] as number) * 1000), value]],
      ),
    }))
  const { startMs, endMs, stepMs } = frame
  return JSON.stringify({ startMs, endMs, stepMs, series }, undefined, 2)
}
