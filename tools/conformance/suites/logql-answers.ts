import { isDeepStrictEqual } from 'node:util'
import { AnswerWriter } from '../../../packages/api/src/answer-writer.ts'
import { CATEGORIZE_LABELS, writeLogqlAnswer, writePatterns } from '../../../packages/api/src/loki/answers.ts'
import { tailMessage } from '../../../packages/api/src/loki/tail.ts'
import { type Labels, labelsFromRecord } from '../../../packages/model/src/index.ts'
import type { LogqlData, StepSeries, Stream } from '../../../packages/query/src/logql/index.ts'

type LabelRecord = Readonly<Record<string, string>>

interface WrittenStream {
  readonly stream: LabelRecord
  readonly values: readonly (readonly [
    timeNs: string,
    line: string,
    categories?: { readonly structuredMetadata?: LabelRecord; readonly parsed?: LabelRecord },
  ])[]
}

interface WrittenSeries {
  readonly metric: LabelRecord
  readonly value?: readonly [seconds: number, value: string]
  readonly values?: readonly (readonly [seconds: number, value: string])[]
}

interface WrittenPattern {
  readonly pattern: string
  readonly level: string
  readonly samples: readonly (readonly [seconds: number, count: number])[]
}

interface Written {
  readonly status?: string
  readonly warnings?: unknown
  readonly encodingFlags?: readonly string[]
  readonly streams?: readonly WrittenStream[]
  readonly dropped_entries?: readonly { readonly timestamp: string; readonly labels: LabelRecord }[]
  readonly data?:
    | readonly WrittenPattern[]
    | { readonly resultType: string; readonly encodingFlags?: readonly string[]; readonly result: readonly unknown[] }
}

/**
 * Writes what an answer of Loki says by our writers: the same JSON must come out, but for statistics and warnings.
 * @returns what differs; '' = nothing
 */
export function answerComplaint(text: string): string {
  // Holes for a flag, in quotes, and for statistics.
  const { warnings: _, ...wanted } = JSON.parse(
    text.replaceAll('"%s"', `"${CATEGORIZE_LABELS}"`).replaceAll('%s', '{}'),
  ) as Written
  const got = JSON.parse(new TextDecoder().decode(rewritten(wanted))) as Written
  return isDeepStrictEqual(withoutStats(got), withoutStats(wanted))
    ? ''
    : `want ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`
}

function withoutStats(answer: Written): unknown {
  const { data } = answer
  if (data === undefined || Array.isArray(data)) return answer
  return { ...answer, data: { ...data, stats: undefined } }
}

function rewritten(wanted: Written): Uint8Array {
  if (wanted.streams !== undefined) {
    const dropped = (wanted.dropped_entries ?? []).map(({ timestamp, labels }) => {
      return { timeNs: BigInt(timestamp), labels: labelsFromRecord(labels) }
    })
    return tailMessage(wanted.streams.map(streamOf), dropped, wanted.encodingFlags !== undefined)
  }
  const out = new AnswerWriter()
  const { data } = wanted
  if (data === undefined) throw new Error('an answer without data')
  if ('resultType' in data) {
    const grid = gridOf(data.result as WrittenSeries[])
    const stats = { rowsRead: 0, bytesRead: 0, rowsKept: 0 }
    const isCategorized = data.encodingFlags !== undefined
    writeLogqlAnswer(out, { data: dataOf(data.resultType, data.result, grid), grid, stats }, isCategorized, 0)
  } else {
    writePatterns(
      out,
      data.map(({ pattern, level, samples }) => {
        const counts = samples.map(([seconds, count]) => [BigInt(seconds) * 1_000_000_000n, count] as const)
        return { level, templates: [{ pattern, count: 0, samples: counts }] }
      }),
    )
  }
  return out.finish()
}

function streamOf({ stream, values }: WrittenStream): Stream {
  const entries = values.map(([timeNs, line, categories]) => ({
    timeNs: BigInt(timeNs),
    line,
    metadata: labelsFromRecord(categories?.structuredMetadata ?? {}),
    parsed: labelsFromRecord(categories?.parsed ?? {}),
  }))
  return { labels: labelsFromRecord(stream), entries }
}

interface Grid {
  readonly startNs: bigint
  readonly stepNs: bigint
  readonly steps: number
}

function toNs(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1000)) * 1_000_000n
}

/** The widest steps that all points lie on. */
function gridOf(series: readonly WrittenSeries[]): Grid {
  const points = series.flatMap(({ value, values }) => (value === undefined ? (values ?? []) : [value]))
  const times = [...new Set(points.map(([seconds]) => toNs(Number(seconds))))].sort((a, b) => (a < b ? -1 : 1))
  const startNs = times[0] ?? 0n
  const stepNs = times.reduce((step, time) => divisor(time - startNs, step), 0n)
  const last = times.at(-1) ?? 0n
  return { startNs, stepNs, steps: stepNs === 0n ? 1 : Number((last - startNs) / stepNs) + 1 }
}

function divisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : divisor(b, a % b)
}

function dataOf(kind: string, result: readonly unknown[], grid: Grid): LogqlData {
  if (kind === 'streams') return { kind, streams: (result as WrittenStream[]).map(streamOf) }
  if (kind === 'vector' || kind === 'matrix') {
    return { kind, series: (result as WrittenSeries[]).map((one) => seriesOf(one, grid)) }
  }
  throw new Error(`cannot read answers of the kind ${kind}`)
}

function seriesOf({ metric, value, values }: WrittenSeries, grid: Grid): StepSeries {
  const labels: Labels = labelsFromRecord(metric)
  const series = { labels, values: new Float64Array(grid.steps), present: new Uint8Array(grid.steps) }
  for (const [seconds, text] of value === undefined ? (values ?? []) : [value]) {
    const step = grid.stepNs === 0n ? 0 : Number((toNs(seconds) - grid.startNs) / grid.stepNs)
    series.values[step] = Number(text)
    series.present[step] = 1
  }
  return series
}
