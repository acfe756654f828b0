import { ProtobufWriter } from '@vantage/bytes'
import { seededRandom } from '@vantage/model/testing'
import type { EncodedRow, RowGroup } from './record-template.ts'
import { RecordTemplate, type RowPlaces } from './record-template.ts'

/**
 * `wide` rows are what intake and queries are measured with: 8 attributes of the row, 8 of the resource, texts rich in
 * random ids. `flat` rows are those whose bytes are compared with flat JSON: 6 attributes, shorter texts.
 */
export type RowForm = 'wide' | 'flat'

export const ROWS_PER_REQUEST = 1_000
const GROUPS_PER_REQUEST = 4
const SERVICES = 20
const SEED = 20_261_121

export interface MadeRow {
  readonly encoded: EncodedRow
  /** Of the row as one line of flat JSON. */
  readonly jsonBytes: number
}

/** Makes the rows of one signal; each call is the next row. */
export interface RowMaker {
  readonly form: RowForm
  readonly places: RowPlaces
  readonly random: RowRandom
  next(service: string): MadeRow
}

export interface RecordShape {
  /** Of `ROWS_PER_REQUEST` rows each. */
  readonly templates: readonly RecordTemplate[]
  readonly jsonBytesPerRow: number
  readonly wireBytesPerRow: number
}

export function recordShape(maker: RowMaker, requests: number): RecordShape {
  let jsonBytes = 0
  const templates = Array.from({ length: requests }, () => {
    const groups = Array.from({ length: GROUPS_PER_REQUEST }, () => {
      const service = maker.random.below(SERVICES)
      const rows = Array.from({ length: ROWS_PER_REQUEST / GROUPS_PER_REQUEST }, () => maker.next(serviceName(service)))
      jsonBytes += rows.reduce((sum, row) => sum + row.jsonBytes, 0)
      return groupOf(service, maker.form, rows)
    })
    return new RecordTemplate(groups, maker.places, maker.random.next)
  })
  const rows = requests * ROWS_PER_REQUEST
  const wireBytes = templates.reduce((sum, { body }) => sum + body.length, 0)
  return { templates, jsonBytesPerRow: jsonBytes / rows, wireBytesPerRow: wireBytes / rows }
}

/** Rows of one service with its resource and scope. */
export function groupOf(service: number, form: RowForm, rows: readonly MadeRow[]): RowGroup {
  const resource = new ProtobufWriter()
  const mark = resource.open(0x0a)
  const attributes: [string, string][] = [
    ['service.name', serviceName(service)],
    ['host.name', `host-${service % 7}`],
    ['service.version', `1.2.${service % 3}`],
    ['k8s.pod.name', `${serviceName(service)}-${(0x3c6ef372 + service * 0x1f123bb5).toString(16)}`],
    ['k8s.namespace.name', 'prod'],
    ['cloud.region', 'eu-1'],
    ['telemetry.sdk.language', 'nodejs'],
    ['deployment.environment', 'prod'],
  ]
  for (const [key, value] of attributes.slice(0, form === 'wide' ? 8 : 2)) putAttribute(resource, 0x0a, key, value)
  resource.close(mark)
  const scope = new ProtobufWriter()
  const scopeMark = scope.open(0x0a)
  scope.text(0x0a, 'shop')
  scope.close(scopeMark)
  return { resource: resource.finish(), scope: scope.finish(), rows: rows.map(({ encoded }) => encoded) }
}

function serviceName(service: number): string {
  return `service-${service}`
}

/** An attribute of any type that JSON knows: whole numbers are ints, others doubles. */
export function putAttribute(out: ProtobufWriter, tag: number, key: string, value: string | number): void {
  const mark = out.open(tag)
  out.text(0x0a, key)
  const any = out.open(0x12)
  if (typeof value === 'string') out.text(0x0a, value)
  else if (Number.isInteger(value)) out.varint(0x18, value)
  else out.double(0x21, value)
  out.close(any)
  out.close(mark)
}

/** The words of rows, all from one seed. */
export class RowRandom {
  readonly next = seededRandom(SEED)

  /** 0 … limit − 1. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  hex(digits: number): string {
    let text = ''
    while (text.length < digits)
      text += Math.floor(this.next() * 2 ** 32)
        .toString(16)
        .padStart(8, '0')
    return text.slice(0, digits)
  }

  id(bytes: number): Buffer {
    return Buffer.from(this.hex(bytes * 2), 'hex')
  }
}
