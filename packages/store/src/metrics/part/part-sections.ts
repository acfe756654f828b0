import { zstdDecompressSync } from 'node:zlib'
import { crc32c } from '@vantage/bytes'
import { decodeHistogram, FaultError, fault, type MetricMetadata, type OpenFile, readAllNow } from '@vantage/model'
import type { DeltaState } from '../head/delta-sums.ts'
import { ByteSource } from './byte-sink.ts'
import {
  type FileFormat,
  FOOTER_FIXED_BYTES,
  HEADER_BYTES,
  PART_FORMAT,
  SECTION,
  SECTION_BYTES_MAX,
  SECTION_ENTRY_BYTES,
  SECTIONS_MAX,
  TRAILER_BYTES,
} from './layout.ts'

export interface PartTotals {
  readonly seriesCount: number
  readonly sampleCount: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly fromOffset: number
  readonly toOffset: number
  readonly bytes: number
  /** CRC-32C of the footer, which holds the checksums of all else. */
  readonly checksum: number
}

interface Section {
  readonly kind: number
  readonly storedBytes: number
  readonly rawBytes: number
  readonly crc: number
  readonly offset: number
}

/** The fault of a part that cannot be believed. */
export function corrupt(path: string, what: string): FaultError {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return new FaultError(
    fault('internal', `part ${name}: ${what}; it is refused and nothing is read from it`, { reason: 'corrupt_part' }),
  )
}

/** Footer and sections of an open part file, each checked against its CRC-32C before a byte of it is used. */
export class PartSections {
  readonly totals: PartTotals
  readonly version: number
  readonly #file: OpenFile
  readonly #path: string
  readonly #sections: readonly Section[]

  /** @throws FaultError where the file is no whole part of a known version */
  constructor(file: OpenFile, path: string, format: FileFormat = PART_FORMAT) {
    this.#file = file
    this.#path = path
    const { version, footer, sections, bytes, checksum } = readFooter(file, path, format)
    this.version = version
    this.#sections = sections
    const seriesCount = footer.u32()
    footer.u32()
    this.totals = {
      seriesCount,
      sampleCount: footer.f64(),
      minTimeMs: footer.f64(),
      maxTimeMs: footer.f64(),
      fromOffset: footer.f64(),
      toOffset: footer.f64(),
      bytes,
      checksum,
    }
  }

  read(kind: number): ByteSource {
    const section = this.#sections.find((one) => one.kind === kind)
    if (section === undefined) throw corrupt(this.#path, `section ${kind} is missing`)
    const stored = new Uint8Array(section.storedBytes)
    const count = readAllNow(this.#file, stored, 0, stored.length, section.offset)
    if (count !== stored.length || crc32c(stored) !== section.crc) {
      throw corrupt(this.#path, `section ${kind}: checksum differs`)
    }
    const raw = zstdDecompressSync(stored, { chunkSize: Math.max(64, section.rawBytes) })
    if (raw.length !== section.rawBytes) throw corrupt(this.#path, `section ${kind}: length differs`)
    return new ByteSource(raw)
  }

  json(kind: number): unknown {
    return JSON.parse(Buffer.from(this.read(kind).bytes).toString('utf8'))
  }

  metadata(): MetricMetadata[] {
    return this.json(SECTION.metadata) as MetricMetadata[]
  }

  deltaSums(): DeltaState[] {
    const rows = this.json(SECTION.deltaSums) as [number, string | { histogram: string }, number[]][]
    return rows.map(([series, sum, ranges]) => {
      if (typeof sum === 'string') return { series, sum: Number(sum), ranges }
      return { series, sum: decodeHistogram(Buffer.from(sum.histogram, 'base64')), ranges }
    })
  }

  verify(): void {
    for (const section of this.#sections) this.read(section.kind)
  }
}

/** One column of `count` varints. */
export function readColumn(source: ByteSource, count: number): Int32Array {
  // Each number takes at least one byte: a count beyond the section is not ours.
  if (source.bytes.length - source.at < count) {
    source.isPast = true
    return new Int32Array(0)
  }
  const column = new Int32Array(count)
  for (let i = 0; i < count; i++) column[i] = source.varint()
  return column
}

function readFooter(
  file: OpenFile,
  path: string,
  format: FileFormat,
): {
  version: number
  footer: ByteSource
  sections: Section[]
  bytes: number
  checksum: number
} {
  const size = file.sizeBytes()
  if (size < HEADER_BYTES + TRAILER_BYTES) throw corrupt(path, `${size} bytes are too few`)
  const header = readRange(file, 0, HEADER_BYTES, path)
  const trailer = readRange(file, size - TRAILER_BYTES, TRAILER_BYTES, path)
  if (header.u32() !== format.magic) throw corrupt(path, 'not a file of this kind')
  const version = header.u32()
  const headerRest = [header.u32(), header.u32()]
  const footerOffset = trailer.f64()
  const footerBytes = trailer.u32()
  const crc = trailer.u32()
  const trailerVersion = trailer.u32()
  if (trailer.u32() !== format.magic) throw corrupt(path, 'it ends early')
  if (version < 1 || version > format.versionMax) {
    throw corrupt(path, `version ${version}: want at most ${format.versionMax}`)
  }
  if (trailerVersion !== version) throw corrupt(path, 'header and trailer differ')
  if (headerRest[0] !== 0 || headerRest[1] !== 0) throw corrupt(path, 'header differs')
  if (footerOffset + footerBytes + TRAILER_BYTES !== size) throw corrupt(path, 'footer is not where it should be')
  const footer = readRange(file, footerOffset, footerBytes, path)
  if (crc32c(footer.bytes) !== crc) throw corrupt(path, 'footer: checksum differs')
  footer.at = FOOTER_FIXED_BYTES - 8
  const count = footer.u32()
  footer.u32()
  if (count > SECTIONS_MAX || footerBytes !== FOOTER_FIXED_BYTES + count * SECTION_ENTRY_BYTES) {
    throw corrupt(path, 'footer: length differs')
  }
  const sections: Section[] = []
  for (let i = 0; i < count; i++) {
    const kind = footer.u32()
    const storedBytes = footer.u32()
    const rawBytes = footer.u32()
    const sectionCrc = footer.u32()
    const offset = footer.f64()
    if (storedBytes > size || rawBytes > SECTION_BYTES_MAX) throw corrupt(path, `section ${kind} is too large`)
    sections.push({ kind, storedBytes, rawBytes, crc: sectionCrc, offset })
  }
  footer.at = 0
  return { version, footer, sections, bytes: size, checksum: crc }
}

function readRange(file: OpenFile, offset: number, length: number, path: string): ByteSource {
  const bytes = new Uint8Array(length)
  if (readAllNow(file, bytes, 0, length, offset) !== length) throw corrupt(path, 'it ends early')
  return new ByteSource(bytes)
}
