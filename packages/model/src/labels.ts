/**
 * A label set as one flat array: name, value, name, value …, names ascending by UTF-16 code unit,
 * each name once, no empty value (an empty value means that the label is absent).
 * The metric name is the label `__name__`.
 */
export type Labels = readonly string[]

export const METRIC_NAME = '__name__'
export const EMPTY_LABELS: Labels = []

export function labelValue(labels: Labels, name: string): string {
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] === name) return labels[i + 1] as string
  }
  return ''
}

/** Sorts, drops empty values; of a repeated name the last one stays. */
export function labelsFrom(pairs: Iterable<readonly [string, string]>): Labels {
  const byName = new Map<string, string>()
  for (const [name, value] of pairs) byName.set(name, value)
  const names = [...byName.keys()].sort()
  const out: string[] = []
  for (const name of names) {
    const value = byName.get(name) as string
    if (value !== '') out.push(name, value)
  }
  return out
}

export function labelsFromRecord(record: Readonly<Record<string, string>>): Labels {
  return labelsFrom(Object.entries(record))
}

/** Null prototype: a label called `__proto__` stays a label. */
export function labelsToRecord(labels: Labels): Record<string, string> {
  const record: Record<string, string> = Object.create(null)
  for (let i = 0; i < labels.length; i += 2) record[labels[i] as string] = labels[i + 1] as string
  return record
}

/** A string that is equal for equal label sets only (lengths are part of it). */
export function labelsKey(labels: Labels): string {
  let key = ''
  for (const part of labels) key += `${part.length}:${part}`
  return key
}

export function labelsEqual(a: Labels, b: Labels): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Order of label sets: pair by pair, then the shorter first. */
export function compareLabels(a: Labels, b: Labels): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const x = a[i] as string
    const y = b[i] as string
    if (x < y) return -1
    if (x > y) return 1
  }
  return a.length - b.length
}

/** `{a="b", c="d"}` with the metric name in front where it is a plain name; for messages and tests. */
export function formatLabels(labels: Labels): string {
  const name = labelValue(labels, METRIC_NAME)
  const isPlain = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)
  const parts: string[] = []
  for (let i = 0; i < labels.length; i += 2) {
    if (isPlain && labels[i] === METRIC_NAME) continue
    const label = labels[i] as string
    const key = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) ? label : JSON.stringify(label)
    parts.push(`${key}=${JSON.stringify(labels[i + 1])}`)
  }
  if (isPlain && parts.length === 0) return name
  return `${isPlain ? name : ''}{${parts.join(', ')}}`
}
