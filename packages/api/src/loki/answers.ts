import type { Labels } from '@vantage/model'
import type {
  DetectedField,
  Grid,
  LevelTemplates,
  LogqlResult,
  LogqlStats,
  StepSeries,
  Stream,
  StreamEntry,
} from '@vantage/query/logql'
import type { AnswerWriter } from '../answer-writer.ts'
import type { Volume } from './logs-job.ts'

const NS_PER_MS = 1_000_000n

/** Labels of entries are told apart by where they come from. Source: Loki's header X-Loki-Response-Encoding-Flags. */
export const CATEGORIZE_LABELS = 'categorize-labels'

function toMs(timeNs: bigint): number {
  return Number(timeNs / NS_PER_MS)
}

/** Source: grafana/loki docs/sources/reference/loki-http-api.md, "Query logs within a range of time". */
export function writeLogqlAnswer(
  out: AnswerWriter,
  { data, grid, stats }: LogqlResult,
  isCategorized: boolean,
  elapsedMs: number,
): void {
  out.raw(`{"status":"success","data":{"resultType":"${data.kind}"`)
  if (isCategorized && data.kind === 'streams') out.raw(`,"encodingFlags":["${CATEGORIZE_LABELS}"]`)
  out.raw(',"result":')
  switch (data.kind) {
    case 'streams':
      writeStreams(out, data.streams, isCategorized)
      break
    case 'scalar':
      out.point(toMs(grid.startNs), data.value)
      break
    case 'vector':
    case 'matrix':
      writeSeriesList(out, data.series, grid, data.kind === 'matrix')
  }
  writeStats(out, stats, elapsedMs)
  out.raw('}}')
}

/** `[{"stream": {…}, "values": [["<unix ns>", "<line>"], …]}]`; categorized, entries name their own labels. */
export function writeStreams(out: AnswerWriter, streams: readonly Stream[], isCategorized: boolean): void {
  out.raw('[')
  for (const [i, { labels, entries }] of streams.entries()) {
    out.raw(i > 0 ? ',{"stream":' : '{"stream":')
    out.labels(labels)
    out.raw(',"values":[')
    for (const [j, entry] of entries.entries()) {
      if (j > 0) out.raw(',')
      writeEntry(out, entry, isCategorized)
    }
    out.raw(']}')
  }
  out.raw(']')
}

function writeEntry(out: AnswerWriter, { timeNs, line, metadata, parsed }: StreamEntry, isCategorized: boolean): void {
  out.raw(`["${timeNs}",`)
  out.string(line)
  if (isCategorized) {
    out.raw(',{')
    writeCategory(out, 'structuredMetadata', metadata)
    if (metadata.length > 0 && parsed.length > 0) out.raw(',')
    writeCategory(out, 'parsed', parsed)
    out.raw('}')
  }
  out.raw(']')
}

function writeCategory(out: AnswerWriter, name: string, labels: Labels): void {
  if (labels.length === 0) return
  out.raw(`"${name}":`)
  out.labels(labels)
}

function writeSeriesList(out: AnswerWriter, list: readonly StepSeries[], grid: Grid, isMatrix: boolean): void {
  out.raw('[')
  for (const [i, { labels, values, present }] of list.entries()) {
    out.raw(i > 0 ? ',{"metric":' : '{"metric":')
    out.labels(labels)
    out.raw(isMatrix ? ',"values":[' : ',"value":')
    let isFirst = true
    for (let step = 0; step < values.length; step++) {
      if (present[step] === 0) continue
      if (!isFirst) out.raw(',')
      isFirst = false
      out.point(toMs(grid.startNs + grid.stepNs * BigInt(step)), values[step] as number)
    }
    out.raw(isMatrix ? ']}' : '}')
  }
  out.raw(']')
}

function writeStats(out: AnswerWriter, { rowsRead, bytesRead, rowsKept }: LogqlStats, elapsedMs: number): void {
  const seconds = Math.max(elapsedMs, 0.001) / 1000
  const summary = {
    bytesProcessedPerSecond: Math.round(bytesRead / seconds),
    linesProcessedPerSecond: Math.round(rowsRead / seconds),
    totalBytesProcessed: bytesRead,
    totalLinesProcessed: rowsRead,
    execTime: seconds,
    queueTime: 0,
    subqueries: 0,
    totalEntriesReturned: rowsKept,
    splits: 1,
    shards: 1,
  }
  out.text(`,"stats":${JSON.stringify({ summary })}`)
}

/** @param grid undefined for one number at `endNs` */
export function writeVolumes(
  out: AnswerWriter,
  volumes: readonly Volume[],
  grid: { readonly startNs: bigint; readonly stepNs: bigint } | undefined,
  endNs: bigint,
): void {
  out.raw(`{"status":"success","data":{"resultType":"${grid === undefined ? 'vector' : 'matrix'}","result":[`)
  for (const [i, { labels, bytes }] of volumes.entries()) {
    out.raw(i > 0 ? ',{"metric":' : '{"metric":')
    out.labels(labels)
    if (grid === undefined) {
      out.raw(',"value":')
      out.point(toMs(endNs), bytes[0] as number)
    } else writeCells(out, bytes, grid)
    out.raw('}')
  }
  out.raw(']}}')
}

/** Cells without bytes are left out. */
function writeCells(out: AnswerWriter, bytes: Float64Array, grid: { startNs: bigint; stepNs: bigint }): void {
  out.raw(',"values":[')
  let isFirst = true
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === 0) continue
    if (!isFirst) out.raw(',')
    isFirst = false
    out.point(toMs(grid.startNs + grid.stepNs * BigInt(i)), bytes[i] as number)
  }
  out.raw(']')
}

/** Patterns of an answer, most frequent first. */
const PATTERNS_MAX = 300

/** `{"pattern": "… <_> …", "level": "info", "samples": [[unix s, count], …]}` */
export function writePatterns(out: AnswerWriter, levels: readonly LevelTemplates[]): void {
  const all = levels.flatMap(({ level, templates }) => templates.map((template) => ({ level, ...template })))
  const top = all.sort((a, b) => b.count - a.count).slice(0, PATTERNS_MAX)
  out.raw('{"status":"success","data":[')
  for (const [i, { pattern, level, samples }] of top.entries()) {
    out.raw(i > 0 ? ',{"pattern":' : '{"pattern":')
    out.string(pattern)
    out.raw(',"level":')
    out.string(level)
    out.raw(`,"samples":[${samples.map(([timeNs, count]) => `[${timeNs / 1_000_000_000n},${count}]`).join(',')}]}`)
  }
  out.raw(']}')
}

export function writeDetectedFields(out: AnswerWriter, fields: readonly DetectedField[], limit: number): void {
  out.raw('{"fields":[')
  for (const [i, { label, type, values, parsers }] of fields.slice(0, limit).entries()) {
    out.raw(i > 0 ? ',{"label":' : '{"label":')
    out.string(label)
    const found = [...parsers].map((parser) => `"${parser}"`).join(',')
    out.raw(`,"type":"${type}","cardinality":${values.size},"parsers":${found === '' ? 'null' : `[${found}]`}}`)
  }
  out.raw(`],"limit":${limit}}`)
}

export function writeFieldValues(
  out: AnswerWriter,
  fields: readonly DetectedField[],
  name: string,
  limit: number,
): void {
  const values = fields.find(({ label }) => label === name)?.values ?? []
  out.raw('{"values":')
  out.strings([...values].slice(0, limit))
  out.raw(`,"limit":${limit}}`)
}
