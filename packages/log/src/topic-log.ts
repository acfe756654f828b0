import { assert, type FileSystem, type LogRecord, type LogStats, writeAll } from '@vantage/model'
import { decodeRecord } from './format.ts'
import { GroupWriter, type GroupWriterOptions } from './group-writer.ts'
import { WARNINGS_MAX } from './limits.ts'
import type { TopicPolicy } from './policies.ts'
import { SegmentScanner } from './scanner.ts'
import { corruptionWarning, openTopic, positionBefore, quarantine, type Segment, segmentName } from './segments.ts'

const CONSUMERS_FILE = 'consumers.json'

export interface TopicLogOptions extends Omit<GroupWriterOptions, 'onSegment'> {
  readonly policy: TopicPolicy
}

export type Visit = (record: LogRecord, offset: number) => void | Promise<void>

/** One topic: its segments, its writer, what consumers have read, what may go. */
export class TopicLog {
  nextOffset: number
  corruptions: number
  readonly warnings: string[]
  readonly #options: TopicLogOptions
  readonly #files: FileSystem
  readonly #segments: Segment[]
  readonly #writer: GroupWriter
  readonly #consumed = new Map<string, number>()
  readonly #damaged = new Set<string>()
  #isConsumersDirty = false
  /** Offset of the next record that must be committed. */
  #nextCommit: number

  static async open(options: TopicLogOptions): Promise<TopicLog> {
    const opened = await openTopic(options.files, options.directory, options.topic)
    return new TopicLog(options, opened.segments, opened.nextOffset, opened.corruptions, [...opened.warnings])
  }

  private constructor(
    options: TopicLogOptions,
    segments: Segment[],
    nextOffset: number,
    corruptions: number,
    warnings: string[],
  ) {
    this.#options = options
    this.#files = options.files
    this.#segments = segments
    this.nextOffset = nextOffset
    this.#nextCommit = nextOffset
    this.corruptions = corruptions
    this.warnings = warnings
    this.#writer = new GroupWriter({ ...options, onSegment: (segment) => this.#addSegment(segment) }, segments.at(-1))
    this.#loadConsumers()
  }

  reserve(): number {
    return this.nextOffset++
  }

