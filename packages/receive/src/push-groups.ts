import { createHash } from 'node:crypto'
import { type FileSystem, type Labels, labelsKey, type OpenFile, readAll, writeAll } from '@vantage/model'
import type { Logger } from '@vantage/observe'

/** Groups, and series of all of them together, whose ends can be told; the group pushed longest ago goes first. */
const GROUPS_MAX = 10_000
const SERIES_MAX = 200_000
/** Of one group's file: what the series of a push may weigh many times over. */
const FILE_BYTES_MAX = 256 * 1024 * 1024
const FILE_VERSION = 1

/** What was pushed with one grouping key: what a replacement or a deletion ends. */
export interface PushGroup {
  /** By `labelsKey`. */
  readonly series: ReadonlyMap<string, Labels>
  /** Times of a group ascend, so that two pushes within a millisecond are two samples. */
  readonly lastMs: number
  readonly failureSeconds: number
}

const NEW_GROUP: PushGroup = { series: new Map(), lastMs: 0, failureSeconds: 0 }

/** Where groups survive a restart: a folder of their own, made when the first group is kept. */
export interface PushGroupFolder {
  readonly files: FileSystem
  readonly directory: string
}

/**
 * Which groups there are, in memory and in one file each (JSON, replaced whole), so that what was pushed before a
 * restart can be ended after it. A group is in its file before its push is answered, so a kill forgets none; files are
 * not synced, so a power loss may forget those of the last seconds: their series are out of sight five minutes after
 * their last push anyway. Order of use: the first is the one pushed longest ago.
 */
export class PushGroups {
  readonly #groups = new Map<string, PushGroup>()
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #folder: PushGroupFolder | undefined
  readonly #logger: Logger
  #seriesCount = 0
  #loading: Promise<void> | undefined

  constructor(folder: PushGroupFolder | undefined, logger: Logger) {
    this.#folder = folder
    this.#logger = logger
  }

  /** Changes of one group follow each other: a push says what became of the one before. */
  inTurn<T>(key: string, change: () => Promise<T>): Promise<T> {
    this.#loading ??= this.#load()
    const before = this.#turns.get(key) ?? this.#loading
    const turn = before.then(change, change)
    this.#turns.set(key, turn)
    const forget = () => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key)
    }
    turn.then(forget, forget)
    return turn
  }

  /** The group as it is; a new one is not kept before `put`. */
  get(key: string): PushGroup {
    return this.#groups.get(key) ?? NEW_GROUP
  }

  /** Keeps the group; others go where there are too many. */
  async put(key: string, group: PushGroup): Promise<void> {
    const before = this.get(key)
    this.#keep(key, group)
    const dropped = this.#dropOldest()
    // The time of the last push alone is not worth a write: after a restart the clock is ahead of it.
    if (!isSame(before, group)) await this.#write(key, group)
    for (const one of dropped) await this.#remove(one)
  }

  async delete(key: string): Promise<void> {
    this.#forget(key)
    await this.#remove(key)
  }

  #keep(key: string, group: PushGroup): void {
    this.#forget(key)
    this.#groups.set(key, group)
    this.#seriesCount += group.series.size
  }

  #forget(key: string): void {
    this.#seriesCount -= this.#groups.get(key)?.series.size ?? 0
    this.#groups.delete(key)
  }

  #dropOldest(): string[] {
    const dropped: string[] = []
    for (const oldest of this.#groups.keys()) {
      if (this.#groups.size <= GROUPS_MAX && this.#seriesCount <= SERIES_MAX) break
      this.#forget(oldest)
      dropped.push(oldest)
    }
    return dropped
  }

  async #load(): Promise<void> {
    if (this.#folder === undefined) return
    const { files, directory } = this.#folder
    const found: { key: string; group: PushGroup }[] = []
    for (const name of this.#fileNames()) {
      const path = `${directory}/${name}`
      const one = name.startsWith('tmp-') ? undefined : await readGroup(files, path).catch((error: Error) => error)
      if (one !== undefined && !(one instanceof Error)) found.push(one)
      else {
        if (one !== undefined) this.#logger.warn('a group of pushes is forgotten', { path, problem: one.message })
        files.removeNow(path)
      }
    }
    found.sort((a, b) => a.group.lastMs - b.group.lastMs)
    for (const { key, group } of found) this.#keep(key, group)
    for (const key of this.#dropOldest()) await this.#remove(key)
  }

  #fileNames(): string[] {
    if (this.#folder === undefined) return []
    try {
      return this.#folder.files.list(this.#folder.directory)
    } catch (error) {
      this.#logger.warn('groups of pushes cannot be read', { problem: (error as Error).message })
      return []
    }
  }

  async #write(key: string, group: PushGroup): Promise<void> {
    if (this.#folder === undefined) return
    const { files, directory } = this.#folder
    const name = fileName(key)
    const temporary = `${directory}/tmp-${name}`
    try {
      files.makeDirectory(directory)
      files.removeNow(temporary)
      const bytes = encodeGroup(key, group)
      await useFile(files.open(temporary, 'create'), (file) => writeAll(file, bytes, 0, bytes.length, 0))
      files.rename(temporary, `${directory}/${name}`)
    } catch (error) {
      // The push itself is durable: only its end could not be told after a restart.
      this.#logger.warnSparsely('push-groups', 'a group of pushes was not written', {
        problem: (error as Error).message,
      })
    }
  }

  async #remove(key: string): Promise<void> {
    if (this.#folder === undefined) return
    const { files, directory } = this.#folder
    await files.remove(`${directory}/${fileName(key)}`).catch((error: Error) => {
      this.#logger.warnSparsely('push-groups', 'the file of a group stays', { problem: error.message })
    })
  }
}

