import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TextDecoder } from '../../../packages/decode/src/text/index.ts'
import { MetricBatch, systemClock } from '../../../packages/model/src/index.ts'
import type { CaseResult, FileResult, Suite } from '../suite.ts'

interface CaseFile {
  /** The exposition's name beside it. */
  readonly file: string
  readonly shouldParse: boolean
}

/** The expositions of OpenMetrics: one folder each, judged by whether a scrape of them is taken. */
export const openmetricsSuite: Suite = { folder: 'openmetrics', run }

async function* run(dir: string): AsyncIterable<FileResult> {
  const entries = await readdir(dir, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  const cases: CaseResult[] = []
  for (const name of names.sort()) cases.push(await runCase(join(dir, name), name))
  yield { name: 'expositions', cases }
}

/** A case that cannot be read counts as failed. */
async function runCase(dir: string, id: string): Promise<CaseResult> {
  try {
    const { file, shouldParse } = JSON.parse(await readFile(join(dir, 'test.json'), 'utf8')) as CaseFile
    const problem = problemOf(await readFile(join(dir, file)))
    if ((problem === undefined) === shouldParse) return { id, verdict: 'pass', reason: '' }
    return { id, verdict: 'fail', reason: shouldParse ? `refused: ${problem}` : 'taken' }
  } catch (error) {
    return { id, verdict: 'fail', reason: String(error) }
  }
}

/** Decodes as a scrape does, and parses every label set, as the store does with series that it does not know. */
function problemOf(body: Uint8Array): string | undefined {
  const batch = new MetricBatch()
  const decoder = new TextDecoder({ grammar: 'openmetrics', mode: 'scrape' })
  decoder.start(body, body.length, batch, 0)
  const outcome = decoder.step(Number.POSITIVE_INFINITY, systemClock)
  if (outcome !== 'done') return outcome === 'more' ? 'BUG: unfinished' : outcome.message
  for (let row = 0; row < batch.rowCount; row++) {
    const labels = batch.labelsOf(row)
    if (!labels.ok) return labels.message
  }
  return undefined
}
