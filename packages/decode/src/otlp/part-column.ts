import { isUtf8Range } from '@vantage/bytes'
import type { ByteRanges } from '@vantage/model'
import { FieldCursor, nextField } from '../field-cursor.ts'
import type { AttributeCheck, CheckProblem } from './attribute-check.ts'
import { GatheredColumn } from './gathered-column.ts'

/** Fields of an event and of a link that are texts, attributes and ids. Source: opentelemetry-proto trace/v1. */
const FORMS = {
  event: { text: 0x12, attributes: 0x1a, traceId: -1, spanId: -1 },
  link: { text: 0x1a, attributes: 0x22, traceId: 0x0a, spanId: 0x12 },
} as const

/** The events or the links of spans. */
export class PartColumn extends GatheredColumn {
  readonly #form: (typeof FORMS)['event' | 'link']
  readonly #check: AttributeCheck
  readonly #part = new FieldCursor()
  /** Why the open span is refused; `malformed` where the request is. */
  problem: CheckProblem | 'invalid_id' | undefined

  constructor(column: ByteRanges, kind: keyof typeof FORMS, check: AttributeCheck) {
    super(column)
    this.#form = FORMS[kind]
    this.#check = check
  }

  override openRecord(): void {
    super.openRecord()
    this.problem = undefined
  }

  /** One field [fieldFrom, to) whose message begins at `from`. */
  add(fieldFrom: number, from: number, to: number): void {
    this.problem ??= this.#checkPart(from, to)
    this.gather(fieldFrom, to)
  }

  closeRecord(row: number): void {
    this.close(row)
  }

  #checkPart(from: number, to: number): CheckProblem | 'invalid_id' | undefined {
    const part = this.#part
    part.reset(this.body, from, to)
    while (nextField(part)) {
      if (part.tag === this.#form.text) {
        if (!isUtf8Range(part.bytes, part.from, part.to)) return 'invalid_utf8'
      } else if (part.tag === this.#form.attributes) {
        const problem = this.#check.pair(this.body, part.from, part.to)
        if (problem !== undefined) return problem
      } else if (part.tag === this.#form.traceId) {
        if (part.to - part.from !== 16) return 'invalid_id'
      } else if (part.tag === this.#form.spanId && part.to - part.from !== 8) return 'invalid_id'
    }
    return part.isBad ? 'malformed' : undefined
  }
}
