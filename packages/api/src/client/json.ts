/** Reads fields of parsed JSON without trusting it: a missing or wrong field becomes the plain default. */

export type Json = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function recordAt(from: Json, key: string): Json {
  const value = from[key]
  return isRecord(value) ? value : {}
}

export function arrayAt(from: Json, key: string): readonly unknown[] {
  const value = from[key]
  return Array.isArray(value) ? value : []
}

export function textAt(from: Json, key: string): string {
  const value = from[key]
  return typeof value === 'string' ? value : ''
}

export function optionalTextAt(from: Json, key: string): string | undefined {
  const value = from[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function numberAt(from: Json, key: string): number {
  const value = from[key]
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

export function textsOf(values: readonly unknown[]): string[] {
  return values.filter((value): value is string => typeof value === 'string')
}

/** Null prototype: a label called `__proto__` stays a label. */
export function labelsOf(value: unknown): Readonly<Record<string, string>> {
  const labels: Record<string, string> = Object.create(null)
  if (!isRecord(value)) return labels
  for (const name of Object.keys(value)) {
    const text = value[name]
    if (typeof text === 'string') labels[name] = text
  }
  return labels
}

/** A sample value as Prometheus writes it: `"1.5"`, `"NaN"`, `"+Inf"`, `"-Inf"`. */
export function sampleValue(text: unknown): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  return Number(text)
}
