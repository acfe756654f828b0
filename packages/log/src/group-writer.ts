import { assert, type FileSystem, type LogRecord, type OpenFile, type Topic, writeAll } from '@vantage/model'
import { encodeHeader, encodeRecord, HEADER_BYTES, recordBytesMax } from './format.ts'
import { indexRecord, newSegment, type Segment, segmentName } from './segments.ts'

/** A buffer that grew for a burst is given back when it is larger than this. */
const BUFFER_KEEP_BYTES = 8 * 1024 * 1024
const BUFFER_START_BYTES = 64 * 1024

export interface GroupWriterOptions {
  readonly files: FileSystem
  readonly directory: string
  readonly topic: Topic
  readonly segmentBytes: number
  readonly groupMaxBytes: number
  readonly sync: 'group' | 'interval'
  readonly syncIntervalMs: number
  readonly nowMs: () => number
  readonly newSalt: () => number
  /** A write or sync failed: the state of the file is unknown, the process must end. */
  readonly onFatal: (error: Error) => void
  /** A group is written (and synced, if the policy says so): so many queued payload bytes are free again. */
  readonly onWritten: (payloadBytes: number) => void
  readonly onSegment: (segment: Segment) => void
}

/** Records copied together, and who waits for them. */
class Group {
  bytes = new Uint8Array(0)
  length = 0
  /** Of each record: its sequence and where it begins. */
  readonly sequences: number[] = []
  readonly starts: number[] = []
  payloadBytes = 0
  /** The file that all of its records go to. */
  segment: Segment | undefined
  promise: Promise<void>
  #resolve: () => void = () => {}

  constructor() {
    this.promise = this.#fresh()
  }

  finish(): void {
    const resolve = this.#resolve
    this.length = 0
    this.payloadBytes = 0
    this.segment = undefined
    this.sequences.length = 0
    this.starts.length = 0
    if (this.bytes.length > BUFFER_KEEP_BYTES) this.bytes = new Uint8Array(0)
    this.promise = this.#fresh()
    resolve()
  }

  reserve(sizeBytes: number): void {
    const need = this.length + sizeBytes
    if (need <= this.bytes.length) return
    const bytes = new Uint8Array(Math.max(need, this.bytes.length * 2, BUFFER_START_BYTES))
    bytes.set(this.bytes.subarray(0, this.length))
    this.bytes = bytes
  }

  #fresh(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }
}

/**
 * Appends the records of one topic in groups. One group fills while the other is written and synced; nothing waits
 * for a timer: an idle writer writes at the end of the turn, a busy one when it is done.
 */
export class GroupWriter {
  segment: Segment | undefined
  readonly #options: GroupWriterOptions
  /** One job of the thread pool writes and syncs a group, instead of two. */
  readonly #isSynced: boolean
  #file: OpenFile | undefined
  #filling = new Group()
  #writing = new Group()
  /** The segment that groups are being filled for, and the bytes it will have when they are written. */
  #planned: Segment | undefined
  #plannedBytes = 0
  #running: Promise<void> = Promise.resolve()
  #syncing: Promise<void> = Promise.resolve()
  #isBusy = false
  #isScheduled = false
  #hasFailed = false
  #isDirty = false
  #syncTimer: NodeJS.Timeout | undefined

  constructor(options: GroupWriterOptions, last: Segment | undefined) {
    this.#options = options
    this.#isSynced = options.sync === 'group'
    this.segment = last
    this.#planned = last
    this.#plannedBytes = last?.sizeBytes ?? 0
  }

