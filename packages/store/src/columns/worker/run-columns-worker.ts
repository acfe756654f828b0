import { mkdirSync } from 'node:fs'
import { type FileSystem, unreachable } from '@vantage/model'
import { serve, type WorkerPort } from '../../metrics/worker-port.ts'
import { Catalogue } from '../catalogue/catalogue.ts'
import { namesSome } from '../deletions.ts'
import { type FileTotals, FileWriter } from '../files/file-writer.ts'
import { StripeCache } from '../files/stripe-cache.ts'
import { CATALOGUE_FILE, FILES_DIRECTORY } from '../paths.ts'
import { PieceMerge } from '../read/merge-pieces.ts'
import { piecesOf, type RowSource, rowsLeft } from '../read/source.ts'
import { LOGS, type Signal, SPANS } from '../rows/column-set.ts'
import { SignalView } from '../view.ts'
import type { ColumnsWorkerData, WorkerAnswer, WorkerRequest, WriteRequest } from './protocol.ts'

const EVERYWHEN = { startNs: -(2n ** 63n), endNs: 2n ** 63n }
/** A write reads every stripe once. */
const WRITE_CACHE_BYTES = 16 * 1024 * 1024

/**
 * The thread of the columns: the only one that opens the catalogue, and the one that writes files, from hot rows that
 * it reads in place or from files. Call once, with the port to the main thread.
 */
export function runColumnsWorker(port: WorkerPort, data: ColumnsWorkerData, files: FileSystem): void {
  const directory = `${data.directory}/${FILES_DIRECTORY}`
  let catalogue: Catalogue | undefined
  serve<WorkerRequest, WorkerAnswer>(port, (request) => {
    switch (request.kind) {
      case 'write': {
        const totals =
          request.signal === 'logs'
            ? writeRows(LOGS, files, directory, request)
            : writeRows(SPANS, files, directory, request)
        return { kind: 'written', totals }
      }
      case 'catalogue':
        // Opened by the first request, so that a file that cannot be opened is that request's failure.
        if (catalogue === undefined) {
          mkdirSync(data.directory, { recursive: true })
          catalogue = new Catalogue(`${data.directory}/${CATALOGUE_FILE}`)
        }
        return { kind: 'catalogue', answer: catalogue.answer(request.request) }
      case 'close':
        catalogue?.close()
        catalogue = undefined
        return { kind: 'closed' }
      default:
        return unreachable(request)
    }
  })
}

function writeRows<Columns>(
  signal: Signal<Columns>,
  files: FileSystem,
  directory: string,
  { fileName, rows, isRewrite }: WriteRequest,
): FileTotals | undefined {
  const view = new SignalView(signal, { files, directory, cache: new StripeCache(WRITE_CACHE_BYTES) })
  view.update(rows)
  try {
    const sources = view.sources(EVERYWHEN)
    if (isRewrite && !sources.some(losesRows)) return undefined
    return writeSources(signal, sources, new FileWriter(signal, files, directory, fileName))
  } finally {
    view.close()
  }
}

function losesRows<Columns>(source: RowSource<Columns>): boolean {
  const { tombstones, origins, rowCount } = source
  if (!namesSome(tombstones, origins)) return false
  // Of traces that are kept there may be nothing else.
  return tombstones.every((one) => one.keepsTraces === undefined) || rowsLeft(source).order.length < rowCount
}

function writeSources<Columns>(
  signal: Signal<Columns>,
  sources: readonly RowSource<Columns>[],
  writer: FileWriter<Columns>,
): FileTotals {
  try {
    const pieces = piecesOf(sources, {
      range: EVERYWHEN,
      direction: 'forward',
      filter: { parts: [], mayHold: () => true, select: (_columns, _set, _origins, order) => order },
      budget: UNBOUNDED,
    })
    const merge = new PieceMerge(signal, pieces, 'forward', UNBOUNDED)
    for (const block of merge.blocks()) writer.append(signal.setOf(block.columns), block.origins, block.rows)
    return writer.finish()
  } catch (error) {
    writer.abandon()
    throw error
  }
}

/** Upkeep is not a query: what it may use is bounded by what a seal or a merge takes together. */
const UNBOUNDED = { check: () => {}, chargeSamples: () => {}, chargeBytes: () => {}, chargeSeries: () => {} }
