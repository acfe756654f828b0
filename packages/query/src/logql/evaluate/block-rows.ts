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
  valueText,
} from '@vantage/model'
import type { Row } from '../stages/row.ts'
import { LEVEL_NAMES, LevelFinder, levelOfNumber, levelOfText } from './level.ts'

const DETECTED_LEVEL = 'detected_level'

/** Origins whose metadata is remembered. */
const ORIGINS_MAX = 10_000

/** Names that rows get beyond their attributes. */
type Wanted = ReadonlySet<string> | undefined

/**
 * Turns rows of blocks into a `Row`: the line, the labels of the stream, the metadata.
 * One belongs to one query.
 */
export class BlockRows {
  readonly #wanted: Wanted
  readonly #detectsLevels: boolean
  readonly #levels = new LevelFinder()
  readonly #metadata = new Map<Origin, readonly [string, string][]>()
  /** Views of the columns' bytes; strings come from them without a copy, from shared memory too. */
  readonly #bodies = new Text()
  readonly #severityTexts = new Text()

  /**
   * @param wanted metadata that somebody asks for; undefined = all
   * @param detectsLevels adds `detected_level` to rows that came without
   */
  constructor(wanted: Wanted, detectsLevels: boolean) {
    this.#detectsLevels = detectsLevels && isWanted(wanted, DETECTED_LEVEL)
    this.#wanted = wanted !== undefined && this.#detectsLevels ? new Set([...wanted, ...LEVEL_NAMES]) : wanted
  }

  /** Fills the row from place `at` of the block's columns. */
  fill(row: Row, block: LogBlock, at: number): void {
    const { columns } = block
    const origin = columns.origins[at] as number
    row.reset(block.streams[origin] as readonly string[])
    row.timeNs = columns.times[at] as bigint
    row.line = this.#line(columns, at)
    if (this.#wanted?.size === 0) return
    this.#addMetadata(row, columns, at, block.origins[origin] as Origin)
    if (this.#detectsLevels) this.#addLevel(row, columns, at)
  }

  #line(columns: LogColumns, at: number): string {
    const kind = columns.bodyKinds[at]
    if (kind === BODY_KIND.none) return ''
    const { bodies } = columns
    if (kind === BODY_KIND.text) return this.#bodies.at(bodies, at)
    return valueText(decodeValue(bodies.bytes, bodies.from[at] as number, bodies.to[at] as number))
  }

  #addMetadata(row: Row, columns: LogColumns, at: number, origin: Origin): void {
    const wanted = this.#wanted
    for (const [name, value] of this.#ofOrigin(origin)) if (isWanted(wanted, name)) row.addMetadata(name, value)
    const { bytes, from, to } = columns.attributes
    const [start, end] = [from[at] as number, to[at] as number]
    if (end > start) {
      for (const [name, value] of pairs(decodeAttributes(bytes, start, end), lokiName)) {
        if (isWanted(wanted, name)) row.addMetadata(name, value)
      }
    }
    this.#addFields(row, columns, at)
  }

  #ofOrigin(origin: Origin): readonly [string, string][] {
    const known = this.#metadata.get(origin)
    if (known !== undefined) return known
    if (this.#metadata.size >= ORIGINS_MAX) this.#metadata.clear()
    const made = originMetadata(origin)
    this.#metadata.set(origin, made)
    return made
  }

  /** Fields of a record that are no attributes, as Loki names them. */
  #addFields(row: Row, columns: LogColumns, at: number): void {
    const wanted = this.#wanted
    const severity = columns.severities[at] as number
    if (severity !== 0 && isWanted(wanted, 'severity_number')) row.addMetadata('severity_number', String(severity))
    if (isWanted(wanted, 'severity_text')) {
      const text = this.#severityTexts.at(columns.severityTexts, at)
      if (text !== '') row.addMetadata('severity_text', text)
    }
    if (isWanted(wanted, 'trace_id') && !isZero(columns.traceIds, at * 16, at * 16 + 16)) {
      row.addMetadata('trace_id', hexText(columns.traceIds, at * 16, at * 16 + 16))
    }
    if (isWanted(wanted, 'span_id') && !isZero(columns.spanIds, at * 8, at * 8 + 8)) {
      row.addMetadata('span_id', hexText(columns.spanIds, at * 8, at * 8 + 8))
    }
    const observed = columns.observedTimes[at] as bigint
    if (observed !== 0n && isWanted(wanted, 'observed_timestamp'))
      row.addMetadata('observed_timestamp', String(observed))
    const flags = columns.flags[at] as number
    if (flags !== 0 && isWanted(wanted, 'flags')) row.addMetadata('flags', String(flags))
  }

  /** From what the sender said, else from the line. */
  #addLevel(row: Row, columns: LogColumns, at: number): void {
    if (row.get(DETECTED_LEVEL) !== undefined) return
    const text = this.#severityTexts.at(columns.severityTexts, at)
    const level =
      levelOfNumber(columns.severities[at] as number) ??
      levelOfText(text) ??
      labelLevel(row) ??
      this.#levels.find(row.line)
    row.addMetadata(DETECTED_LEVEL, level)
  }
}

function isWanted(wanted: Wanted, name: string): boolean {
  return wanted === undefined || wanted.has(name)
}

function labelLevel(row: Row): string | undefined {
  for (let i = 0; i < row.count; i++) {
    if (LEVEL_NAMES.has(row.names[i] as string)) return levelOfText(row.values[i] as string)
  }
  return undefined
}

/** Strings out of a column. Buffer reads shared memory, which TextDecoder refuses. */
class Text {
  #bytes: Uint8Array | undefined
  #buffer: Buffer = Buffer.alloc(0)

  at(ranges: ByteRanges, row: number): string {
    const from = ranges.from[row] as number
    const to = ranges.to[row] as number
    if (from >= to) return ''
    const { bytes } = ranges
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    return this.#buffer.toString('utf8', from, to)
  }
}
