import { type AnyValue, attribute, type Origin, serviceOf, valueText } from '@vantage/model'
import type { SpanView } from '../traceql/evaluate/span-view.ts'

const encoder = new TextEncoder()

/** Places in SPAN_KINDS. */
export const KIND = { server: 2, client: 3, producer: 4, consumer: 5 } as const
/** Place in STATUS_CODES. */
export const STATUS_ERROR = 2

/** Reads the first of some attributes that a span has, as text; '' without any. */
export function textReader(...names: readonly string[]): (span: SpanView) => string {
  const keys = names.map((name) => encoder.encode(name))
  return (span) => {
    for (const key of keys) {
      const value: AnyValue | undefined = span.attribute(key)
      const text = value === undefined ? '' : valueText(value)
      if (text !== '') return text
    }
    return ''
  }
}

/** Names of services by origin, worked out once for each. */
export class ServiceNames {
  readonly #names = new Map<Origin, string>()

  of(origin: Origin): string {
    let name = this.#names.get(origin)
    if (name === undefined) {
      name = serviceOf(origin)
      this.#names.set(origin, name)
    }
    return name
  }
}

/** Of an event. */
export function eventText(attributes: Parameters<typeof attribute>[0], name: string): string {
  const value = attribute(attributes, name)
  return value === undefined ? '' : valueText(value)
}
