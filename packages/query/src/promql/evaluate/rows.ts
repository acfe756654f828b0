import { EMPTY_LABELS, type Histogram, type Labels, labelsKey, METRIC_NAME } from '@vantage/model'
import { bytesOf } from '../histogram/size.ts'
import { executionFault } from '../language/fault.ts'
import type { EvaluationContext } from './context.ts'

/**
 * One series of an instant vector over all steps. Owned by whoever got it from an evaluation: operators change
 * rows in place and hand them on. `values[i]` means nothing where `present[i]` is 0.
 */
export interface Row {
  labels: Labels
  /** The metric name goes away at the end (delayed name removal). */
  dropName: boolean
  readonly values: Float64Array
  readonly present: Uint8Array
  /** Where a step has a native histogram it stands here, and `values[i]` means nothing. Undefined: floats only. */
  histograms: Histograms | undefined
  /** The points as the thread that made them wrote them for the answer; only rows that nothing changes any more. */
  encoded?: Uint8Array | undefined
}

/** One slot a step. */
export type Histograms = (Histogram | undefined)[]

/** What a plan node evaluates to. A string has no steps. */
export type Value =
  | { readonly kind: 'scalar'; readonly values: Float64Array }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'vector'; readonly rows: Row[] }

/** Bytes of one step of a row: a double and its presence. */
export const ROW_STEP_BYTES = 9

export function newRow(context: EvaluationContext, labels: Labels, dropName: boolean, steps: number): Row {
  context.budget.chargeBytes(steps * ROW_STEP_BYTES)
  context.tick(steps)
  return { labels, dropName, values: new Float64Array(steps), present: new Uint8Array(steps), histograms: undefined }
}

/** Puts a histogram into a row, against the budget. */
export function setHistogram(context: EvaluationContext, row: Row, step: number, histogram: Histogram): void {
  row.histograms ??= newHistograms(context, row.values.length)
  row.histograms[step] = histogram
  row.present[step] = 1
  context.budget.chargeBytes(bytesOf(histogram))
}

export function newHistograms(context: EvaluationContext, steps: number): Histograms {
  context.budget.chargeBytes(steps * 8)
  return new Array<Histogram | undefined>(steps).fill(undefined)
}

export function copyRow(
  context: EvaluationContext,
  labels: Labels,
  dropName: boolean,
  values: Float64Array,
  present: Uint8Array,
  histograms: Histograms | undefined,
): Row {
  context.budget.chargeBytes(values.length * (histograms === undefined ? ROW_STEP_BYTES : ROW_STEP_BYTES + 8))
  context.tick(values.length)
  return { labels, dropName, values: values.slice(), present: present.slice(), histograms: histograms?.slice() }
}

/** Makes a row of a one-step evaluation hold at every step. */
export function broadcastRow(context: EvaluationContext, row: Row, steps: number): Row {
  const wide = newRow(context, row.labels, row.dropName, steps)
  wide.values.fill(row.values[0] as number)
  wide.present.fill(row.present[0] as number)
  if (row.histograms !== undefined) wide.histograms = newHistograms(context, steps).fill(row.histograms[0])
  return wide
}

/** Takes the points with histograms out of rows; who can do nothing with them works on the rest. */
export function floatsOnly(rows: Row[], onHistogram: () => void = () => {}): Row[] {
  let isMixed = false
  for (const row of rows) {
    const { histograms, present } = row
    if (histograms === undefined) continue
    isMixed = true
    for (let i = 0; i < histograms.length; i++) {
      if (histograms[i] === undefined || present[i] === 0) continue
      present[i] = 0
      onHistogram()
    }
    row.histograms = undefined
  }
  return isMixed ? withoutEmpty(rows) : rows
}

export function hasPoints(present: Uint8Array): boolean {
  return present.indexOf(1) >= 0
}

export function withoutEmpty(rows: readonly Row[]): Row[] {
  return rows.filter((row) => hasPoints(row.present))
}

/** Labels that describe the metric and not the series; operators that change the meaning drop them. */
function isMetadataLabel(name: string): boolean {
  return name === METRIC_NAME || name === '__type__' || name === '__unit__'
}

export function withoutMetadata(labels: Labels): Labels {
  let isClean = true
  for (let i = 0; i < labels.length && isClean; i += 2) isClean = !isMetadataLabel(labels[i] as string)
  return isClean ? labels : filterLabels(labels, (name) => !isMetadataLabel(name))
}

export function withoutLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  return filterLabels(labels, (name) => !names.has(name))
}

export function onlyLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  return filterLabels(labels, (name) => names.has(name))
}

function filterLabels(labels: Labels, keeps: (name: string) => boolean): Labels {
  const out: string[] = []
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] as string
    if (keeps(name)) out.push(name, labels[i + 1] as string)
  }
  return out.length === 0 ? EMPTY_LABELS : out
}

/** Sets one label in its place; an empty value removes it. */
export function withLabel(labels: Labels, name: string, value: string): Labels {
  const out: string[] = []
  let isPlaced = value === ''
  for (let i = 0; i < labels.length; i += 2) {
    const other = labels[i] as string
    if (!isPlaced && name <= other) {
      out.push(name, value)
      isPlaced = true
    }
    if (other !== name) out.push(other, labels[i + 1] as string)
  }
  if (!isPlaced) out.push(name, value)
  return out
}

/** A row that a function or operator changed loses its metric name, now or at the end. */
export function dropNames(context: EvaluationContext, rows: Row[]): Row[] {
  for (const row of rows) {
    if (context.options.delayedNameRemoval) row.dropName = true
    else row.labels = withoutMetadata(row.labels)
  }
  return context.options.delayedNameRemoval ? rows : mergeRows(rows)
}

/**
 * Unites rows with equal labels.
 * @throws FaultError where two of them have a value at the same step
 */
export function mergeRows(rows: Row[]): Row[] {
  if (rows.length < 2) return rows
  const byKey = new Map<string, Row>()
  const merged: Row[] = []
  for (const row of rows) {
    const key = labelsKey(row.labels)
    const first = byKey.get(key)
    if (first === undefined) {
      byKey.set(key, row)
      merged.push(row)
    } else {
      mergeInto(first, row)
    }
  }
  return merged
}

function mergeInto(into: Row, from: Row): void {
  into.encoded = undefined
  for (let i = 0; i < from.present.length; i++) {
    if (from.present[i] === 0) continue
    if (into.present[i] === 1) throw executionFault('vector cannot contain metrics with the same labelset')
    into.present[i] = 1
    into.values[i] = from.values[i] as number
    const histogram = from.histograms?.[i]
    if (histogram === undefined && into.histograms === undefined) continue
    into.histograms ??= new Array<Histogram | undefined>(from.present.length).fill(undefined)
    into.histograms[i] = histogram
  }
}

/** `{a="b", c="d"}` with the metric name among the labels, as error messages show series. */
export function labelSetText(labels: Labels): string {
  const parts: string[] = []
  for (let i = 0; i < labels.length; i += 2) parts.push(`${labels[i]}=${JSON.stringify(labels[i + 1])}`)
  return `{${parts.join(', ')}}`
}
