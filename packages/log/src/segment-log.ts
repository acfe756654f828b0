import {
  assert,
  type Clock,
  err,
  type Fault,
  type FileSystem,
  fault,
  type Log,
  type LogRecord,
  type LogStats,
  ok,
  type Reservation,
  type Result,
  type Topic,
} from '@vantage/model'
import {
  CONSUMERS_WRITE_MS,
  DISK_RESUME_FACTOR,
  DISK_SAMPLE_MS,
  GROUP_MAX_BYTES,
  QUEUE_BYTES,
  SEGMENT_BYTES,
  SYNC_INTERVAL_MS,
} from './limits.ts'
import { TOPIC_POLICIES, type TopicPolicy } from './policies.ts'
import { LogOpenError } from './segments.ts'
import { TopicLog, type Visit } from './topic-log.ts'

/** `Retry-After` of the two refusals, seconds. */
const RETRY_DISK_SECONDS = 30
const RETRY_QUEUE_SECONDS = 1

const LOCK_FILE = 'lock'

export interface SegmentLogOptions {
  readonly directory: string
  readonly files: FileSystem
  readonly clock: Clock
  /** A failed write or sync: the process must exit 1; `commit` never answers after it. Called once a topic. */
  readonly onFatal: (error: Error) => void
  /** 32 random bits for each new segment; from the system's generator in the product. */
  readonly newSalt: () => number
  /** Free bytes of the volume; sampled at most once a second. */
  readonly freeBytes: () => number
  /** `storage.minFree`: below it `reserve` refuses, until 1.5 times as much is free again. */
  readonly minFreeBytes: number
  readonly queueBytes?: number
  readonly segmentBytes?: number
  readonly groupMaxBytes?: number
  readonly sync?: 'group' | 'interval'
  readonly syncIntervalMs?: number
  readonly policies?: Readonly<Record<Topic, TopicPolicy>>
}

/**
 * The durable log in segment files, one directory a topic. See `Log` for the contract and FORMAT.md for the bytes.
 * One process owns a directory: a lock file says so.
 */
export class SegmentLog implements Log {
  readonly #options: SegmentLogOptions
  readonly #topics: Map<Topic, TopicLog>
  readonly #unlock: () => void
  readonly #queueMaxBytes: number
  #queuedBytes = 0
  #hasFailed = false
  #isClosed = false
  #isDiskLow = false
  #diskSampledAtMs = Number.NEGATIVE_INFINITY
  readonly #consumersTimer: NodeJS.Timeout

