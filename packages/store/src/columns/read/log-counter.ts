import {
  type ByteRanges,
  compareLabels,
  isBytes,
  type Labels,
  type LogColumns,
  type LogCounts,
  labelsFrom,
  labelsKey,
  labelValue,
  type Origin,
} from '@vantage/model'
import { halvesOfTime, timeAt } from '../rows/times.ts'
import { lineBytes } from './line-filter.ts'
import type { Piece } from './piece.ts'
import type { StreamBook } from './stream-book.ts'

const HALF = 2 ** 32
/** Each row is compared with so many at most. */
const KNOWN_TEXTS_MAX = 32

export interface CountGrid {
  readonly startNs: bigint
  readonly stepNs: bigint
  readonly steps: number
}

/** Counts rows or bytes by step and group; groups in the order of their labels. */
export class LogCounter {
  readonly #what: 'rows' | 'bytes'
  readonly #names: readonly string[]
  readonly #bySeverity: boolean
  readonly #grid: CountGrid
  readonly #start: Int32Array
  readonly #step: number
  readonly #streams: StreamBook
  readonly #severities = new KnownTexts()
  readonly #groups = new Map<string, LogCounts>()
  /** Of each origin of a list, its labels among the wanted names. */
  readonly #picked = new Map<readonly Origin[], ({ readonly labels: Labels; readonly key: string } | undefined)[]>()
  readonly #found = new Map<string, Map<string, LogCounts>>()

  constructor(what: 'rows' | 'bytes', by: readonly string[], grid: CountGrid, streams: StreamBook) {
    this.#what = what
    this.#bySeverity = by.includes('severity')
    this.#names = by.filter((name) => name !== 'severity')
    this.#grid = grid
    this.#start = halvesOfTime(grid.startNs)
    this.#step = Number(grid.stepNs)
    this.#streams = streams
  }

  add({ columns, set, origins, rows, marks }: Piece<LogColumns>): void {
    const times = set.longs[0] as Int32Array
    let step = 0
    /** Of marks, the next one; rows below its place have its step. */
    let next = 0
    let behind = 0
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      if (marks === undefined) step = this.#stepOf(times, row)
      else if (row >= behind) {
        while (row >= (marks.rows[next] ?? Number.POSITIVE_INFINITY)) next++
        behind = marks.rows[next] ?? Number.POSITIVE_INFINITY
        step = this.#exactStep(marks.firstNs + BigInt(next) * marks.everyNs)
      }
      if (step < 0 || step >= this.#grid.steps) continue
      const group = this.#groupOf(columns, origins, row)
      group.values[step] = (group.values[step] as number) + (this.#what === 'rows' ? 1 : lineBytes(columns, row))
    }
  }

  counts(): LogCounts[] {
    return [...this.#groups.values()].sort((a, b) => compareLabels(a.labels, b.labels))
  }

  /** The smallest step that does not end before the row. */
  #stepOf(times: Int32Array, row: number): number {
    const start = this.#start
    const distance =
      ((times[row * 2 + 1] as number) - (start[1] as number)) * HALF +
      ((times[row * 2] as number) >>> 0) -
      ((start[0] as number) >>> 0)
    if (Math.abs(distance) > Number.MAX_SAFE_INTEGER) return this.#exactStep(timeAt(times, row))
    let step = Math.ceil(distance / this.#step)
    if ((step - 1) * this.#step >= distance) step--
    else if (step * this.#step < distance) step++
    return step
  }

  /** More than 104 days away. */
  #exactStep(timeNs: bigint): number {
    const { startNs, stepNs } = this.#grid
    const distance = timeNs - startNs
    const steps = distance / stepNs
    // Division cuts towards zero, which is up for what lies before.
    return Number(distance > 0n && distance % stepNs !== 0n ? steps + 1n : steps)
  }

  #groupOf(columns: LogColumns, origins: readonly Origin[], row: number): LogCounts {
    const { labels, key } = this.#pick(origins, columns.origins[row] as number)
    const severity = this.#bySeverity ? this.#severities.of(columns.severityTexts, row) : ''
    let bySeverity = this.#found.get(key)
    if (bySeverity === undefined) {
      bySeverity = new Map()
      this.#found.set(key, bySeverity)
    }
    let group = bySeverity.get(severity)
    if (group === undefined) {
      const all = severity === '' ? labels : labelsFrom([...pairsOf(labels), ['severity', severity]])
      const groupKey = labelsKey(all)
      group = this.#groups.get(groupKey) ?? { labels: all, values: new Float64Array(this.#grid.steps) }
      this.#groups.set(groupKey, group)
      bySeverity.set(severity, group)
    }
    return group
  }

  #pick(origins: readonly Origin[], origin: number): { readonly labels: Labels; readonly key: string } {
    let list = this.#picked.get(origins)
    if (list === undefined) {
      list = []
      this.#picked.set(origins, list)
    }
    let picked = list[origin]
    if (picked === undefined) {
      const stream = this.#streams.of(origins, origin)
      const labels = labelsFrom(this.#names.map((name) => [name, labelValue(stream, name)] as const))
      picked = { labels, key: labelsKey(labels) }
      list[origin] = picked
    }
    return picked
  }
}

/** Texts that come again and again, each made once. */
class KnownTexts {
  readonly #known: { readonly bytes: Uint8Array; readonly text: string }[] = []

  of({ bytes, from, to }: ByteRanges, row: number): string {
    const start = from[row] as number
    const end = to[row] as number
    if (start === end) return ''
    for (const one of this.#known) if (isBytes(bytes, start, end, one.bytes)) return one.text
    const own = bytes.slice(start, end)
    const text = Buffer.from(own).toString()
    if (this.#known.length < KNOWN_TEXTS_MAX) this.#known.push({ bytes: own, text })
    return text
  }
}

function pairsOf(labels: Labels): [string, string][] {
  const pairs: [string, string][] = []
  for (let i = 0; i < labels.length; i += 2) pairs.push([labels[i] as string, labels[i + 1] as string])
  return pairs
}
