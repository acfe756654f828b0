import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  promises,
  read,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  write,
  writeSync,
} from 'node:fs'
// biome-ignore lint/correctness/noUnresolvedImports: built into Node 24, not yet in the linter's list
import { DatabaseSync } from 'node:sqlite'

const { O_CREAT, O_DSYNC, O_EXCL, O_RDONLY, O_RDWR } = constants
/** Elsewhere a write with this flag stops at the device's own cache. */
const HAS_SYNCED_WRITES = process.platform === 'linux'

/**
 * The machine's file system behind `FileSystem` of the model (this package imports nothing of ours, so the
 * shape is met, not named). Raw descriptors and callbacks: a `FileHandle` costs twice as much a call.
 */
export class NodeFileSystem {
  open(path: string, mode: 'read' | 'write' | 'create' | 'writeSynced' | 'createSynced'): RawFile {
    if (mode === 'read') return new NodeFile(openSync(path, O_RDONLY), false)
    const isSynced = mode.endsWith('Synced')
    const flags = O_RDWR | O_CREAT | (mode.startsWith('create') ? O_EXCL : 0)
    if (isSynced && HAS_SYNCED_WRITES) return new NodeFile(openSync(path, flags | O_DSYNC), false)
    return new NodeFile(openSync(path, flags), isSynced)
  }

  exists(path: string): boolean {
    return existsSync(path)
  }

  list(directory: string): string[] {
    try {
      return readdirSync(directory).sort()
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    }
  }

  makeDirectory(directory: string): void {
    mkdirSync(directory, { recursive: true })
  }

  rename(from: string, to: string): void {
    renameSync(from, to)
  }

  link(from: string, to: string): void {
    linkSync(from, to)
  }

  async remove(path: string): Promise<void> {
    await promises.rm(path, { force: true })
  }

  removeNow(path: string): void {
    rmSync(path, { force: true })
  }

  async removeTree(directory: string): Promise<void> {
    await promises.rm(directory, { recursive: true, force: true })
  }

  syncDirectory(directory: string): Promise<void> {
    const descriptor = openSync(directory, 'r')
    return new Promise((resolve, reject) => {
      fsync(descriptor, (error) => {
        closeSync(descriptor)
        if (error === null) resolve()
        else reject(error)
      })
    })
  }

  syncDirectoryNow(directory: string): void {
    const descriptor = openSync(directory, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  }

  freeBytes(path: string): number {
    const volume = statfsSync(path)
    return volume.bavail * volume.bsize
  }

  /**
   * The lock file is an empty SQLite database held exclusively: the kernel's own file lock, which ends with the
   * process however it ends. A file with a process id in it would outlive a crash and lie in containers.
   */
  lock(path: string): (() => void) | undefined {
    const database = new DatabaseSync(path, { timeout: 0 })
    try {
      database.exec('PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
      return () => database.close()
    } catch (error) {
      database.close()
      if (error instanceof Error && /locked/.test(error.message)) return undefined
      throw error
    }
  }
}

/** `OpenFile` of the model, by shape. */
interface RawFile {
  write(bytes: Uint8Array, from: number, length: number, offsetBytes: number): Promise<number>
  writeNow(bytes: Uint8Array, from: number, length: number, offsetBytes: number): number
  read(into: Uint8Array, from: number, length: number, offsetBytes: number): Promise<number>
  readNow(into: Uint8Array, from: number, length: number, offsetBytes: number): number
  sync(): Promise<void>
  syncNow(): void
  truncate(sizeBytes: number): void
  sizeBytes(): number
  close(): void
}

class NodeFile implements RawFile {
  readonly #descriptor: number
  /** Each write is followed by a sync. */
  readonly #syncsWrites: boolean

  constructor(descriptor: number, syncsWrites: boolean) {
    this.#descriptor = descriptor
    this.#syncsWrites = syncsWrites
  }

  write(bytes: Uint8Array, from: number, length: number, offsetBytes: number): Promise<number> {
    const writing = new Promise<number>((resolve, reject) => {
      write(this.#descriptor, bytes, from, length, offsetBytes, (error, count) => {
        if (error === null) resolve(count)
        else reject(error)
      })
    })
    return this.#syncsWrites ? writing.then((count) => this.sync().then(() => count)) : writing
  }

  writeNow(bytes: Uint8Array, from: number, length: number, offsetBytes: number): number {
    const count = writeSync(this.#descriptor, bytes, from, length, offsetBytes)
    if (this.#syncsWrites) this.syncNow()
    return count
  }

  read(into: Uint8Array, from: number, length: number, offsetBytes: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#descriptor, into, from, length, offsetBytes, (error, count) => {
        if (error === null) resolve(count)
        else reject(error)
      })
    })
  }

  readNow(into: Uint8Array, from: number, length: number, offsetBytes: number): number {
    return readSync(this.#descriptor, into, from, length, offsetBytes)
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#descriptor, (error) => {
        if (error === null) resolve()
        else reject(error)
      })
    })
  }

  syncNow(): void {
    fdatasyncSync(this.#descriptor)
  }

  truncate(sizeBytes: number): void {
    ftruncateSync(this.#descriptor, sizeBytes)
  }

  sizeBytes(): number {
    return fstatSync(this.#descriptor).size
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