  /** Copies the record; its buffers are the caller's again at once. */
  append(record: LogRecord, sequence: number): Promise<void> {
    const group = this.#filling
    if (this.#hasFailed) return group.promise
    const sizeMax = recordBytesMax(record)
    group.segment ??= this.#segmentFor(sizeMax, sequence)
    group.reserve(sizeMax)
    const start = group.length
    group.sequences.push(sequence)
    group.starts.push(start)
    group.length = encodeRecord(record, sequence, group.segment.salt, group.bytes, start)
    group.payloadBytes += record.payload.length
    this.#plannedBytes += group.length - start
    if (!this.#isBusy) this.#schedule(group.length >= this.#options.groupMaxBytes)
    return group.promise
  }

  /** Writes what waits, syncs, closes. */
  async close(): Promise<void> {
    clearInterval(this.#syncTimer)
    while (!this.#hasFailed && (this.#isBusy || this.#filling.length > 0)) {
      if (!this.#isBusy) this.#running = this.#writeGroups()
      await this.#running
    }
    if (!this.#hasFailed) await this.#syncDirty()
    this.#file?.close()
    this.#file = undefined
  }

  /** The segment a new group goes to: a fresh one where the last is full or there is none. */
  #segmentFor(size: number, sequence: number): Segment {
    const last = this.#planned
    if (
      last !== undefined &&
      (this.#plannedBytes <= HEADER_BYTES || this.#plannedBytes + size <= this.#options.segmentBytes)
    ) {
      return last
    }
    const path = `${this.#options.directory}/${segmentName(sequence)}`
    const next = newSegment(path, sequence, this.#options.newSalt(), this.#options.nowMs())
    this.#planned = next
    this.#plannedBytes = HEADER_BYTES
    return next
  }

  #schedule(isFull: boolean): void {
    if (isFull) {
      this.#running = this.#writeGroups()
      return
    }
    if (this.#isScheduled) return
    this.#isScheduled = true
    // After the poll phase: requests that arrived in the same turn share one sync.
    setImmediate(() => {
      this.#isScheduled = false
      if (!this.#isBusy) this.#running = this.#writeGroups()
    })
  }

  async #writeGroups(): Promise<void> {
    assert(!this.#isBusy, 'one group is written at a time')
    this.#isBusy = true
    try {
      while (this.#filling.length > 0 && !this.#hasFailed) {
        const group = this.#filling
        this.#filling = this.#writing
        this.#writing = group
        await this.#writeGroup(group)
        this.#options.onWritten(group.payloadBytes)
        group.finish()
      }
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#isBusy = false
    }
  }

  async #writeGroup(group: Group): Promise<void> {
    const segment = group.segment as Segment
    if (segment !== this.segment) await this.#openNext(segment)
    this.#file ??= this.#options.files.open(segment.path, this.#isSynced ? 'writeSynced' : 'write')
    const at = segment.sizeBytes
    await writeAll(this.#file, group.bytes, 0, group.length, at)
    if (!this.#isSynced) this.#syncLater()
    for (let i = 0; i < group.sequences.length; i++) {
      indexRecord(segment, group.sequences[i] as number, at + (group.starts[i] as number))
    }
    segment.sizeBytes = at + group.length
  }

  /** The header and the name are safe before the first record is written. */
  async #openNext(next: Segment): Promise<void> {
    const { files, topic, directory } = this.#options
    await this.#syncDirty()
    this.#file?.close()
    this.#file = files.open(next.path, this.#isSynced ? 'createSynced' : 'create')
    const header = encodeHeader(topic, next.firstOffset, next.createdAtMs, next.salt)
    await writeAll(this.#file, header, 0, header.length, 0)
    if (!this.#isSynced) await this.#file.sync()
    await files.syncDirectory(directory)
    next.sizeBytes = HEADER_BYTES
    this.segment = next
    this.#options.onSegment(next)
  }

  #syncLater(): void {
    this.#isDirty = true
    if (this.#syncTimer !== undefined) return
    this.#syncTimer = setInterval(() => {
      this.#syncDirty().catch((error) => this.#fail(error))
    }, this.#options.syncIntervalMs)
    this.#syncTimer.unref()
  }

  /** Interval mode: what is written becomes safe. One sync at a time, and none on a closed file. */
  async #syncDirty(): Promise<void> {
    await this.#syncing
    if (!this.#isDirty) return
    this.#isDirty = false
    this.#syncing = this.#file?.sync() ?? Promise.resolve()
    await this.#syncing
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#options.onFatal(error instanceof Error ? error : new Error(String(error)))
  }
}
