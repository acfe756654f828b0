import { type FileSystem, type OpenFile, readAllNow, type Topic } from '@vantage/model'
import { decodeHeader, HEADER_BYTES, SEGMENT_VERSION, type SegmentHeader } from './format.ts'
import { INDEX_STEP_BYTES } from './limits.ts'
import { SegmentScanner } from './scanner.ts'

const NAME_PATTERN = /^\d{20}\.log$/

/** One file of a topic. */
export interface Segment {
  readonly path: string
  readonly firstOffset: number
  readonly salt: number
  readonly createdAtMs: number
  /** Bytes that are written; readers never look beyond. */
  sizeBytes: number
  /** Sparse: record `indexOffsets[i]` begins at `indexPositions[i]`. Only for segments seen record by record. */
  readonly indexOffsets: number[]
  readonly indexPositions: number[]
}

/** The log cannot be used as it is; the process must not start (exit code 3). */
export class LogOpenError extends Error {
  readonly reason: 'newer_format' | 'locked'
  constructor(reason: 'newer_format' | 'locked', message: string) {
    super(message)
    this.name = 'LogOpenError'
    this.reason = reason
  }
}

export interface OpenedTopic {
  readonly segments: Segment[]
  readonly nextOffset: number
  readonly corruptions: number
  readonly warnings: readonly string[]
}

export function segmentName(firstOffset: number): string {
  return `${String(firstOffset).padStart(20, '0')}.log`
}

export function newSegment(path: string, firstOffset: number, salt: number, createdAtMs: number): Segment {
  return { path, firstOffset, salt, createdAtMs, sizeBytes: 0, indexOffsets: [], indexPositions: [] }
}

/** Remembers a record's place, one each INDEX_STEP_BYTES. */
export function indexRecord(segment: Segment, offset: number, position: number): void {
  const last = segment.indexPositions.at(-1)
  if (last !== undefined && position - last < INDEX_STEP_BYTES) return
  segment.indexOffsets.push(offset)
  segment.indexPositions.push(position)
}

/** A place at or before record `offset`, from which a reader may start. */
export function positionBefore(segment: Segment, offset: number): number {
  let low = 0
  let high = segment.indexOffsets.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((segment.indexOffsets[middle] as number) <= offset) low = middle + 1
    else high = middle
  }
  return low === 0 ? HEADER_BYTES : (segment.indexPositions[low - 1] as number)
}

/** Keeps a copy of a damaged file beside it, once. */
export function quarantine(files: FileSystem, path: string): void {
  const copy = `${path}.quarantined`
  if (files.exists(copy)) return
  const from = files.open(path, 'read')
  const to = files.open(copy, 'create')
  const buffer = new Uint8Array(1024 * 1024)
  const sizeBytes = from.sizeBytes()
  for (let at = 0; at < sizeBytes; ) {
    const count = readAllNow(from, buffer, 0, Math.min(buffer.length, sizeBytes - at), at)
    if (count === 0) break
    let done = 0
    while (done < count) done += to.writeNow(buffer, done, count - done, at + done)
    at += count
  }
  from.close()
  to.close()
}

/**
 * Finds the segments of a topic and makes its end good: what follows the last whole record of the last segment is
 * cut off, because only an interrupted write leaves that. Earlier segments are checked when they are read.
 */
export async function openTopic(files: FileSystem, directory: string, topic: Topic): Promise<OpenedTopic> {
  files.makeDirectory(directory)
  const names = files.list(directory).filter((name) => NAME_PATTERN.test(name))
  const segments: Segment[] = []
  const warnings: string[] = []
  let corruptions = 0
  let nextOffset = 0
  for (const name of names) {
    const path = `${directory}/${name}`
    const firstOffset = Number(name.slice(0, 20))
    nextOffset = Math.max(nextOffset, firstOffset)
    const segment = openSegment(files, path, topic, firstOffset)
    if (segment !== undefined) segments.push(segment)
    else if (files.exists(path)) {
      files.rename(path, `${path}.quarantined`)
      corruptions++
      warnings.push(`log ${topic}/${name}: header unreadable; the file is kept as ${name}.quarantined`)
    }
  }
  const last = segments.at(-1)
  if (last !== undefined) {
    const end = await mendEnd(files, last)
    nextOffset = Math.max(nextOffset, end.nextOffset)
    corruptions += end.badCount
    if (end.badCount > 0) warnings.push(corruptionWarning(topic, segmentName(last.firstOffset), end.badCount))
  }
  // A process that was killed may have left names that only the page cache knows: records appended to such a file
  // would be lost with its name.
  await files.syncDirectory(directory)
  return { segments, nextOffset, corruptions, warnings }
}

/** @returns undefined where the header is unreadable; a file that never got a whole header is removed */
function openSegment(files: FileSystem, path: string, topic: Topic, firstOffset: number): Segment | undefined {
  const file = files.open(path, 'read')
  try {
    const sizeBytes = file.sizeBytes()
    const header = readHeader(file, topic, firstOffset)
    if (header === undefined) {
      // The header is synced before the first record is written: so short a file holds nothing.
      if (sizeBytes <= HEADER_BYTES) files.removeNow(path)
      return undefined
    }
    const segment = newSegment(path, firstOffset, header.salt, header.createdAtMs)
    segment.sizeBytes = sizeBytes
    return segment
  } finally {
    file.close()
  }
}

export function corruptionWarning(topic: Topic, name: string, count: number): string {
  return `log ${topic}/${name}: ${count} damaged place${count === 1 ? '' : 's'} skipped; the file is kept as ${name}.quarantined`
}

function readHeader(file: OpenFile, topic: Topic, firstOffset: number): SegmentHeader | undefined {
  const bytes = new Uint8Array(HEADER_BYTES)
  const count = readAllNow(file, bytes, 0, HEADER_BYTES, 0)
  const header = decodeHeader(bytes.subarray(0, count))
  if (header === undefined) return undefined
  if (header.version > SEGMENT_VERSION) {
    throw new LogOpenError(
      'newer_format',
      `log ${topic}/${segmentName(firstOffset)}: want format version up to ${SEGMENT_VERSION}, got ${header.version}; start the newer release`,
    )
  }
  return header.topic === topic && header.firstOffset === firstOffset ? header : undefined
}

async function mendEnd(files: FileSystem, segment: Segment): Promise<{ nextOffset: number; badCount: number }> {
  const file = files.open(segment.path, 'write')
  try {
    const scanner = new SegmentScanner()
    scanner.start(file, segment.salt, HEADER_BYTES, segment.sizeBytes)
    do {
      while (scanner.advance()) indexRecord(segment, scanner.sequence, scanner.recordPosition)
    } while (await scanner.fill())
    const inside = scanner.bad.filter((range) => range.to <= scanner.goodEnd)
    if (inside.length > 0) quarantine(files, segment.path)
    if (scanner.goodEnd !== segment.sizeBytes) {
      file.truncate(scanner.goodEnd)
      segment.sizeBytes = scanner.goodEnd
    }
    // What a killed process left in the page cache: records are written behind it, each of which syncs itself alone.
    file.syncNow()
    return { nextOffset: Math.max(segment.firstOffset, scanner.sequence + 1), badCount: inside.length }
  } finally {
    file.close()
  }
}
