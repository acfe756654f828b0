import { utf8Text } from '@vantage/bytes'
import { type Labels, type LabelsOutcome, labelsFrom, METRIC_NAME } from '@vantage/model'
import { canonicalLabels } from '../labels.ts'
import type { LabelLimits } from '../limits.ts'
import { BACKSLASH } from './characters.ts'
import { type LabelRanges, SampleLine } from './sample-line.ts'

/** Parses the bytes of one series as they came: `name{a="b"}` or `{"name", a="b"}`. */
export class SeriesLabels {
  /** The lenient grammar holds the strict one. */
  readonly #line = new SampleLine(false)
  readonly #limits: LabelLimits

  constructor(limits: LabelLimits) {
    this.#limits = limits
  }

  of(bytes: Uint8Array, from: number, to: number): LabelsOutcome {
    const line = this.#line
    if (!line.parseSeries(bytes, from, to)) return { ok: false, reason: 'invalid_value', message: line.error }
    const pairs = [METRIC_NAME, unescaped(bytes, line.nameFrom, line.nameTo)]
    for (let i = 0; i < line.labels.count; i++) pushPair(pairs, bytes, line.labels, i)
    return canonicalLabels(pairs, this.#limits)
  }
}

/** Labels of an exemplar, sorted. */
export function exemplarLabels(bytes: Uint8Array, ranges: LabelRanges): Labels {
  const pairs: [string, string][] = []
  for (let i = 0; i < ranges.count; i++) {
    const pair: string[] = []
    pushPair(pair, bytes, ranges, i)
    pairs.push(pair as [string, string])
  }
  return labelsFrom(pairs)
}

function pushPair(pairs: string[], bytes: Uint8Array, ranges: LabelRanges, i: number): void {
  pairs.push(
    unescaped(bytes, ranges.nameFrom[i] as number, ranges.nameTo[i] as number),
    unescaped(bytes, ranges.valueFrom[i] as number, ranges.valueTo[i] as number),
  )
}

/** The text of [from, to): `\\`, `\"` and `\n` stand for one character, any other backslash for itself. */
export function unescaped(bytes: Uint8Array, from: number, to: number): string {
  let isPlain = true
  for (let at = from; isPlain && at < to; at++) isPlain = bytes[at] !== BACKSLASH
  const text = utf8Text(bytes, from, to)
  if (isPlain) return text
  return text.replaceAll(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
}