  /**
   * Opens the log, mends the end of each topic and counts damage.
   * @throws LogOpenError where another process has the directory or a newer release wrote it (exit code 3)
   */
  static async open(options: SegmentLogOptions): Promise<SegmentLog> {
    options.files.makeDirectory(options.directory)
    const unlock = options.files.lock(`${options.directory}/${LOCK_FILE}`)
    if (unlock === undefined) {
      throw new LogOpenError('locked', `log: another process uses the directory ${options.directory}`)
    }
    const log = new SegmentLog(options, unlock)
    try {
      await log.#openTopics()
      return log
    } catch (error) {
      clearInterval(log.#consumersTimer)
      unlock()
      throw error
    }
  }

  private constructor(options: SegmentLogOptions, unlock: () => void) {
    this.#options = options
    this.#unlock = unlock
    this.#topics = new Map()
    this.#queueMaxBytes = options.queueBytes ?? QUEUE_BYTES
    this.#consumersTimer = setInterval(() => void this.#writeConsumers(), CONSUMERS_WRITE_MS)
    this.#consumersTimer.unref()
  }

  reserve(topic: Topic, payloadBytes: number): Result<Reservation, Fault> {
    if (this.#hasFailed || this.#isClosed) {
      return err(fault('unavailable', 'log: closed', { reason: 'draining', retryAfterSeconds: RETRY_QUEUE_SECONDS }))
    }
    if (this.isDiskLow) {
      const message = `log: free disk space is below storage.minFree (${this.#options.minFreeBytes} bytes)`
      return err(
        fault('unavailable', message, {
          reason: 'disk',
          limit: 'storage.minFree',
          retryAfterSeconds: RETRY_DISK_SECONDS,
        }),
      )
    }
    // A record larger than the whole queue passes when it is alone.
    if (this.#queuedBytes > 0 && this.#queuedBytes + payloadBytes > this.#queueMaxBytes) {
      const message = `log: ${this.#queuedBytes} bytes wait for the disk, want at most ${this.#queueMaxBytes}`
      return err(
        fault('unavailable', message, {
          reason: 'queue',
          limit: 'ingest.queueBytes',
          retryAfterSeconds: RETRY_QUEUE_SECONDS,
        }),
      )
    }
    return ok({ topic, offset: this.#topic(topic).reserve() })
  }

  commit(reservation: Reservation, record: LogRecord): Promise<void> {
    this.#queuedBytes += record.payload.length
    return this.#topic(reservation.topic).append(record, reservation.offset)
  }

  read(topic: Topic, fromOffset: number, visit: Visit): Promise<void> {
    return this.#topic(topic).read(fromOffset, visit)
  }

  nextOffset(topic: Topic): number {
    return this.#topic(topic).nextOffset
  }

  /** Everything below is done with. Consumers without a catalogue of their own find it again by `consumedOffset`. */
  setConsumed(topic: Topic, consumer: string, offset: number): void {
    this.#topic(topic).setConsumed(consumer, offset)
  }

  /** Where a consumer goes on reading: 0 if it never said. */
  consumedOffset(topic: Topic, consumer: string): number {
    return this.#topic(topic).consumedOffset(consumer)
  }

  stats(topic: Topic): LogStats {
    return this.#topic(topic).stats()
  }

  /** Bytes that wait for their write, all topics together (`vantage_log_queue_bytes`). */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** True while records are refused because `storage.minFree` is not free. */
  get isDiskLow(): boolean {
    const now = this.#options.clock.monotonicMs()
    if (now - this.#diskSampledAtMs >= DISK_SAMPLE_MS) {
      this.#diskSampledAtMs = now
      const free = this.#options.freeBytes()
      const wanted = this.#options.minFreeBytes * (this.#isDiskLow ? DISK_RESUME_FACTOR : 1)
      this.#isDiskLow = free < wanted
    }
    return this.#isDiskLow
  }

  /** What a person should know: damaged places that were skipped, files kept aside. */
  warnings(): readonly string[] {
    return [...this.#topics.values()].flatMap((topic) => topic.warnings)
  }

  /** Applies age and size limits; call now and then (segments also go when new ones are opened). */
  retain(): void {
    for (const topic of this.#topics.values()) topic.retain()
  }

  /** Takes no more, writes and syncs what waits, gives the directory back. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    clearInterval(this.#consumersTimer)
    for (const topic of this.#topics.values()) await topic.close()
    this.#unlock()
  }

  async #openTopics(): Promise<void> {
    const options = this.#options
    const policies = options.policies ?? TOPIC_POLICIES
    for (const topic of Object.keys(policies) as Topic[]) {
      const opened = await TopicLog.open({
        files: options.files,
        directory: `${options.directory}/${topic}`,
        topic,
        policy: policies[topic],
        segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
        groupMaxBytes: options.groupMaxBytes ?? GROUP_MAX_BYTES,
        sync: options.sync ?? 'group',
        syncIntervalMs: options.syncIntervalMs ?? SYNC_INTERVAL_MS,
        nowMs: () => options.clock.nowMs(),
        newSalt: options.newSalt,
        onFatal: (error) => this.#fail(error),
        onWritten: (payloadBytes) => {
          this.#queuedBytes -= payloadBytes
        },
      })
      this.#topics.set(topic, opened)
    }
    await options.files.syncDirectory(options.directory)
  }

  #topic(topic: Topic): TopicLog {
    const found = this.#topics.get(topic)
    assert(found !== undefined, `topic ${topic} is not open`)
    return found
  }

  async #writeConsumers(): Promise<void> {
    try {
      for (const topic of this.#topics.values()) await topic.writeConsumers()
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #fail(error: Error): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#options.onFatal(error)
  }
}
