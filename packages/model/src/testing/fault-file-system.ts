import type { FileSystem, OpenFile, OpenMode } from '../file-system.ts'
import { seededRandom } from './random.ts'

/** A device writes sectors whole; a torn write loses some of them. */
const SECTOR_BYTES = 512

interface PendingWrite {
  readonly kind: 'write' | 'truncate'
  readonly offsetBytes: number
  readonly bytes: Uint8Array
}

class Inode {
  /** What a reader sees now. */
  bytes = new Uint8Array(0)
  size = 0
  /** What the device holds for sure. */
  durable = new Uint8Array(0)
  /** Since the last sync, in order. */
  pending: PendingWrite[] = []

  write(bytes: Uint8Array, offsetBytes: number): PendingWrite {
    this.#grow(offsetBytes + bytes.length)
    this.bytes.set(bytes, offsetBytes)
    this.size = Math.max(this.size, offsetBytes + bytes.length)
    const change: PendingWrite = { kind: 'write', offsetBytes, bytes }
    this.pending.push(change)
    return change
  }

  truncate(sizeBytes: number): void {
    this.#grow(sizeBytes)
    if (sizeBytes < this.size) this.bytes.fill(0, sizeBytes, this.size)
    this.size = sizeBytes
    this.pending.push({ kind: 'truncate', offsetBytes: sizeBytes, bytes: new Uint8Array(0) })
  }

  /** Makes the first `count` pending changes durable: a sync promises nothing for writes that began after it. */
  sync(count = this.pending.length): void {
    if (count >= this.pending.length) {
      this.durable = this.bytes.slice(0, this.size)
      this.pending = []
      return
    }
    const device = new Inode()
    device.write(this.durable, 0)
    for (const change of this.pending.splice(0, count)) {
      if (change.kind === 'truncate') device.truncate(change.offsetBytes)
      else device.write(change.bytes, change.offsetBytes)
    }
    this.durable = device.bytes.slice(0, device.size)
  }

  /** Makes one write durable, and none that came before it. */
  syncWrite(change: PendingWrite): void {
    this.pending = this.pending.filter((one) => one !== change)
    const device = new Inode()
    device.write(this.durable, 0)
    device.write(change.bytes, change.offsetBytes)
    this.durable = device.bytes.slice(0, device.size)
  }

  /** One of the states the device may be in after power was lost. */
  afterPowerLoss(random: () => number): Inode {
    const survivor = new Inode()
    survivor.write(this.durable, 0)
    // Half of the cases keep or lose everything: the common ends; the rest decide sector by sector.
    const mode = random()
    for (const change of this.pending) {
      const keeps = mode < 0.2 || (mode >= 0.4 && random() < 0.7)
      if (change.kind === 'truncate') {
        if (keeps) survivor.truncate(change.offsetBytes)
        continue
      }
      applySectors(survivor, change, mode < 0.2 ? () => 0 : mode < 0.4 ? () => 1 : random)
    }
    survivor.sync()
    return survivor
  }

  #grow(sizeBytes: number): void {
    if (sizeBytes <= this.bytes.length) return
    const bytes = new Uint8Array(Math.max(sizeBytes, this.bytes.length * 2, 4096))
    bytes.set(this.bytes.subarray(0, this.size))
    this.bytes = bytes
  }
}

function applySectors(inode: Inode, change: PendingWrite, random: () => number): void {
  let from = 0
  while (from < change.bytes.length) {
    const at = change.offsetBytes + from
    const length = Math.min(SECTOR_BYTES - (at % SECTOR_BYTES), change.bytes.length - from)
    if (random() < 0.6) inode.write(change.bytes.subarray(from, from + length), at)
    from += length
  }
}

type NameChange =
  | { readonly kind: 'link'; readonly path: string; readonly inode: Inode }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'rename' | 'renameTree'; readonly from: string; readonly to: string }

export interface FaultPlan {
  /** Seed of every random choice. */
  readonly seed: number
  /** Bytes the device can hold; more is `ENOSPC` after as much as fits. */
  readonly capacityBytes?: number
  /** Chance that a write is cut short. */
  readonly shortWriteChance?: number
  /** The n-th sync from now fails (1 = the next); 0 = none. */
  readonly failSyncAt?: number
  /** True: writes and syncs take one turn of the event loop, as real ones do. */
  readonly isSlow?: boolean
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}

/**
 * A file system in memory that fails on purpose. `powerLoss()` returns one of the states a real device could be in:
 * unsynced writes kept, lost or torn by sectors; unsynced names kept as a prefix of their order.
 */
export class FaultFileSystem implements FileSystem {
  capacityBytes: number
  shortWriteChance: number
  failSyncAt: number
  isSlow: boolean
  syncCount = 0
  readonly random: () => number
  readonly #names = new Map<string, Inode>()
  readonly #directories = new Set<string>(['/'])
  readonly #locks = new Set<string>()
  #durableNames = new Map<string, Inode>()
  #pendingNames: NameChange[] = []
  #isDead = false