function isSame(a: PushGroup, b: PushGroup): boolean {
  if (a.failureSeconds !== b.failureSeconds || a.series.size !== b.series.size) return false
  for (const key of b.series.keys()) if (!a.series.has(key)) return false
  return true
}

/** Keys hold what clients sent: never part of a path. */
function fileName(key: string): string {
  return `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`
}

function encodeGroup(key: string, { series, lastMs, failureSeconds }: PushGroup): Uint8Array {
  return Buffer.from(
    JSON.stringify({ version: FILE_VERSION, key, lastMs, failureSeconds, series: [...series.values()] }),
  )
}

/** @throws Error where the file is not what `encodeGroup` writes */
async function readGroup(files: FileSystem, path: string): Promise<{ key: string; group: PushGroup }> {
  const bytes = await useFile(files.open(path, 'read'), async (file) => {
    const size = file.sizeBytes()
    if (size > FILE_BYTES_MAX) throw new Error(`want at most ${FILE_BYTES_MAX} bytes, got ${size}`)
    const into = Buffer.alloc(size)
    await readAll(file, into, 0, size, 0)
    return into
  })
  const { version, key, lastMs, failureSeconds, series } = JSON.parse(bytes.toString()) as Record<string, unknown>
  if (version !== FILE_VERSION) throw new Error(`want version ${FILE_VERSION}, got ${JSON.stringify(version)}`)
  if (typeof key !== 'string' || typeof lastMs !== 'number' || typeof failureSeconds !== 'number')
    throw new Error('want key, lastMs and failureSeconds')
  if (!Array.isArray(series) || !series.every(isLabels)) throw new Error('want series, a list of label sets')
  return { key, group: { series: new Map(series.map((one) => [labelsKey(one), one])), lastMs, failureSeconds } }
}

function isLabels(value: unknown): value is Labels {
  return Array.isArray(value) && value.length % 2 === 0 && value.every((part) => typeof part === 'string')
}

async function useFile<T>(file: OpenFile, use: (file: OpenFile) => Promise<T>): Promise<T> {
  try {
    return await use(file)
  } finally {
    file.close()
  }
}
