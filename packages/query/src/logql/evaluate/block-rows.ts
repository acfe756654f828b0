import {
  BODY_KIND,
  type ByteRanges,
  decodeAttributes,
  decodeValue,
  hexText,
  isZero,
  type LogBlock,
  type LogColumns,
  lokiName,
  type Origin,
  originMetadata,
  pairs,
  type RowLook,
  valueText,
} from '@vantage/model'
import type { Row } from '../stages/row.ts'
import { LEVEL_NAMES, levelOfLine, levelOfNumber, levelOfText } from './level.ts'

const DETECTED_LEVEL = 'detected_level'

/** Origins and names of attributes that are remembered. */
const ORIGINS_MAX = 10_000

/** Tags of protobuf: KeyValue.key, KeyValue.value, AnyValue.string_value. Source: opentelemetry-proto common/v1. */
const KEY_TAG = 0x0a
const VALUE_TAG = 0x12
const TEXT_TAG = 0x0a

/** More names than this are not looked for one by one. */
const NEEDLES_MAX = 4

const encoder = new TextEncoder()

/**
 * What of rows is looked at for these labels.
 * @param skipsLines nobody else looks at lines
 */
export function lookOf(wanted: ReadonlySet<string>, skipsLines: boolean, detectsLevels: boolean): RowLook {
  const seeksLevel = detectsLevels && wanted.has(DETECTED_LEVEL)
  return {
    line: !skipsLines ? 'always' : seeksLevel ? 'unless-severe' : 'never',
    severityText: wanted.has('severity_text') ? 'always' : seeksLevel ? 'unless-severe' : 'never',
    ids: wanted.has('trace_id') || wanted.has('span_id'),
    others: ['observed_timestamp', 'flags', 'event_name'].some((name) => wanted.has(name)),
    attributes: [...wanted, ...(seeksLevel ? LEVEL_NAMES : [])],
  }
}

/** Names that rows get beyond their attributes. */
type Wanted = ReadonlySet<string> | undefined

/**
 * Turns rows of blocks into a `Row`: the line, the labels of the stream, the metadata.
 * One belongs to one query.
 */
export class BlockRows {
  readonly #wanted: Wanted
  readonly #detectsLevels: boolean
  readonly #skipsLines: boolean
  /** Attributes without any of these hold nothing that is wanted; undefined = they must be read. */
  readonly #needles: readonly Uint8Array[] | undefined
  readonly #metadata = new Map<Origin, readonly [string, string][]>()
  /** Views of the columns' bytes; strings come from them without a copy, from shared memory too. */
  readonly #bodies = new Text()
  readonly #severityTexts = new Text()
  readonly #eventNames = new Text()
  readonly #attributes = new Text()
  readonly #names = new MetadataNames()

  /**
   * @param wanted metadata that somebody asks for; undefined = all
   * @param detectsLevels adds `detected_level` to rows that came without
   * @param skipsLines nobody looks at lines: they stay ''
   */
  constructor(wanted: Wanted, detectsLevels: boolean, skipsLines = false) {
    this.#detectsLevels = detectsLevels && isWanted(wanted, DETECTED_LEVEL)
    this.#skipsLines = skipsLines
    this.#needles = wanted === undefined || wanted.size > NEEDLES_MAX ? undefined : [...wanted].map(needleOf)
    this.#wanted = wanted !== undefined && this.#detectsLevels ? new Set([...wanted, ...LEVEL_NAMES]) : wanted
  }

  /** True where the labels that are wanted follow from origin and severity: no attribute of the row can change them. */
  isPlain(columns: LogColumns, at: number): boolean {
    return !this.#mayHold(columns, at)
  }

  /** True where no row of the columns has an attribute, so that `isLevelTold` says whether a row is plain. */
  areBare({ attributes }: LogColumns): boolean {
    return attributes.bytes.length === 0 && this.#needles !== undefined
  }

  /** True promises that `isLevelTold` is true for every row of the columns. */
  areLevelsTold({ severities }: LogColumns): boolean {
    return !this.#detectsLevels || !severities.includes(0)
  }

  /** False where the level of the row is to be looked for in its labels and its line. */
  isLevelTold({ severities }: LogColumns, at: number): boolean {
    return !this.#detectsLevels || severities[at] !== 0
  }