  append(record: LogRecord, offset: number): Promise<void> {
    assert(offset === this.#nextCommit, `record ${offset} committed, ${this.#nextCommit} is next`)
    this.#nextCommit++
    return this.#writer.append(record, offset)
  }

  /** Visits records [fromOffset, what is written when the end is reached). See `Log.read`. */
  async read(fromOffset: number, visit: Visit): Promise<void> {
    const scanner = new SegmentScanner()
    let wanted = fromOffset
    let segment = this.#segments.findLast((candidate) => candidate.firstOffset <= fromOffset) ?? this.#segments[0]
    while (segment !== undefined) {
      let from = positionBefore(segment, wanted)
      // The segment that is written may grow while it is read.
      while (from < segment.sizeBytes) {
        const end = segment.sizeBytes
        wanted = await this.#readSegment(scanner, segment, from, end, wanted, visit)
        from = end
      }
      const { firstOffset }: Segment = segment
      segment = this.#segments.find((candidate) => candidate.firstOffset > firstOffset)
    }
  }

  consumedOffset(consumer: string): number {
    return this.#consumed.get(consumer) ?? 0
  }

  setConsumed(consumer: string, offset: number): void {
    if (offset <= (this.#consumed.get(consumer) ?? -1)) return
    this.#consumed.set(consumer, offset)
    if (!this.#isCatalogued(consumer)) this.#isConsumersDirty = true
    // A sealed record may be missing at the log's end (damaged and cut): its number must not be given again.
    if (offset > this.nextOffset) {
      assert(this.#nextCommit === this.nextOffset, 'offsets move only between reservations')
      this.nextOffset = offset
      this.#nextCommit = offset
    }
    this.retain()
  }

  /** Removes what the policy no longer needs; the segment that is written stays. */
  retain(): void {
    while (this.#segments.length > 1 && this.#mayGo()) {
      const segment = this.#segments.shift() as Segment
      this.#files.remove(segment.path).catch((error) => this.#warn(`log ${segment.path}: not removed: ${error}`))
    }
  }

  stats(): LogStats {
    let bytesOnDisk = 0
    let unsealedBytes = 0
    const oldest = this.#oldestNeeded()
    for (const segment of this.#segments) {
      bytesOnDisk += segment.sizeBytes
      if (this.#endOf(segment) <= oldest) continue
      unsealedBytes += segment.sizeBytes - (segment.firstOffset < oldest ? positionBefore(segment, oldest) : 0)
    }
    return {
      firstOffset: this.#segments[0]?.firstOffset ?? this.nextOffset,
      nextOffset: this.nextOffset,
      bytesOnDisk,
      unsealedBytes: oldest >= this.nextOffset ? 0 : unsealedBytes,
      corruptions: this.corruptions,
    }
  }

  /** Makes changed consumer offsets safe: old or new content after a crash, never half. */
  async writeConsumers(): Promise<void> {
    if (!this.#isConsumersDirty) return
    this.#isConsumersDirty = false
    const entries = [...this.#consumed].filter(([consumer]) => !this.#isCatalogued(consumer))
    const bytes = new TextEncoder().encode(JSON.stringify({ version: 1, consumers: Object.fromEntries(entries) }))
    const directory = this.#options.directory
    const temporary = `${directory}/tmp-${CONSUMERS_FILE}`
    this.#files.removeNow(temporary)
    const file = this.#files.open(temporary, 'create')
    try {
      await writeAll(file, bytes, 0, bytes.length, 0)
      await file.sync()
    } finally {
      file.close()
    }
    this.#files.rename(temporary, `${directory}/${CONSUMERS_FILE}`)
    await this.#files.syncDirectory(directory)
  }

  async close(): Promise<void> {
    await this.#writer.close()
    await this.writeConsumers()
  }

  async #readSegment(
    scanner: SegmentScanner,
    segment: Segment,
    from: number,
    end: number,
    wantedOffset: number,
    visit: Visit,
  ): Promise<number> {
    // Retention may have taken it since.
    if (!this.#files.exists(segment.path)) return wantedOffset
    const file = this.#files.open(segment.path, 'read')
    let wanted = wantedOffset
    try {
      scanner.start(file, segment.salt, from, end)
      do {
        while (scanner.advance()) {
          if (scanner.sequence < wanted) continue
          wanted = scanner.sequence + 1
          const record = decodeRecord(scanner.bytes, scanner.recordAt, scanner.bodyLength)
          if (record === undefined) {
            this.#noteDamage(segment, 1)
            continue
          }
          const pause = visit(record, scanner.sequence)
          if (pause !== undefined) await pause
        }
      } while (await scanner.fill())
      if (scanner.bad.length > 0) this.#noteDamage(segment, scanner.bad.length)
    } finally {
      file.close()
    }
    return wanted
  }

  /** Counted once a segment: a second reader meets the same bytes. */
  #noteDamage(segment: Segment, count: number): void {
    if (this.#damaged.has(segment.path)) return
    this.#damaged.add(segment.path)
    const name = segmentName(segment.firstOffset)
    const warning = corruptionWarning(this.#options.topic, name, count)
    if (this.warnings.includes(warning)) return
    quarantine(this.#files, segment.path)
    this.corruptions += count
    this.#warn(warning)
  }

  /** The offset behind a segment's last record: where the next one begins. */
  #endOf(segment: Segment): number {
    const next = this.#segments[this.#segments.indexOf(segment) + 1]
    return next === undefined ? this.nextOffset : next.firstOffset
  }

  #mayGo(): boolean {
    const oldest = this.#segments[0] as Segment
    const next = this.#segments[1] as Segment
    const policy = this.#options.policy
    if (policy.kind === 'consumed') return next.firstOffset <= this.#oldestNeeded()
    if (this.#options.nowMs() - next.createdAtMs > policy.maxAgeMs) return true
    const total = this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
    return total - oldest.sizeBytes >= policy.maxBytes
  }

  /** The smallest offset that some consumer still needs; 0 until every declared one has spoken. */
  #oldestNeeded(): number {
    const policy = this.#options.policy
    if (policy.kind === 'consumed' && policy.consumers.some((consumer) => !this.#consumed.has(consumer))) return 0
    return this.#consumed.size === 0 ? 0 : Math.min(...this.#consumed.values())
  }

  #isCatalogued(consumer: string): boolean {
    return this.#options.policy.kind === 'consumed' && this.#options.policy.consumers.includes(consumer)
  }

  #loadConsumers(): void {
    const path = `${this.#options.directory}/${CONSUMERS_FILE}`
    if (!this.#files.exists(path)) return
    const file = this.#files.open(path, 'read')
    const bytes = new Uint8Array(file.sizeBytes())
    file.readNow(bytes, 0, bytes.length, 0)
    file.close()
    for (const [consumer, offset] of readConsumers(bytes)) this.setConsumed(consumer, offset)
    this.#isConsumersDirty = false
  }

  #addSegment(segment: Segment): void {
    this.#segments.push(segment)
    this.retain()
  }

  #warn(message: string): void {
    if (this.warnings.length < WARNINGS_MAX) this.warnings.push(message)
  }
}

/** An unreadable file means that its consumers start over: they read again, they never miss. */
function readConsumers(bytes: Uint8Array): readonly (readonly [string, number])[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder().decode(bytes))
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
  if (typeof parsed !== 'object' || parsed === null || !('consumers' in parsed)) return []
  const consumers = parsed.consumers
  if (typeof consumers !== 'object' || consumers === null) return []
  return Object.entries(consumers).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1]))
}
