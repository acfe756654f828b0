import { crc32c } from '@vantage/bytes'
import { isZero, keepRows, type LogBatch, type SpanBatch } from '@vantage/model'
import { maskRows } from './mask.ts'
import { enrichRows, parseRows } from './parse.ts'
import type { EarlyProcessor, LateProcessor } from './processor.ts'
import { BatchRows, eachRow, type RowWork } from './rows.ts'

/** What a processor did to a batch. */
export interface ProcessorEffect {
  readonly name: string
  readonly dropped: number
  readonly changed: number
}

/** Drops, samples and masks rows, in the order of the processors. @returns what was done by those that did something */
export function* runEarly(
  processors: readonly EarlyProcessor[],
  batch: LogBatch | SpanBatch,
): RowWork<ProcessorEffect[]> {
  const effects: ProcessorEffect[] = []
  for (const processor of processors) {
    if (!isFor(processor, batch)) continue
    const rows = new BatchRows(batch)
    const dropped = processor.kind === 'mask' ? 0 : yield* dropRows(rows, processor)
    const changed = processor.kind === 'mask' ? yield* maskRows(rows, processor) : 0
    if (dropped + changed > 0) effects.push({ name: processor.name, dropped, changed })
  }
  return effects
}

function* dropRows(rows: BatchRows, processor: Exclude<EarlyProcessor, { kind: 'mask' }>): RowWork<number> {
  const { batch } = rows
  const dropped = new Set<number>()
  yield* eachRow(rows.count, (row) => {
    if (!rows.isSelected(row, processor.where)) return
    if (processor.kind === 'drop' || !isSampled(batch, row, processor.percent)) dropped.add(row)
  })
  return keepRows(batch, (row) => !dropped.has(row))
}

/** Parses and enriches rows, in the order of the processors. */
export function* runLate(processors: readonly LateProcessor[], batch: LogBatch | SpanBatch): RowWork<void> {
  for (const processor of processors) {
    if (!isFor(processor, batch)) continue
    if (processor.kind === 'parse') yield* parseRows(batch, processor)
    else if (processor.kind === 'enrich') yield* enrichRows(batch, processor)
  }
}

/** True where a processor is for the signal of a batch. */
export function isFor({ signals }: EarlyProcessor | LateProcessor, { columns }: LogBatch | SpanBatch): boolean {
  return signals.has('bodies' in columns ? 'logs' : 'spans')
}

/** The same for all rows of a trace; rows without one by their own bytes. */
function isSampled({ columns }: LogBatch | SpanBatch, row: number, percent: number): boolean {
  const { traceIds } = columns
  const [from, to] = [row * 16, row * 16 + 16]
  const hash = isZero(traceIds, from, to) ? hashOfRow(columns, row) : crc32c(traceIds.subarray(from, to))
  return hash < (percent / 100) * 2 ** 32
}

function hashOfRow(columns: (LogBatch | SpanBatch)['columns'], row: number): number {
  const times = 'bodies' in columns ? columns.times : columns.startTimes
  const { bytes, from, to } = 'bodies' in columns ? columns.bodies : columns.names
  const time = new Uint8Array(times.buffer, times.byteOffset + row * 8, 8)
  return crc32c(Buffer.concat([time, bytes.subarray(from[row] as number, to[row] as number)]))
}
