import type { BenchReport, Json, Table } from '../bench-case.ts'
import type { RecordShape } from '../load/row-parts.ts'
import { figure, MIB } from '../statistics.ts'
import type { IntakeFigures } from './record-intake.ts'
import type { QueryTimes } from './record-queries.ts'

/** What a figure must not exceed, or must reach, and what is wished for. */
export interface Bound {
  readonly floor: number
  readonly goal?: number
  readonly isMost: boolean
}

export interface RecordFloors {
  readonly cpuSecondsPerMillion: Bound
  readonly rowsPerSecond: Bound
  readonly ackP99Ms: Bound
  readonly bytesPerRow: Bound
  readonly jsonRatio: Bound
}

export interface RecordFigures {
  readonly intake: IntakeFigures
  readonly wide: RecordShape
  readonly flat: RecordShape
  readonly keptRows: number
  /** Of `wide` rows: with filters and catalogue, and without. */
  readonly bytesPerRow: number
  readonly dataBytesPerRow: number
  /** Of `flat` rows, without filters. */
  readonly flatBytesPerRow: number
  readonly queries: readonly QueryTimes[]
  /** What else is measured in ms, with its floor. */
  readonly others: readonly { readonly name: string; readonly ms: number; readonly floorMs: number }[]
}

export function recordReport(figures: RecordFigures, floors: RecordFloors, remarks: readonly string[]): BenchReport {
  const { intake, keptRows, wide, flat } = figures
  return {
    tables: [intakeTable(figures, floors), queryTable(figures)],
    figures: jsonOf(figures),
    remarks: [
      `${intake.rows} rows in ${intake.seconds.toFixed(0)} s over 4 connections, 1,000 rows (${figure(wide.wireBytesPerRow)} bytes each) and 4 resources a request, ${intake.refusals} requests sent again; answered after the sync of the log, sealing and merging on; the sender shares the cores.`,
      `Bytes a row: ${keptRows} rows over 6 h (${figure(figures.dataBytesPerRow)} bytes without filters). Ratio: rows of ${figure(flat.jsonBytesPerRow)} bytes as flat JSON, ${figure(figures.flatBytesPerRow)} in files without filters.`,
      `Queries: over the ${keptRows} rows, from the request to the last byte of the answer; first: of a process, right after it was ready.`,
      ...remarks,
    ],
  }
}

function intakeTable(figures: RecordFigures, floors: RecordFloors): Table {
  const { intake, bytesPerRow, flat, flatBytesPerRow } = figures
  const row = (name: string, value: number, bound: Bound | undefined, unit = 1): string[] => {
    if (bound === undefined) return [name, figure(value / unit), '-', '-', '-']
    const holds = bound.isMost ? value <= bound.floor : value >= bound.floor
    const sign = bound.isMost ? '≤' : '≥'
    const goal = bound.goal === undefined ? '-' : `${sign} ${figure(bound.goal / unit)}`
    return [name, figure(value / unit), `${sign} ${figure(bound.floor / unit)}`, goal, holds ? 'yes' : 'no']
  }
  return {
    title: 'OTLP over gRPC',
    rows: [
      ['measure', 'value', 'floor', 'goal', 'holds'],
      row('CPU s / M rows', intake.cpuSecondsPerMillion, floors.cpuSecondsPerMillion),
      row('k rows/s acknowledged', intake.rowsPerSecond, floors.rowsPerSecond, 1e3),
      row('acknowledgement p50, ms', intake.ackP50Ms, undefined),
      row('acknowledgement p99, ms', intake.ackP99Ms, floors.ackP99Ms),
      row('bytes a row with filters and catalogue', bytesPerRow, floors.bytesPerRow),
      row('flat JSON to files without filters', flat.jsonBytesPerRow / flatBytesPerRow, floors.jsonRatio),
      row('RSS at the end, MiB', intake.residentBytes, undefined, MIB),
      row('RSS at its most, MiB', intake.peakResidentBytes, undefined, MIB),
    ],
  }
}

function queryTable({ queries, others }: RecordFigures): Table {
  const rows = [['query', 'first ms', 'floor', 'warm ms', 'floor', 'holds', 'warm CPU ms']]
  for (const { query, firstMs, warmMs, warmCpuMs } of queries) {
    const [first, warm] = query.floorMs ?? [Number.NaN, Number.NaN]
    const holds = query.floorMs === undefined ? '-' : firstMs <= first && warmMs <= warm ? 'yes' : 'no'
    rows.push([query.name, figure(firstMs), figure(first), figure(warmMs), figure(warm), holds, figure(warmCpuMs)])
  }
  for (const { name, ms, floorMs } of others) {
    rows.push([name, '-', '-', figure(ms), figure(floorMs), ms <= floorMs ? 'yes' : 'no', '-'])
  }
  return { title: 'Over the HTTP API', rows }
}

function jsonOf({ intake, queries, others, ...figures }: RecordFigures): Record<string, Json> {
  const { keptRows, bytesPerRow, dataBytesPerRow, flatBytesPerRow, flat } = figures
  return {
    intake: { ...intake },
    keptRows,
    bytesPerRow,
    dataBytesPerRow,
    jsonRatio: flat.jsonBytesPerRow / flatBytesPerRow,
    queryMs: Object.fromEntries(queries.map(({ query, ...times }) => [query.name, times])),
    otherMs: Object.fromEntries(others.map(({ name, ms }) => [name, ms])),
  }
}
