import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InfluxDecoder, type InfluxPrecision } from '../../../packages/decode/src/influx/index.ts'
import { formatLabels, labelsFrom, METRIC_NAME, MetricBatch, systemClock } from '../../../packages/model/src/index.ts'
import type { CaseResult, FileResult, Suite } from '../suite.ts'

/** Bytes as JSON has them: text, or base64 where they are not UTF-8. */
type Text = string | { readonly binary: string }

/** The only member is the field's type; integers are text, as JSON numbers would round them. */
type FieldValue = Readonly<Record<string, unknown>>

interface Point {
  readonly time: string
  readonly name: Text
  readonly tags: readonly { readonly key: Text; readonly value: Text }[]
  readonly fields: readonly { readonly key: Text; readonly value: FieldValue }[]
}

interface DecodeCase {
  readonly input: {
    readonly key: string
    readonly text: Text
    readonly defaultTime: string
    readonly precision: string
  }
  readonly output: { readonly result?: readonly Point[]; readonly error?: string }
}

interface EncodeCase {
  readonly input: { readonly key: string; readonly point: Point; readonly precision: string }
  readonly output: { readonly result?: Text; readonly error?: string }
}

/** `decode.jsonl`: lines in, points or an error out. `encode.jsonl`: what the reference wrote must be read as it was. */
export const influxSuite: Suite = { folder: 'influx-line-protocol', run }

async function* run(dir: string): AsyncIterable<FileResult> {
  yield { name: 'decode.jsonl', cases: await runFile(join(dir, 'decode.jsonl'), runDecode) }
  yield { name: 'encode.jsonl', cases: await runFile(join(dir, 'encode.jsonl'), runEncode) }
}

async function runFile<T>(path: string, runCase: (one: T) => CaseResult): Promise<CaseResult[]> {
  try {
    const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '')
    return lines.map((line) => runCase(JSON.parse(line, exactIntegers) as T))
  } catch (error) {
    return [{ id: path, verdict: 'fail', reason: String(error) }]
  }
}

/** Integers keep their digits. */
function exactIntegers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && Number.isInteger(value) ? (context?.source ?? value) : value
}

function runDecode({ input, output }: DecodeCase): CaseResult {
  const id = `decode:${input.key}`
  const precision = precisionOf(input.precision)
  const found = decode(bytesOf(input.text), precision, toMs(input.defaultTime))
  if (output.error !== undefined) {
    return found.error === undefined ? { id, verdict: 'fail', reason: `taken, want ${output.error}` } : pass(id)
  }
  return compare(id, found, output.result ?? [])
}

function runEncode({ input, output }: EncodeCase): CaseResult {
  const id = `encode:${input.key}`
  if (output.error !== undefined || output.result === undefined) {
    return { id, verdict: 'left out', reason: 'the reference writes nothing that could be read' }
  }
  const unitNs = NS_PER_UNIT[precisionOf(input.precision)]
  const time = String((BigInt(input.point.time) / unitNs) * unitNs)
  return compare(id, decode(bytesOf(output.result), precisionOf(input.precision), 0), [{ ...input.point, time }])
}

const NS_PER_UNIT: Readonly<Record<InfluxPrecision, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

function precisionOf(text: string): InfluxPrecision {
  return text.replace(/^1/, '').replace('µ', 'u') as InfluxPrecision
}

function pass(id: string): CaseResult {
  return { id, verdict: 'pass', reason: '' }
}

interface Decoded {
  readonly error: string | undefined
  readonly samples: readonly string[]
}

function decode(body: Uint8Array, precision: InfluxPrecision, defaultTimeMs: number): Decoded {
  const batch = new MetricBatch()
  const decoder = new InfluxDecoder({ maxLabels: 1_000, maxLabelNameBytes: 65_536, maxLabelValueBytes: 65_536 })
  decoder.start(body, body.length, batch, precision, defaultTimeMs)
  const outcome = decoder.step(Number.POSITIVE_INFINITY, systemClock)
  if (outcome !== 'done') return { error: outcome === 'more' ? 'BUG: unfinished' : outcome.message, samples: [] }
  const samples = Array.from({ length: batch.rowCount }, (_, row) => {
    const labels = batch.labelsOf(row)
    const text = labels.ok ? formatLabels(labels.labels) : labels.message
    return sampleText(text, batch.values[row] as number, batch.times[row] as number)
  })
  return { error: batch.refused[0]?.message, samples }
}

function compare(id: string, found: Decoded, points: readonly Point[]): CaseResult {
  if (found.error !== undefined) return { id, verdict: 'fail', reason: `refused: ${found.error}` }
  const want = points.flatMap(samplesOf)
  if (want.join('\n') === found.samples.join('\n')) return pass(id)
  return { id, verdict: 'fail', reason: `want ${want.join(' ')}, got ${found.samples.join(' ')}` }
}

/** A point's fields as the samples that they stand for; strings stand for none. */
function samplesOf(point: Point): string[] {
  return point.fields.flatMap(({ key, value }) => {
    const number = numberOf(value)
    if (number === undefined) return []
    const field = textOf(key)
    const name = field === 'value' ? textOf(point.name) : `${textOf(point.name)}_${field}`
    const tags = point.tags.map((tag): [string, string] => [textOf(tag.key), textOf(tag.value)])
    return [sampleText(formatLabels(labelsFrom([[METRIC_NAME, name], ...tags])), number, toMs(point.time))]
  })
}

function numberOf(value: FieldValue): number | undefined {
  if (value['bool'] !== undefined) return value['bool'] === true ? 1 : 0
  const number = value['float'] ?? value['int'] ?? value['uint']
  return number === undefined ? undefined : Number(number)
}

function sampleText(labels: string, value: number, timeMs: number): string {
  return `${labels} ${Object.is(value, -0) ? 0 : value} @${timeMs}`
}

/** Nanoseconds as digits to whole milliseconds, downwards. */
function toMs(time: string): number {
  const ns = BigInt(time)
  const ms = ns / 1_000_000n
  return Number(ns < 0n && ms * 1_000_000n !== ns ? ms - 1n : ms)
}

function textOf(text: Text): string {
  return Buffer.from(bytesOf(text)).toString()
}

function bytesOf(text: Text): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : Buffer.from(text.binary, 'base64')
}