  constructor(plan: FaultPlan) {
    this.random = seededRandom(plan.seed)
    this.capacityBytes = plan.capacityBytes ?? Number.MAX_SAFE_INTEGER
    this.shortWriteChance = plan.shortWriteChance ?? 0
    this.failSyncAt = plan.failSyncAt ?? 0
    this.isSlow = plan.isSlow ?? false
  }

  /** The machine stops now; this object is dead, the returned one is the device after the restart. */
  powerLoss(seed: number): FaultFileSystem {
    const next = new FaultFileSystem({ seed })
    const random = seededRandom(seed)
    const names = new Map(this.#durableNames)
    const kept = Math.floor(random() * (this.#pendingNames.length + 1))
    for (let i = 0; i < kept; i++) applyNameChange(names, this.#pendingNames[i] as NameChange)
    const survivors = new Map<Inode, Inode>()
    for (const [path, inode] of names) {
      let survivor = survivors.get(inode)
      if (survivor === undefined) {
        survivor = inode.afterPowerLoss(random)
        survivors.set(inode, survivor)
      }
      next.#names.set(path, survivor)
    }
    for (const directory of this.#directories) next.#directories.add(directory)
    next.#durableNames = new Map(next.#names)
    this.#isDead = true
    return next
  }

  /** Kill −9: the process dies, the page cache stays. */
  killed(seed: number): FaultFileSystem {
    const next = new FaultFileSystem({ seed })
    for (const [path, inode] of this.#names) next.#names.set(path, inode)
    for (const directory of this.#directories) next.#directories.add(directory)
    next.#durableNames = this.#durableNames
    next.#pendingNames = this.#pendingNames
    this.#isDead = true
    return next
  }

  /** Direct access for tests that flip and cut bytes. */
  contentOf(path: string): Uint8Array {
    const inode = this.#inode(path)
    return inode.bytes.subarray(0, inode.size)
  }

  setContent(path: string, bytes: Uint8Array): void {
    const inode = this.#names.get(path) ?? new Inode()
    inode.truncate(0)
    inode.write(bytes, 0)
    inode.sync()
    this.#directories.add(parentOf(path))
    this.#names.set(path, inode)
    this.#durableNames.set(path, inode)
  }

  open(path: string, mode: OpenMode): OpenFile {
    this.#alive()
    let inode = this.#names.get(path)
    if (inode !== undefined && mode.startsWith('create')) throw failure('EEXIST', path)
    if (inode === undefined) {
      if (mode === 'read' || !this.#directories.has(parentOf(path))) throw failure('ENOENT', path)
      inode = new Inode()
      this.#names.set(path, inode)
      this.#pendingNames.push({ kind: 'link', path, inode })
    }
    return new FaultFile(this, inode, path, mode.endsWith('Synced'))
  }

  exists(path: string): boolean {
    return this.#names.has(path) || this.#directories.has(path)
  }

  list(directory: string): string[] {
    const names: string[] = []
    for (const path of [...this.#names.keys(), ...this.#directories]) {
      if (path !== '/' && parentOf(path) === directory)
        names.push(path.slice(directory === '/' ? 1 : directory.length + 1))
    }
    return names.sort()
  }

  makeDirectory(directory: string): void {
    this.#alive()
    for (let path = directory; path !== '/'; path = parentOf(path)) this.#directories.add(path)
  }

  rename(from: string, to: string): void {
    this.#alive()
    if (this.#directories.has(from)) {
      this.#renameTree(from, to)
      return
    }
    const inode = this.#inode(from)
    this.#names.delete(from)
    this.#names.set(to, inode)
    this.#pendingNames.push({ kind: 'rename', from, to })
  }

  link(from: string, to: string): void {
    this.#alive()
    if (this.#names.has(to)) throw failure('EEXIST', to)
    const inode = this.#inode(from)
    this.#names.set(to, inode)
    this.#pendingNames.push({ kind: 'link', path: to, inode })
  }

  removeNow(path: string): void {
    this.#alive()
    if (!this.#names.delete(path)) return
    this.#pendingNames.push({ kind: 'unlink', path })
  }

  async remove(path: string): Promise<void> {
    this.removeNow(path)
  }

  async removeTree(directory: string): Promise<void> {
    for (const path of [...this.#names.keys()]) if (path.startsWith(`${directory}/`)) this.removeNow(path)
    for (const path of [...this.#directories]) {
      if (path === directory || path.startsWith(`${directory}/`)) this.#directories.delete(path)
    }
  }

  syncDirectoryNow(directory: string): void {
    this.#alive()
    const rest: NameChange[] = []
    for (const change of this.#pendingNames) {
      const path = 'to' in change ? change.to : change.path
      if (parentOf(path) === directory) applyNameChange(this.#durableNames, change)
      else rest.push(change)
    }
    this.#pendingNames = rest
  }

  async syncDirectory(directory: string): Promise<void> {
    await this.turn()
    this.syncDirectoryNow(directory)
  }

  freeBytes(): number {
    let used = 0
    for (const inode of this.#names.values()) used += inode.size
    return Math.max(0, this.capacityBytes - used)
  }

  lock(path: string): (() => void) | undefined {
    if (this.#locks.has(path)) return undefined
    this.#locks.add(path)
    return () => this.#locks.delete(path)
  }

  /** A dead machine never answers: promises of its files stay open. */
  async turn(): Promise<void> {
    if (this.isSlow) await new Promise((resolve) => setImmediate(resolve))
    if (this.#isDead) await new Promise(() => {})
  }

  writeInto(inode: Inode, bytes: Uint8Array, offsetBytes: number, path: string): PendingWrite {
    this.#alive()
    let length = bytes.length
    if (length > 1 && this.random() < this.shortWriteChance) length = 1 + Math.floor(this.random() * (length - 1))
    const growth = Math.max(0, offsetBytes + length - inode.size)
    const free = this.freeBytes()
    if (growth > free) {
      length -= growth - free
      if (length <= 0) throw failure('ENOSPC', path)
    }
    return inode.write(bytes.slice(0, length), offsetBytes)
  }

  syncInode(inode: Inode, path: string, count: number): void {
    // As Linux does: the pages are marked clean although they never reached the device.
    this.#countSync(path, () => inode.pending.splice(0, count))
    inode.sync(count)
  }

  syncWrite(inode: Inode, path: string, change: PendingWrite): void {
    this.#countSync(path, () => inode.pending.splice(inode.pending.indexOf(change), 1))
    inode.syncWrite(change)
  }

  #countSync(path: string, lose: () => void): void {
    this.#alive()
    this.syncCount++
    if (this.failSyncAt === 0 || --this.failSyncAt > 0) return
    lose()
    throw failure('EIO', path)
  }

  #renameTree(from: string, to: string): void {
    for (const directory of [...this.#directories]) {
      if (directory !== from && !directory.startsWith(`${from}/`)) continue
      this.#directories.delete(directory)
      this.#directories.add(to + directory.slice(from.length))
    }
    renamePaths(this.#names, from, to)
    this.#pendingNames.push({ kind: 'renameTree', from, to })
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path)
    if (inode === undefined) throw failure('ENOENT', path)
    return inode
  }

  #alive(): void {
    if (this.#isDead) throw failure('EIO', 'machine is off')
  }
}

function applyNameChange(names: Map<string, Inode>, change: NameChange): void {
  if (change.kind === 'link') names.set(change.path, change.inode)
  else if (change.kind === 'unlink') names.delete(change.path)
  else if (change.kind === 'renameTree') renamePaths(names, change.from, change.to)
  else {
    const inode = names.get(change.from)
    if (inode === undefined) return
    names.delete(change.from)
    names.set(change.to, inode)
  }
}

function renamePaths(names: Map<string, Inode>, from: string, to: string): void {
  for (const [path, inode] of [...names]) {
    if (!path.startsWith(`${from}/`)) continue
    names.delete(path)
    names.set(to + path.slice(from.length), inode)
  }
}

class FaultFile implements OpenFile {
  readonly #files: FaultFileSystem
  readonly #inode: Inode
  readonly #path: string
  readonly #isSynced: boolean

  constructor(files: FaultFileSystem, inode: Inode, path: string, isSynced: boolean) {
    this.#files = files
    this.#inode = inode
    this.#path = path
    this.#isSynced = isSynced
  }

  writeNow(bytes: Uint8Array, from: number, length: number, offsetBytes: number): number {
    const change = this.#put(bytes, from, length, offsetBytes)
    if (this.#isSynced) this.#files.syncWrite(this.#inode, this.#path, change)
    return change.bytes.length
  }

  async write(bytes: Uint8Array, from: number, length: number, offsetBytes: number): Promise<number> {
    const change = this.#put(bytes, from, length, offsetBytes)
    await this.#files.turn()
    if (this.#isSynced) this.#files.syncWrite(this.#inode, this.#path, change)
    return change.bytes.length
  }

  #put(bytes: Uint8Array, from: number, length: number, offsetBytes: number): PendingWrite {
    return this.#files.writeInto(this.#inode, bytes.subarray(from, from + length), offsetBytes, this.#path)
  }

  readNow(into: Uint8Array, from: number, length: number, offsetBytes: number): number {
    const count = Math.max(0, Math.min(length, this.#inode.size - offsetBytes))
    into.set(this.#inode.bytes.subarray(offsetBytes, offsetBytes + count), from)
    return count
  }

  async read(into: Uint8Array, from: number, length: number, offsetBytes: number): Promise<number> {
    return this.readNow(into, from, length, offsetBytes)
  }

  syncNow(): void {
    this.#files.syncInode(this.#inode, this.#path, this.#inode.pending.length)
  }

  async sync(): Promise<void> {
    const count = this.#inode.pending.length
    await this.#files.turn()
    this.#files.syncInode(this.#inode, this.#path, count)
  }

  truncate(sizeBytes: number): void {
    this.#inode.truncate(sizeBytes)
  }

  sizeBytes(): number {
    return this.#inode.size
  }

  close(): void {}
}
