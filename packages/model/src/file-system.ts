/**
 * The file system as the log and the store see it. Passed in, so that tests can lose power, fill the disk and
 * cut writes short. Methods whose name ends in `Now` block the thread; their twins do not.
 *
 * Every failure is a thrown (or rejected) `Error` with Node's `code` (`ENOENT`, `ENOSPC`, `EIO`, …).
 * Durability: bytes are safe after `sync`, a name (created, renamed, removed) after `syncDirectory` of its directory.
 */
export interface FileSystem {
  /**
   * `read`: must exist. `write`: read and write, created where absent, kept where present.
   * `create`: read and write, `EEXIST` where present.
   * `writeSynced`, `createSynced`: the same, and what a write answers for has reached the device: no `sync` is needed.
   */
  open(path: string, mode: OpenMode): OpenFile
  exists(path: string): boolean
  /** Names in a directory, ascending; an absent directory is empty. */
  list(directory: string): string[]
  /** With its parents; one that exists is left alone. */
  makeDirectory(directory: string): void
  /** Replaces `to` atomically. */
  rename(from: string, to: string): void
  /**
   * Gives a file that never changes again a second name, which must not exist. Fails (`EXDEV`, `EPERM`, …) where the
   * volume has no such links.
   */
  link(from: string, to: string): void
  /** A file; absent is no failure. */
  remove(path: string): Promise<void>
  removeNow(path: string): void
  /** A directory with all that is in it; absent is no failure. */
  removeTree(directory: string): Promise<void>
  syncDirectory(directory: string): Promise<void>
  syncDirectoryNow(directory: string): void
  /** Free bytes for this process on the volume of `path`. */
  freeBytes(path: string): number
  /**
   * Takes an exclusive lock that dies with the process.
   * @returns the function that gives it back, or undefined where another holder has it
   */
  lock(path: string): (() => void) | undefined
}

export type OpenMode = 'read' | 'write' | 'create' | 'writeSynced' | 'createSynced'

export interface OpenFile {
  /** Writes at `offsetBytes`; may write less than `length` (continue from there). Resolves to the bytes written. */
  write(bytes: Uint8Array, from: number, length: number, offsetBytes: number): Promise<number>
  writeNow(bytes: Uint8Array, from: number, length: number, offsetBytes: number): number
  /** Reads at `offsetBytes`; 0 means the end of the file. May read less than `length`. */
  read(into: Uint8Array, from: number, length: number, offsetBytes: number): Promise<number>
  readNow(into: Uint8Array, from: number, length: number, offsetBytes: number): number
  /** Data and size reach the device. After a failure the state is unknown: never try again. */
  sync(): Promise<void>
  syncNow(): void
  truncate(sizeBytes: number): void
  sizeBytes(): number
  close(): void
}

/** Continues short writes until all is written. A write of 0 bytes is reported as `EIO`, so that no caller spins. */
export function writeAllNow(file: OpenFile, bytes: Uint8Array, offsetBytes: number): void {
  let from = 0
  while (from < bytes.length) {
    const written = file.writeNow(bytes, from, bytes.length - from, offsetBytes + from)
    if (written <= 0) throw Object.assign(new Error('write made no progress'), { code: 'EIO' })
    from += written
  }
}

/** The same without blocking. */
export async function writeAll(
  file: OpenFile,
  bytes: Uint8Array,
  from: number,
  length: number,
  offsetBytes: number,
): Promise<void> {
  let done = 0
  while (done < length) {
    const written = await file.write(bytes, from + done, length - done, offsetBytes + done)
    if (written <= 0) throw Object.assign(new Error('write made no progress'), { code: 'EIO' })
    done += written
  }
}

/** Reads a range completely. @returns bytes read: less than `length` only at the end of the file */
export function readAllNow(
  file: OpenFile,
  into: Uint8Array,
  from: number,
  length: number,
  offsetBytes: number,
): number {
  let done = 0
  while (done < length) {
    const count = file.readNow(into, from + done, length - done, offsetBytes + done)
    if (count <= 0) break
    done += count
  }
  return done
}

/** The same without blocking. */
export async function readAll(
  file: OpenFile,
  into: Uint8Array,
  from: number,
  length: number,
  offsetBytes: number,
): Promise<number> {
  let done = 0
  while (done < length) {
    const count = await file.read(into, from + done, length - done, offsetBytes + done)
    if (count <= 0) break
    done += count
  }
  return done
}

/** A whole small file, blocking. */
export function readFileNow(files: FileSystem, path: string): Uint8Array {
  const file = files.open(path, 'read')
  try {
    const bytes = new Uint8Array(file.sizeBytes())
    const count = readAllNow(file, bytes, 0, bytes.length, 0)
    return bytes.subarray(0, count)
  } finally {
    file.close()
  }
}

/** Replaces a small file so that a crash leaves the old or the new content: tmp → sync → rename → sync directory. */
export function replaceFileNow(files: FileSystem, directory: string, name: string, bytes: Uint8Array): void {
  const temporary = `${directory}/tmp-${name}`
  files.removeNow(temporary)
  const file = files.open(temporary, 'create')
  try {
    writeAllNow(file, bytes, 0)
    file.syncNow()
  } finally {
    file.close()
  }
  files.rename(temporary, `${directory}/${name}`)
  files.syncDirectoryNow(directory)
}
