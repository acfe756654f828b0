import { assert, type FileSystem, unreachable } from '@vantage/model'
import { DeletedSeries, MaskedSource, maskSource } from '../masked-source.ts'
import { PageCache } from '../part/page-cache.ts'
import { PartReader } from '../part/part-reader.ts'
import type { PartTotals } from '../part/part-sections.ts'
import { type PartInput, writePart } from '../part/part-writer.ts'
import { expiredSeries, SeriesKeeps, TenantRetention } from '../retention.ts'
import type { SampleSource, SeriesIndex } from '../series-index.ts'
import { type PartRef, StoreView } from '../view.ts'
import { serve, type WorkerPort } from '../worker-port.ts'
import { buildTier, rewriteTier } from './build-tiers.ts'
import { generationInput } from './generation-input.ts'
import { mergeInput } from './merge-input.ts'
import type { BackgroundAnswer, BackgroundData, BackgroundRequest, MergeRequest, SealRequest } from './protocol.ts'
import { publishFile } from './publish-file.ts'

/** A merge reads every page once: a small cache is enough. */
const MERGE_CACHE_BYTES = 8 * 1024 * 1024

/**
 * The background thread: writes parts from frozen generations, which it reads in place, and merges parts. It never
 * touches the catalogue; a part it wrote exists only once main has the row. Call once, with the port to main.
 */
export function runBackground(port: WorkerPort, data: BackgroundData, files: FileSystem): void {
  const view = new StoreView(files, data, MERGE_CACHE_BYTES)
  serve<BackgroundRequest, BackgroundAnswer>(port, (request) => {
    switch (request.kind) {
      case 'seal':
        return { kind: 'part', totals: sealGeneration(files, data.directory, view, request) }
      case 'merge':
        return { kind: 'part', totals: mergeParts(files, data, request) }
      case 'buildTier':
        return { kind: 'tier', totals: buildTier(files, data, request) }
      case 'rewriteTier':
        return { kind: 'rewritten', ...rewriteTier(files, data, request) }
      default:
        return unreachable(request)
    }
  })
}

function sealGeneration(files: FileSystem, directory: string, view: StoreView, request: SealRequest): PartTotals {
  view.update(request.view)
  const sources = view.tenant(request.tenant)?.generation(request.generation, request.indexEpoch)
  assert(sources !== undefined, `generation ${request.generation} is not in the view`)
  const { index, reader, source } = sources
  const { metadata, deltas, fromOffset, toOffset } = request
  const input = generationInput(index, reader, source, metadata, deltas, fromOffset, toOffset)
  return publishPart(files, directory, request.fileName, input)
}

function mergeParts(files: FileSystem, data: BackgroundData, request: MergeRequest): PartTotals | undefined {
  const pages = new PageCache(MERGE_CACHE_BYTES)
  const parts: PartReader[] = []
  try {
    for (const ref of request.parts) {
      parts.push(PartReader.open(files, `${data.directory}/${ref.fileName}`, ref.id, data.seed, pages))
    }
    const retention = new TenantRetention(data.retention, request.tenant)
    const sources = parts.map((part, i) => {
      const { deletedTo, ageFromMs } = request.parts[i] as PartRef
      const keeps = new SeriesKeeps(part.index, retention)
      const expired = expiredSeries(keeps, retention, request.nowMs, { minTimeMs: part.minTimeMs, ageFromMs })
      return maskSource(part, deletedTo, request.tombstones, new DeletedSeries(part.index), expired)
    })
    const [first] = parts
    if (parts.length === 1 && !isTouched(sources[0] as SampleSource, (first as PartReader).index)) return undefined
    return publishPart(files, data.directory, request.fileName, mergeInput(parts, sources))
  } finally {
    for (const part of parts) part.close()
  }
}

/** True where samples of any series go. */
function isTouched(source: SampleSource, index: SeriesIndex): boolean {
  if (!(source instanceof MaskedSource)) return false
  for (let series = 0; series < index.seriesCount; series++) if (source.isTouched(series)) return true
  return false
}

export function publishPart(files: FileSystem, directory: string, fileName: string, input: PartInput): PartTotals {
  return publishFile(files, directory, fileName, (path) => writePart(files, path, input))
}
