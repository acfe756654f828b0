import { FaultError, type FileSystem, type TenantId } from '@vantage/model'
import type { PartRow } from './catalogue/protocol.ts'
import type { TenantHead } from './head/tenant-head.ts'
import { PageCache } from './part/page-cache.ts'
import { PartReader } from './part/part-reader.ts'
import { PartSections } from './part/part-sections.ts'

/**
 * Brings back what a head keeps beyond its samples, from all parts in log order: metadata, and the running sums of
 * delta series. A part that cannot be believed is reported; queries that need it fail, intake goes on.
 */
export function restoreHeads(
  files: FileSystem,
  directory: string,
  parts: readonly PartRow[],
  headOf: (tenant: TenantId) => TenantHead,
  onProblem: (message: string) => void,
): void {
  for (const part of parts) {
    const head = headOf(part.tenant)
    try {
      restorePart(files, `${directory}/${part.fileName}`, part, head)
    } catch (error) {
      if (!(error instanceof FaultError) && (error as { code?: string }).code === undefined) throw error
      onProblem(`part ${part.fileName} cannot be read: ${(error as Error).message}`)
    }
  }
}

function restorePart(files: FileSystem, path: string, part: PartRow, head: TenantHead): void {
  const file = files.open(path, 'read')
  let hasSums = false
  try {
    const sections = new PartSections(file, path)
    for (const entry of sections.metadata()) head.setMetadata(entry)
    hasSums = sections.deltaSums().length > 0
  } finally {
    file.close()
  }
  if (!hasSums) return
  const reader = PartReader.open(files, path, part.id, head.seed, new PageCache(0))
  try {
    for (const sum of reader.deltaSums()) {
      const labels = reader.index.labels(sum.series)
      const known = head.index.findSeries(labels)
      head.deltaSums.restore({ ...sum, series: known >= 0 ? known : head.index.addSeries(labels) })
    }
  } finally {
    reader.close()
  }
}
