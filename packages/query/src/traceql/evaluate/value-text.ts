import { SPAN_KINDS, STATUS_CODES, valueText } from '@vantage/model'
import { durationText } from '../language/duration.ts'
import type { Value } from '../value.ts'

/** A text that is equal for equal values only. */
export function valueKey(value: Value): string {
  return `${value.kind}:${plainText(value)}`
}

/** A value as people read it; nil is `nil`. */
export function plainText(value: Value): string {
  switch (value.kind) {
    case 'empty':
      return 'nil'
    case 'duration':
      return durationText(value.value)
    case 'status':
      return STATUS_CODES[value.value] ?? 'unset'
    case 'spanKind':
      return SPAN_KINDS[value.value] ?? 'unspecified'
    default:
      return valueText(value)
  }
}
