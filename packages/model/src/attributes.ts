/**
 * Values of attributes and bodies, as OpenTelemetry has them. Source: opentelemetry-proto common/v1, `AnyValue`.
 * Integers are 64-bit; an int and a double of the same number are different values.
 */
export type AnyValue =
  | { readonly kind: 'empty' }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'array'; readonly values: readonly AnyValue[] }
  | { readonly kind: 'map'; readonly entries: Attributes }

export interface Attribute {
  readonly key: string
  readonly value: AnyValue
}

/** In the order of the sender. Keys should be unique; of a repeated one the last is meant. */
export type Attributes = readonly Attribute[]

export const NO_ATTRIBUTES: Attributes = []
export const EMPTY_VALUE: AnyValue = { kind: 'empty' }

export function attribute(attributes: Attributes, key: string): AnyValue | undefined {
  for (let i = attributes.length - 1; i >= 0; i--) {
    const one = attributes[i] as Attribute
    if (one.key === key) return one.value
  }
  return undefined
}

/**
 * Text of a value: strings as they are, numbers as JSON writes them, bytes in base64, arrays and maps as JSON.
 * Source: opentelemetry-specification common/README.md, "non-OTLP representation".
 */
export function valueText(value: AnyValue): string {
  switch (value.kind) {
    case 'empty':
      return ''
    case 'string':
      return value.value
    case 'bool':
    case 'int':
      return String(value.value)
    case 'double':
      return doubleText(value.value)
    case 'bytes':
      return base64(value.value)
    case 'array':
    case 'map':
      return JSON.stringify(valueJson(value))
  }
}

/** A value as JSON.stringify takes it. */
export function valueJson(value: AnyValue): unknown {
  switch (value.kind) {
    case 'empty':
      return null
    case 'string':
    case 'bool':
      return value.value
    case 'int':
      return Number.isSafeInteger(Number(value.value)) ? Number(value.value) : String(value.value)
    case 'double':
      return Number.isFinite(value.value) ? value.value : doubleText(value.value)
    case 'bytes':
      return base64(value.value)
    case 'array':
      return value.values.map(valueJson)
    case 'map':
      return Object.fromEntries(value.entries.map((entry) => [entry.key, valueJson(entry.value)]))
  }
}

function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Number.POSITIVE_INFINITY) return 'Infinity'
  return value === Number.NEGATIVE_INFINITY ? '-Infinity' : String(value)
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}
