import type { TenantId } from '@vantage/model'
import type { FileRow } from './catalogue/protocol.ts'
import type { Tombstone } from './deletions.ts'
import type { FileRef } from './files/file-reader.ts'
import type { StoredView } from './view.ts'

/** The files of one signal that the catalogue has rows of: changed right after each transaction. */
export class StoredFiles {
  #files: readonly FileRow[] = []
  #byTenant = new Map<TenantId, FileRow[]>()
  #version = 0
  readonly #expired: (file: FileRow) => readonly Tombstone[]

  /** @param expired tells which rows of a file are over */
  constructor(expired: (file: FileRow) => readonly Tombstone[]) {
    this.#expired = expired
  }

  /** Lowest log offset first. */
  get files(): readonly FileRow[] {
    return this.#files
  }

  tenants(): TenantId[] {
    return [...this.#byTenant.keys()]
  }

  of(tenant: TenantId): readonly FileRow[] {
    return this.#byTenant.get(tenant) ?? []
  }

  /** As readers of the tenant are told. */
  viewOf(tenant: TenantId): StoredView {
    return { version: this.#version, files: this.refsOf(this.of(tenant)) }
  }

  refsOf(files: readonly FileRow[]): readonly FileRef[] {
    return files.map((file) => {
      const { id, fileName, checksum, minTimeNs, maxTimeNs, deletedTo } = file
      const expired = this.#expired(file)
      const ref = { id, fileName, checksum, minTimeNs, maxTimeNs, deletedTo }
      return expired.length === 0 ? ref : { ...ref, expired }
    })
  }

  /** Readers are told of all files again: other rows may be over. */
  touch(): void {
    this.#version++
  }

  get version(): number {
    return this.#version
  }

  set(files: readonly FileRow[]): void {
    this.#files = files
    this.#byTenant = Map.groupBy(files, (file) => file.tenant)
    this.#version++
  }

  add(files: readonly FileRow[]): void {
    this.set([...this.#files, ...files])
  }

  /** @param file takes the place of the first that is removed */
  replace(removed: readonly FileRow[], file: FileRow | undefined): void {
    const [first] = removed
    this.set(
      this.#files.flatMap((one) => {
        if (one === first && file !== undefined) return [file]
        return removed.includes(one) ? [] : [one]
      }),
    )
  }
}