  /** Starts the row at place `at` of the block's columns: time, line and labels of the stream. */
  start(row: Row, block: LogBlock, at: number): void {
    const { columns } = block
    row.reset(block.streams[columns.origins[at] as number] as readonly string[])
    row.timeNs = columns.times[at] as bigint
    row.line = this.#skipsLines ? '' : this.#line(columns, at)
  }

  /** Adds the metadata; apart from `start`, because filters on lines turn most rows away before. */
  addMetadata(row: Row, block: LogBlock, at: number): void {
    if (this.#wanted?.size === 0) return
    const { columns } = block
    this.#addAttributes(row, columns, at, block.origins[columns.origins[at] as number] as Origin)
    if (this.#detectsLevels) this.#addLevel(row, columns, at)
  }

  #line(columns: LogColumns, at: number): string {
    const kind = columns.bodyKinds[at]
    if (kind === BODY_KIND.none) return ''
    const { bodies } = columns
    if (kind === BODY_KIND.text) return this.#bodies.at(bodies, at)
    return valueText(decodeValue(bodies.bytes, bodies.from[at] as number, bodies.to[at] as number))
  }

  #addAttributes(row: Row, columns: LogColumns, at: number, origin: Origin): void {
    for (const [name, value] of this.#ofOrigin(origin)) {
      if (isWanted(this.#wanted, name)) row.addMetadata(name, value)
    }
    const { attributes } = columns
    const from = attributes.from[at] as number
    const to = attributes.to[at] as number
    const isRead = to > from && this.#mayHold(columns, at)
    if (isRead && !this.#addTexts(row, attributes, from, to)) {
      for (const [name, value] of pairs(decodeAttributes(attributes.bytes, from, to), lokiName)) {
        if (isWanted(this.#wanted, name)) row.addMetadata(name, value)
      }
    }
    this.#addFields(row, columns, at, origin.kind === 'resource')
  }

  /** False where attributes cannot hold what is wanted. Labels that tell a level are looked for where no severity does. */
  #mayHold({ attributes, severities }: LogColumns, at: number): boolean {
    const needles = this.#needles
    if (needles === undefined || (this.#detectsLevels && severities[at] === 0)) return true
    const from = attributes.from[at] as number
    const to = attributes.to[at] as number
    for (let i = 0; i < needles.length; i++)
      if (holds(attributes.bytes, from, to, needles[i] as Uint8Array)) return true
    return false
  }

  /**
   * Fast path: attributes that are texts of less than 128 bytes, so that each length is one byte.
   * @returns false where another one is met; those before it have been added, adding them again changes nothing
   */
  #addTexts(row: Row, { bytes }: ByteRanges, from: number, to: number): boolean {
    const text = this.#attributes
    text.use(bytes)
    let at = from
    while (at < to) {
      const keyLength = bytes[at + 3] as number
      const valueAt = at + 4 + keyLength
      const textLength = bytes[valueAt + 3] as number
      const end = valueAt + 4 + textLength
      const isText =
        end <= to &&
        keyLength < 0x80 &&
        textLength < 0x80 &&
        bytes[at + 1] === end - at - 2 &&
        bytes[at + 2] === KEY_TAG &&
        bytes[valueAt] === VALUE_TAG &&
        bytes[valueAt + 1] === textLength + 2 &&
        bytes[valueAt + 2] === TEXT_TAG
      if (!isText) return false
      const name = this.#names.of(text.slice(at + 4, valueAt))
      if (isWanted(this.#wanted, name)) row.addMetadata(name, text.slice(valueAt + 4, end))
      at = end
    }
    return true
  }

  #ofOrigin(origin: Origin): readonly [string, string][] {
    const known = this.#metadata.get(origin)
    if (known !== undefined) return known
    if (this.#metadata.size >= ORIGINS_MAX) this.#metadata.clear()
    const made = originMetadata(origin)
    this.#metadata.set(origin, made)
    return made
  }

  /**
   * Fields of a record that are no attributes, as Loki names them.
   * @param isRecord false for lines pushed to a stream: their severity was found in them, it is their level alone
   */
  #addFields(row: Row, columns: LogColumns, at: number, isRecord: boolean): void {
    const wanted = this.#wanted
    if (isRecord) this.#addSeverity(row, columns, at)
    if (isWanted(wanted, 'trace_id') && !isZero(columns.traceIds, at * 16, at * 16 + 16)) {
      row.addMetadata('trace_id', hexText(columns.traceIds, at * 16, at * 16 + 16))
    }
    if (isWanted(wanted, 'span_id') && !isZero(columns.spanIds, at * 8, at * 8 + 8)) {
      row.addMetadata('span_id', hexText(columns.spanIds, at * 8, at * 8 + 8))
    }
    const observed = columns.observedTimes[at] as bigint
    if (observed !== 0n && isWanted(wanted, 'observed_timestamp')) {
      row.addMetadata('observed_timestamp', String(observed))
    }
    const flags = columns.flags[at] as number
    if (flags !== 0 && isWanted(wanted, 'flags')) row.addMetadata('flags', String(flags))
    if (!isWanted(wanted, 'event_name')) return
    const eventName = this.#eventNames.at(columns.eventNames, at)
    if (eventName !== '') row.addMetadata('event_name', eventName)
  }

  #addSeverity(row: Row, columns: LogColumns, at: number): void {
    const severity = columns.severities[at] as number
    if (severity !== 0 && isWanted(this.#wanted, 'severity_number')) {
      row.addMetadata('severity_number', String(severity))
    }
    if (!isWanted(this.#wanted, 'severity_text')) return
    const text = this.#severityTexts.at(columns.severityTexts, at)
    if (text !== '') row.addMetadata('severity_text', text)
  }

  /** From what the sender said, else from the line. */
  #addLevel(row: Row, columns: LogColumns, at: number): void {
    if (row.get(DETECTED_LEVEL) !== undefined) return
    const text = this.#severityTexts.at(columns.severityTexts, at)
    const level =
      levelOfNumber(columns.severities[at] as number) ??
      levelOfText(text) ??
      labelLevel(row) ??
      levelOfLine(this.#skipsLines ? this.#line(columns, at) : row.line)
    row.addMetadata(DETECTED_LEVEL, level)
  }
}

function isWanted(wanted: Wanted, name: string): boolean {
  return wanted === undefined || wanted.has(name)
}

/**
 * Text that stands in the key of every attribute of this name: keys may have any characters where names have underscores,
 * and maps are joined by them.
 */
function needleOf(name: string): Uint8Array {
  const parts = name.split('_')
  return encoder.encode(parts.reduce((longest, part) => (part.length > longest.length ? part : longest)))
}

function holds(bytes: Uint8Array, from: number, to: number, needle: Uint8Array): boolean {
  const first = needle[0]
  if (first === undefined) return true
  for (let at = from; at <= to - needle.length; at++) {
    if (bytes[at] !== first) continue
    let length = 1
    while (length < needle.length && bytes[at + length] === needle[length]) length++
    if (length === needle.length) return true
  }
  return false
}

function labelLevel(row: Row): string | undefined {
  for (let i = 0; i < row.count; i++) {
    if (LEVEL_NAMES.has(row.names[i] as string)) return levelOfText(row.values[i] as string)
  }
  return undefined
}

/** Names of metadata by the keys of attributes, each worked out once. */
class MetadataNames {
  readonly #names = new Map<string, string>()

  of(key: string): string {
    const known = this.#names.get(key)
    if (known !== undefined) return known
    if (this.#names.size >= ORIGINS_MAX) this.#names.clear()
    const name = lokiName(key)
    this.#names.set(key, name)
    return name
  }
}

/** Strings out of a column. Buffer reads shared memory, which TextDecoder refuses. */
class Text {
  #bytes: Uint8Array | undefined
  #buffer: Buffer = Buffer.alloc(0)

  use(bytes: Uint8Array): void {
    if (bytes === this.#bytes) return
    this.#bytes = bytes
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Of the bytes that are used. */
  slice(from: number, to: number): string {
    return this.#buffer.toString('utf8', from, to)
  }

  at(ranges: ByteRanges, row: number): string {
    const from = ranges.from[row] as number
    const to = ranges.to[row] as number
    if (from >= to) return ''
    this.use(ranges.bytes)
    return this.slice(from, to)
  }
}
