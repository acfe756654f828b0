import type { BenchOptions } from '../bench-case.ts'
import type { RecordTemplate } from '../load/record-template.ts'
import { type RecordShape, type RowForm, type RowMaker, recordShape } from '../load/row-parts.ts'
import { figure } from '../statistics.ts'
import { measureIntake, RecordServer, type RecordSignal } from './record-intake.ts'
import type { RecordFigures } from './record-report.ts'

/** Requests that are made once and sent again and again: so many rows lie between two equal texts. */
const REQUESTS = 128
const QUICK_REQUESTS = 32
const KEPT_ROWS = 5_000_000
const QUICK_KEPT_ROWS = 128_000
const FLAT_ROWS = 1_000_000
const QUICK_FLAT_ROWS = 64_000
export const HOUR_NS = 3_600_000_000_000n
const KEPT_HOURS = 6n
const NS_PER_MS = 1_000_000n

/** Where the kept rows are: a server that holds them all in files. */
export interface Kept {
  readonly server: RecordServer
  readonly shape: RecordShape
  readonly rows: number
  readonly startNs: bigint
  readonly endNs: bigint
}

export interface RecordCase {
  readonly signal: RecordSignal
  readonly rowsOf: (form: RowForm) => RowMaker
  /** A request amid the rows that questions are about. */
  readonly between?: RecordTemplate
  readonly ask: (kept: Kept) => Promise<Pick<RecordFigures, 'queries' | 'others'>>
}

/** Intake, then questions to rows that lie there, then the size of rows that are like flat JSON. */
export async function measureRecords(
  { signal, rowsOf, between, ask }: RecordCase,
  options: BenchOptions,
): Promise<RecordFigures> {
  const { isQuick, note } = options
  const requests = isQuick ? QUICK_REQUESTS : REQUESTS
  const wide = recordShape(rowsOf('wide'), requests)
  note(`intake: ${figure(wide.wireBytesPerRow)} bytes a row`)
  const intake = await measureIntake(signal, wide, options)
  note(`  ${figure(intake.cpuSecondsPerMillion)} CPU s / M, ${figure(intake.rowsPerSecond / 1e3)} k rows/s`)
  const kept = await keep(signal, wide, isQuick ? QUICK_KEPT_ROWS : KEPT_ROWS, between)
  try {
    const { data, beside } = kept.server.diskBytes()
    note(`${kept.rows} rows lie in ${figure((data + beside) / kept.rows)} bytes each`)
    const asked = await ask(kept)
    const flat = recordShape(rowsOf('flat'), requests)
    return {
      ...asked,
      intake,
      wide,
      flat,
      keptRows: kept.rows,
      bytesPerRow: (data + beside) / kept.rows,
      dataBytesPerRow: data / kept.rows,
      flatBytesPerRow: await flatBytes(signal, flat, isQuick ? QUICK_FLAT_ROWS : FLAT_ROWS),
    }
  } finally {
    await kept.server.remove()
  }
}

async function keep(signal: RecordSignal, shape: RecordShape, rows: number, between?: RecordTemplate): Promise<Kept> {
  const server = await RecordServer.start(signal, shape)
  const endNs = BigInt(Date.now()) * NS_PER_MS
  const startNs = endNs - KEPT_HOURS * HOUR_NS
  try {
    await server.keep(rows, startNs, Number(KEPT_HOURS * HOUR_NS) / rows, between)
  } catch (error) {
    await server.remove()
    throw error
  }
  return { server, shape, rows, startNs, endNs }
}

async function flatBytes(signal: RecordSignal, shape: RecordShape, rows: number): Promise<number> {
  const { server } = await keep(signal, shape, rows)
  try {
    return server.diskBytes().data / rows
  } finally {
    await server.remove()
  }
}
