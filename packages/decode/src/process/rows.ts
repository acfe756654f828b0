import {
  type Attributes,
  attribute,
  BODY_KIND,
  type ByteRanges,
  decodeAttributes,
  type LogBatch,
  type SpanBatch,
  serviceOf,
  valueText,
} from '@vantage/model'
import type { RowSelector } from './processor.ts'

/** Rows of a batch as processors look at them. One belongs to one batch and one pass. */
export class BatchRows {
  readonly batch: LogBatch | SpanBatch
  readonly #services = new Map<number, string>()

  constructor(batch: LogBatch | SpanBatch) {
    this.batch = batch
  }

  get count(): number {
    return this.batch.columns.count
  }

  service(row: number): string {
    const origin = this.batch.columns.origins[row] as number
    const known = this.#services.get(origin)
    if (known !== undefined) return known
    const service = serviceOf(this.batch.originOf(origin))
    this.#services.set(origin, service)
    return service
  }

  /** The line of a log row, '' where its body is no text; the name of a span. */
  text(row: number): string {
    const { columns } = this.batch
    if (!('bodies' in columns)) return textAt(columns.names, row)
    return columns.bodyKinds[row] === BODY_KIND.text ? textAt(columns.bodies, row) : ''
  }

  attributes(row: number): Attributes {
    const { bytes, from, to } = this.batch.columns.attributes
    return decodeAttributes(bytes, from[row] as number, to[row] as number)
  }

  isSelected(row: number, { service, text, attributes, maxSeverity }: RowSelector): boolean {
    const { columns } = this.batch
    if (maxSeverity > 0 && 'severities' in columns && (columns.severities[row] as number) > maxSeverity) return false
    if (service !== '' && this.service(row) !== service) return false
    if (text !== undefined && !text.test(this.text(row))) return false
    if (attributes.length === 0) return true
    const own = this.attributes(row)
    return attributes.every(([key, wanted]) => {
      const value = attribute(own, key)
      return value !== undefined && valueText(value) === wanted
    })
  }
}

export function textAt({ bytes, from, to }: ByteRanges, row: number): string {
  const start = from[row] as number
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, (to[row] as number) - start).toString('utf8')
}

/** Work on many rows: it stops now and then, so that others may run between. */
export type RowWork<Outcome> = Generator<void, Outcome>

/** Rows between two stops: some 100 µs of work. */
const ROWS_PER_STOP = 32

/** Calls `visit` for each row. */
export function* eachRow(count: number, visit: (row: number) => void): RowWork<void> {
  for (let row = 0; row < count; row++) {
    if (row % ROWS_PER_STOP === ROWS_PER_STOP - 1) yield
    visit(row)
  }
}

/** Does the work without a stop. */
export function finish<Outcome>(work: RowWork<Outcome>): Outcome {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
  }
}

/** Gives a column new bytes where `edit` says so; the others are copied beside them. */
export function* rewriteColumn(
  column: ByteRanges,
  count: number,
  edit: (row: number) => Uint8Array | undefined,
): RowWork<void> {
  const edits = new Map<number, Uint8Array>()
  yield* eachRow(count, (row) => {
    const bytes = edit(row)
    if (bytes !== undefined) edits.set(row, bytes)
  })
  if (edits.size === 0) return
  const { bytes, from, to } = column
  const parts: Uint8Array[] = []
  let at = 0
  for (let row = 0; row < count; row++) {
    const part = edits.get(row) ?? bytes.subarray(from[row] as number, to[row] as number)
    parts.push(part)
    column.set(row, at, at + part.length)
    at += part.length
  }
  column.bytes = Buffer.concat(parts)
}
