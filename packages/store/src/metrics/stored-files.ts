import type { TenantId } from '@vantage/model'
import type { PartRow } from './catalogue/protocol.ts'
import type { StoredView } from './view.ts'

/** The files that the catalogue has rows of, as this process sees them: changed right after each transaction. */
export class StoredFiles {
  /** Lowest log offset first. */
  #parts: readonly PartRow[] = []
  #version = 0
  #counter = 0

  get parts(): readonly PartRow[] {
    return this.#parts
  }

  partsOf(tenant: TenantId): PartRow[] {
    return this.#parts.filter((part) => part.tenant === tenant)
  }

  /** As readers of the tenant are told. */
  viewOf(tenant: TenantId): StoredView {
    return { parts: this.partsOf(tenant), version: this.#version }
  }

  setParts(parts: readonly PartRow[]): void {
    this.#parts = parts
    this.#version++
  }

  /** A number that no other file of this process has in its name. */
  nextNumber(): number {
    return ++this.#counter
  }
}
