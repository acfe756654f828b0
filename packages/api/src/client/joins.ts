import { arrayAt, isRecord, type Json, labelsOf, numberAt, optionalTextAt, recordAt, textAt } from './json.ts'

/** A deploy or another change. */
export interface ChangeEvent {
  readonly timeMs: number
  readonly kind: string
  readonly service: string
  readonly title: string
  /** `version`, `previous_version`, `source`, … where it has them. */
  readonly fields: Readonly<Record<string, string>>
}

/** An attribute that more of the selection has than of the others, or fewer. */
export interface DifferenceRow {
  readonly attribute: string
  /** The value, or `from … to` of numbers. */
  readonly value: string
  /** Of 1. */
  readonly selectedShare: number
  readonly baselineShare: number
}

export function readEvents(body: Json): ChangeEvent[] {
  return arrayAt(body, 'events')
    .filter(isRecord)
    .map((event) => ({
      timeMs: Number(textAt(event, 'time')) / 1e6,
      kind: textAt(event, 'kind'),
      service: textAt(event, 'service'),
      title: textAt(event, 'title'),
      fields: labelsOf(event['fields']),
    }))
}

export function readDifference(body: Json): DifferenceRow[] {
  return arrayAt(body, 'differences')
    .filter(isRecord)
    .map((row) => ({
      attribute: textAt(row, 'attribute'),
      value: optionalTextAt(row, 'value') ?? valueText(row),
      selectedShare: numberAt(recordAt(row, 'selection'), 'share'),
      baselineShare: numberAt(recordAt(row, 'baseline'), 'share'),
    }))
}

function valueText(row: Json): string {
  if (row['value'] !== undefined) return String(row['value'])
  return row['from'] === undefined ? '' : `${row['from']} … ${row['to']}`
}
