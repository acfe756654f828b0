import {
  type AnyValue,
  type Attribute,
  type Attributes,
  BODY_KIND,
  decodeAttributes,
  decodeEvents,
  decodeLinks,
  decodeValue,
  encodeAttributes,
  encodeEvents,
  encodeLinks,
  encodeValue,
} from '@vantage/model'
import type { EarlyProcessor, MaskKind } from './processor.ts'
import { type BatchRows, eachRow, type RowWork, rewriteColumn, textAt } from './rows.ts'

const MASK = '[masked]'

/** Bounded in every part, so that no text takes more than a linear time. */
const CARD = /(?<![\w.])\d(?:[ -]?\d){12,18}(?!\w|\.\d)/g
const EMAIL = /(?<![\w.%+-])[\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g
/** Bearer tokens, JSON web tokens, keys of AWS, of GitHub and of Slack. */
const TOKEN =
  /\bbearer +[\w.~+/-]{8,4096}=*|\beyJ[\w-]{8,4096}\.[\w-]{4,8192}\.[\w-]{0,4096}|\bA(?:KIA|SIA)[0-9A-Z]{16}\b|\bgh[pousr]_\w{36,255}|\bxox[abprs]-[\w-]{10,255}/gi

const MASKS: Readonly<Record<MaskKind, (text: string) => string>> = {
  card: (text) => text.replace(CARD, (found) => (isCard(found) ? MASK : found)),
  email: (text) => text.replace(EMAIL, MASK),
  token: (text) => text.replace(TOKEN, MASK),
}

/** The check digit of card numbers. Source: ISO/IEC 7812-1, annex B. */
function isCard(text: string): boolean {
  const digits = text.replace(/[ -]/g, '')
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i])
    const doubled = i % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

type MaskProcessor = Extract<EarlyProcessor, { kind: 'mask' }>

/** Masks texts of the selected rows: lines, names, messages, attributes of every kind. @returns how many rows were changed */
export function* maskRows(rows: BatchRows, processor: MaskProcessor): RowWork<number> {
  const changed = new Set<number>()
  const selected = new Set<number>()
  yield* eachRow(rows.count, (row) => {
    if (rows.isSelected(row, processor.where)) selected.add(row)
  })
  if (selected.size === 0) return 0
  const { columns } = rows.batch
  const rewrite = (column: typeof columns.attributes, edit: (row: number) => Uint8Array | undefined) =>
    rewriteColumn(column, rows.count, (row) => {
      if (!selected.has(row) || column.from[row] === column.to[row]) return undefined
      const bytes = edit(row)
      if (bytes !== undefined) changed.add(row)
      return bytes
    })
  const texts = (column: typeof columns.attributes) =>
    rewrite(column, (row) => {
      const text = textAt(column, row)
      const masked = maskText(text, processor)
      return masked === text ? undefined : Buffer.from(masked)
    })
  yield* rewrite(columns.attributes, (row) => maskedAttributes(columns.attributes, row, processor))
  if ('bodies' in columns) {
    yield* rewrite(columns.bodies, (row) => maskedBody(rows, row, processor))
    return changed.size
  }
  yield* texts(columns.names)
  yield* texts(columns.statusMessages)
  yield* rewrite(columns.events, (row) => {
    const { bytes, from, to } = columns.events
    const events = decodeEvents(bytes, from[row] as number, to[row] as number)
    const masked = events.map((event) => {
      const attributes = maskAttributes(event.attributes, processor) ?? event.attributes
      return { ...event, name: maskText(event.name, processor), attributes }
    })
    const isSame = masked.every((one, i) => one.name === events[i]?.name && one.attributes === events[i]?.attributes)
    return isSame ? undefined : encodeEvents(masked)
  })
  yield* rewrite(columns.links, (row) => {
    const { bytes, from, to } = columns.links
    const links = decodeLinks(bytes, from[row] as number, to[row] as number)
    const masked = links.map((link) => ({ ...link, attributes: maskAttributes(link.attributes, processor) }))
    if (masked.every(({ attributes }) => attributes === undefined)) return undefined
    return encodeLinks(links.map((link, i) => ({ ...link, attributes: masked[i]?.attributes ?? link.attributes })))
  })
  return changed.size
}

function maskedAttributes(
  { bytes, from, to }: BatchRows['batch']['columns']['attributes'],
  row: number,
  processor: MaskProcessor,
): Uint8Array | undefined {
  const masked = maskAttributes(decodeAttributes(bytes, from[row] as number, to[row] as number), processor)
  return masked === undefined ? undefined : encodeAttributes(masked)
}

function maskedBody({ batch }: BatchRows, row: number, processor: MaskProcessor): Uint8Array | undefined {
  const { columns } = batch
  if (!('bodies' in columns)) return undefined
  if (columns.bodyKinds[row] === BODY_KIND.text) {
    const text = textAt(columns.bodies, row)
    const masked = maskText(text, processor)
    return masked === text ? undefined : Buffer.from(masked)
  }
  const { bytes, from, to } = columns.bodies
  const value = decodeValue(bytes, from[row] as number, to[row] as number)
  const masked = maskValue(value, processor)
  return masked === undefined ? undefined : encodeValue(masked)
}

function maskText(text: string, { what, patterns }: MaskProcessor): string {
  let masked = text
  for (const kind of what) masked = MASKS[kind](masked)
  for (const pattern of patterns) masked = pattern.replaceAllLiteral(masked, MASK)
  return masked
}

/** @returns undefined where nothing is masked */
function maskAttributes(attributes: Attributes, processor: MaskProcessor): Attribute[] | undefined {
  let isChanged = false
  const masked = attributes.map((one): Attribute => {
    const value = processor.fields.has(one.key)
      ? ({ kind: 'string', value: MASK } as const)
      : maskValue(one.value, processor)
    if (value === undefined) return one
    isChanged = true
    return { key: one.key, value }
  })
  return isChanged ? masked : undefined
}

/** @returns undefined where nothing is masked */
function maskValue(value: AnyValue, processor: MaskProcessor): AnyValue | undefined {
  if (value.kind === 'string') {
    const text = maskText(value.value, processor)
    return text === value.value ? undefined : { kind: 'string', value: text }
  }
  if (value.kind === 'map') {
    const entries = maskAttributes(value.entries, processor)
    return entries === undefined ? undefined : { kind: 'map', entries }
  }
  // A card number may be sent as a number.
  if (value.kind === 'int') return maskValue({ kind: 'string', value: String(value.value) }, processor)
  if (value.kind !== 'array') return undefined
  const values = value.values.map((one) => maskValue(one, processor))
  if (values.every((one) => one === undefined)) return undefined
  return { kind: 'array', values: value.values.map((one, i) => values[i] ?? one) }
}
