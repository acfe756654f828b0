import type { AnyValue } from '@vantage/model'

/**
 * A value while a query runs. Attributes keep the form the model gives them; intrinsics add three kinds. `empty` is
 * TraceQL's nil. Durations are ns.
 */
export type Value =
  | AnyValue
  | { readonly kind: 'duration'; readonly value: number }
  /** Place in STATUS_CODES. */
  | { readonly kind: 'status'; readonly value: number }
  /** Place in SPAN_KINDS. */
  | { readonly kind: 'spanKind'; readonly value: number }

export const NIL: Value = { kind: 'empty' }
export const TRUE: Value = { kind: 'bool', value: true }
export const FALSE: Value = { kind: 'bool', value: false }

export function isNumeric(value: Value): value is Extract<Value, { kind: 'int' | 'double' | 'duration' }> {
  return value.kind === 'int' || value.kind === 'double' || value.kind === 'duration'
}

export function isTrue(value: Value): boolean {
  return value.kind === 'bool' && value.value
}
