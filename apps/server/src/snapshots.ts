import { randomBytes } from 'node:crypto'
import {
  type Clock,
  err,
  type Fault,
  type FileSystem,
  fault,
  ok,
  type Result,
  readFileNow,
  replaceFileNow,
} from '@vantage/model'
import { SAVED_VIEWS_FILE } from './saved-views.ts'

/** Folders that are kept; whoever wants more moves them away first. */
const SNAPSHOTS_MAX = 100
const UNFINISHED = 'tmp-'
/** Files of the data folder that go along as they are: what people made, not what was sent. */
const COPIED_FILES: readonly string[] = [SAVED_VIEWS_FILE]

/** What a snapshot is made of: writes itself to a folder that does not exist yet. @returns why it did not */
export interface SnapshotSource {
  snapshot(directory: string, skipsHead: boolean): Promise<Fault | undefined>
}

/**
 * Snapshots under `snapshots/` of the data folder: each is a data folder of its own, on which a server starts.
 * A folder without `tmp-` in its name is whole.
 */
export class Snapshots {
  readonly #files: FileSystem
  readonly #clock: Clock
  readonly #data: string
  readonly #directory: string

  constructor(files: FileSystem, clock: Clock, dataDirectory: string) {
    this.#files = files
    this.#clock = clock
    this.#data = dataDirectory
    this.#directory = `${dataDirectory}/snapshots`
  }

  /** What a process that ended left behind. */
  async removeUnfinished(): Promise<void> {
    for (const name of this.#files.list(this.#directory)) {
      if (name.startsWith(UNFINISHED)) await this.#files.removeTree(`${this.#directory}/${name}`)
    }
  }

  /**
   * @param stores by the folder that each has in a data folder
   * @returns the name of the folder, like `20261121T093000Z-2be650b6d019eb54`
   */
  async make(stores: Readonly<Record<string, SnapshotSource>>, skipsHead: boolean): Promise<Result<string>> {
    if (this.#files.list(this.#directory).length >= SNAPSHOTS_MAX) {
      return err(fault('conflict', `snapshot: want at most ${SNAPSHOTS_MAX} in snapshots/: move some away`))
    }
    const time = new Date(this.#clock.nowMs()).toISOString().replace(/[-:]|\.\d+/g, '')
    const name = `${time}-${randomBytes(8).toString('hex')}`
    const unfinished = `${this.#directory}/${UNFINISHED}${name}`
    const problem = await this.#write(stores, skipsHead, unfinished, name)
    if (problem === undefined) return ok(name)
    await this.#files.removeTree(unfinished)
    return err(problem)
  }

  async #write(
    stores: Readonly<Record<string, SnapshotSource>>,
    skipsHead: boolean,
    unfinished: string,
    name: string,
  ): Promise<Fault | undefined> {
    for (const [folder, store] of Object.entries(stores)) {
      const problem = await store.snapshot(`${unfinished}/${folder}`, skipsHead)
      if (problem !== undefined) return problem
    }
    const there = this.#files.list(this.#data)
    for (const file of COPIED_FILES.filter((one) => there.includes(one))) {
      replaceFileNow(this.#files, unfinished, file, readFileNow(this.#files, `${this.#data}/${file}`))
    }
    await this.#files.syncDirectory(unfinished)
    this.#files.rename(unfinished, `${this.#directory}/${name}`)
    await this.#files.syncDirectory(this.#directory)
    return undefined
  }
}
